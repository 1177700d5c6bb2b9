//! OpenRouteService's optimizer.

use adapters::route_provider::remote::RemotePlanner as _;
use app::ports::{FallbackReason, UnplacedOrder};
use domain::StopKind::{Dropoff, Pickup};
use domain::UnplacedReason;
use planner::Order;
use serde_json::{Value, json};

use crate::problems::{self, SHIBUYA, SHINJUKU, TOKYO, UENO};
use crate::server::{Reply, Server};
use crate::{ors, soon, stops, way};

fn step(kind: &str, id: usize, arrival: i64, duration: i64, distance: u32) -> Value {
    json!({
        "type": kind, "id": id, "location": [139.7, 35.6], "arrival": arrival, "duration": duration,
        "distance": distance, "setup": 0, "service": 120, "waiting_time": 0, "load": [1],
        "violations": [],
    })
}

fn edge(kind: &str, arrival: i64, duration: i64, distance: u32) -> Value {
    json!({
        "type": kind, "location": [139.7, 35.6], "arrival": arrival, "duration": duration,
        "distance": distance, "setup": 0, "service": 0, "waiting_time": 0, "load": [0],
        "violations": [],
    })
}

/// A plan for [`problems::everything`].
fn plan() -> Value {
    let free = problems::second_is_free_at();
    json!({
        "code": 0,
        "summary": {"cost": 5_800, "routes": 2, "unassigned": 0},
        "unassigned": [],
        "routes": [
            {
                "vehicle": 0, "cost": 4_500, "geometry": way(&[TOKYO, SHINJUKU, SHIBUYA, TOKYO]),
                "steps": [
                    edge("start", 0, 0, 0),
                    step("pickup", 1, 1_200, 1_200, 8_000),
                    step("job", 0, 1_920, 1_800, 12_000),
                    step("pickup", 3, 3_040, 2_800, 20_000),
                    step("delivery", 1, 3_960, 3_600, 24_000),
                    step("delivery", 3, 4_980, 4_500, 33_000),
                    edge("end", 5_100, 4_500, 33_000),
                ],
            },
            {
                "vehicle": 1, "cost": 1_300, "geometry": way(&[SHIBUYA, TOKYO]),
                "steps": [
                    edge("start", free, 0, 0),
                    step("job", 2, free + 1_300, 1_300, 9_000),
                    edge("end", free + 1_420, 1_300, 9_000),
                ],
            },
        ],
    })
}

#[tokio::test]
async fn a_problem_is_asked_in_vrooms_words() {
    let server = Server::always(Reply::Json(200, plan()));
    let answer = ors(format!("{}/", server.url()))
        .plan(&problems::everything(), soon())
        .await;
    answer.unwrap();

    let [asked] = &server.asked()[..] else {
        panic!("one call");
    };
    assert_eq!(asked.path, "/optimization");
    assert_eq!(asked.authorization.as_deref(), Some("an-ors-key"));
    let (tokyo, shibuya) = (json!([139.7671, 35.6812]), json!([139.7016, 35.658]));
    let (shinjuku, ueno) = (json!([139.7006, 35.6896]), json!([139.7774, 35.7141]));
    let never = 31 * 24 * 3_600;
    assert_eq!(
        asked.json(),
        json!({
            "jobs": [
                {
                    "id": 0, "location": shibuya, "service": 120, "time_windows": [[0, 5_400]],
                    "delivery": [2], "skills": [1], "priority": 100,
                },
                {
                    "id": 2, "location": tokyo, "service": 120,
                    "delivery": [1], "skills": [2], "priority": 100,
                },
            ],
            "shipments": [
                {
                    "amount": [1], "skills": [1], "priority": 100,
                    "pickup": {"id": 1, "location": shinjuku, "service": 120, "time_windows": [[0, never]]},
                    "delivery": {"id": 1, "location": ueno, "service": 120, "time_windows": [[0, 7_200]]},
                },
                {
                    "amount": [1],
                    "pickup": {"id": 3, "location": tokyo, "service": 120, "time_windows": [[900, 7_200]]},
                    "delivery": {"id": 3, "location": shinjuku, "service": 120, "time_windows": [[900, 10_800]]},
                },
            ],
            "vehicles": [
                {
                    "id": 0, "profile": "driving-car", "start": tokyo, "capacity": [4], "skills": [1],
                    "time_window": [0, 28_800],
                },
                {
                    "id": 1, "profile": "driving-car", "start": shibuya, "capacity": [4], "skills": [2],
                    "time_window": [problems::second_is_free_at(), 28_800], "max_tasks": 1,
                },
            ],
            "options": {"g": true},
        })
    );
}

#[tokio::test]
async fn its_plan_is_taken_with_its_own_legs_and_ways() {
    let server = Server::always(Reply::Json(200, plan()));
    let answer = ors(server.url())
        .plan(&problems::everything(), soon())
        .await;
    let answer = answer.unwrap();

    assert_eq!(answer.provider, "ors");
    let [first, second] = &answer.routes[..] else {
        panic!("two drive: {answer:?}");
    };
    assert_eq!(
        stops(first),
        [
            (1, Pickup, 1_200),
            (0, Dropoff, 1_920),
            (3, Pickup, 3_040),
            (1, Dropoff, 3_960),
            (3, Dropoff, 4_980),
        ]
    );
    let legs: Vec<(u32, u32)> = first
        .visits
        .iter()
        .map(|visit| (visit.duration_s, visit.distance_m))
        .collect();
    let expected = [
        (1_200, 8_000),
        (600, 4_000),
        (1_000, 8_000),
        (800, 4_000),
        (900, 9_000),
    ];
    assert_eq!(legs, expected);
    assert_eq!(
        first.geometry,
        Some(way(&[TOKYO, SHINJUKU, SHIBUYA, TOKYO]))
    );

    // The way to the fixed next stop, which was not asked about, comes first.
    let free = problems::second_is_free_at();
    assert_eq!(
        stops(second),
        [(2, Pickup, free - 120), (2, Dropoff, free + 1_300)]
    );
    assert_eq!(second.geometry, Some(way(&[UENO, SHIBUYA, TOKYO])));
    let too_late = UnplacedOrder {
        order: 4,
        reason: UnplacedReason::OutsideTimeWindows,
    };
    assert_eq!(answer.unplaced, [too_late]);
}

#[tokio::test]
async fn a_shipment_that_is_left_over_is_named_twice() {
    let left_over = json!({
        "code": 0, "routes": [],
        "unassigned": [
            {"id": 0, "type": "pickup", "location": [-118.4912, 34.0195]},
            {"id": 0, "type": "delivery", "location": [-118.2437, 34.0522]},
        ],
    });
    let server = Server::always(Reply::Json(200, left_over));
    let mut request = problems::one_order(None);
    let answer = ors(server.url()).plan(&request, soon()).await.unwrap();
    assert_eq!(answer.unplaced.len(), 1);
    assert_eq!(
        server.asked()[0].json()["shipments"][0]["pickup"]["location"],
        json!([-118.4912, 34.0195])
    );

    request.orders[0].size = 9;
    let answer = ors(server.url()).plan(&request, soon()).await.unwrap();
    assert_eq!(answer.unplaced[0].reason, UnplacedReason::OverCapacity);

    // Of an order on a route that cannot be said.
    request.orders[0] = Order {
        committed: true,
        pinned_to: Some(0),
        size: 1,
        ..request.orders[0].clone()
    };
    let refused = ors(server.url()).plan(&request, soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::Unsupported);
}

#[tokio::test]
async fn what_the_format_cannot_say_is_not_asked() {
    let server = Server::always(Reply::Json(200, plan()));
    let unsupported = async |change: fn(&mut app::ports::PlanRequest)| {
        let mut request = problems::everything();
        change(&mut request);
        let refused = ors(server.url()).plan(&request, soon()).await.unwrap_err();
        assert_eq!(refused.reason, FallbackReason::Unsupported, "{refused:?}");
        refused.detail
    };
    let overtime = unsupported(|request| request.vehicles[0].shift.end_s = -1).await;
    assert!(overtime.contains("vehicle 0 works overtime"), "{overtime}");
    let overloaded = unsupported(|request| request.vehicles[0].capacity = 1).await;
    assert!(
        overloaded.contains("vehicle 0 is overloaded"),
        "{overloaded}"
    );
    let too_large = unsupported(|request| request.orders[1].size = 5).await;
    assert!(too_large.contains("order 1 overloads"), "{too_large}");
    let has_to_go = unsupported(|request| {
        request.orders[1].pinned_to = None;
        request.orders[1].current_vehicle = Some(0);
        request.orders[1].allowed_vehicles = Some(vec![1]);
    })
    .await;
    assert!(
        has_to_go.contains("order 1 has to leave its vehicle"),
        "{has_to_go}"
    );
    let rests = unsupported(|request| {
        request.vehicles[1].breaks = vec![planner::Break {
            window: planner::Window {
                earliest_s: 1,
                latest_s: 60,
            },
            duration_s: 60,
        }];
    })
    .await;
    assert!(rests.contains("vehicle 1 rests before"), "{rests}");
    let nowhere = unsupported(|request| request.orders[3].dropoff.point = 99).await;
    assert!(nowhere.contains("no place 99"), "{nowhere}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn the_vehicles_that_an_order_allows_are_skills() {
    let server = Server::always(Reply::Json(200, json!({"code": 0, "routes": []})));
    // Nothing is planned, so the answer names no order and is refused.
    let refused = ors(server.url())
        .plan(&problems::allowed_vehicles(), soon())
        .await
        .unwrap_err();
    assert_eq!(refused.reason, FallbackReason::MissingOrder);
    let asked = server.asked()[0].json();
    let skills = |list: &str| -> Vec<Value> {
        let list = asked[list].as_array().unwrap().iter();
        list.map(|it| it.get("skills").cloned().unwrap_or_default())
            .collect()
    };
    assert_eq!(
        skills("vehicles"),
        [json!([1, 4]), json!([2, 4, 5]), json!([3, 5])]
    );
    // The order that nobody may take is not asked about.
    assert_eq!(skills("shipments"), [json!([4]), json!([5]), json!(null)]);
}

#[tokio::test]
async fn a_plan_with_an_order_on_a_vehicle_that_may_not_serve_it_is_refused() {
    let mut request = problems::one_order(None);
    request.vehicles.push(request.vehicles[0].clone());
    request.orders[0].allowed_vehicles = Some(vec![1]);
    let on = |vehicle: usize| {
        Server::always(Reply::Json(
            200,
            json!({
                "code": 0,
                "routes": [{"vehicle": vehicle, "steps": [
                    edge("start", 0, 0, 0),
                    step("pickup", 0, 600, 600, 5_000),
                    step("delivery", 0, 1_320, 1_200, 10_000),
                    edge("end", 1_440, 1_200, 10_000),
                ]}],
            }),
        ))
    };
    let wrong = on(0);
    let refused = ors(wrong.url()).plan(&request, soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::BrokenPlan);
    assert!(refused.detail.contains("may not serve it"), "{refused:?}");
    let right = on(1);
    let answer = ors(right.url()).plan(&request, soon()).await.unwrap();
    assert_eq!(answer.routes[0].vehicle, 1);
}

#[tokio::test]
async fn a_break_interrupts_a_leg() {
    let pause = |arrival: i64, duration: i64, service: i64| {
        json!({
            "type": "break", "id": 1, "arrival": arrival, "duration": duration, "setup": 0, "service": service,
            "waiting_time": 0, "load": [1], "violations": [],
        })
    };
    let answer = json!({
        "code": 0,
        "routes": [{"vehicle": 0, "steps": [
            edge("start", 0, 0, 0),
            pause(0, 0, 900),
            step("pickup", 0, 1_000, 100, 1_000),
            pause(1_120, 100, 1_800),
            step("delivery", 0, 3_520, 700, 7_000),
            edge("end", 3_640, 700, 7_000),
        ]}],
    });
    let server = Server::always(Reply::Json(200, answer));
    let answer = ors(server.url()).plan(&problems::resting(), soon()).await;
    let answer = answer.unwrap();
    let legs: Vec<u32> = answer.routes[0]
        .visits
        .iter()
        .map(|visit| visit.duration_s)
        .collect();
    assert_eq!(legs, [100, 600]);
    // The planner's rule gives the times: 900 s of rest, 100 s of driving, 120 s of service. The break at 1,000 s
    // comes first, since the vehicle would arrive at this very moment.
    assert_eq!(
        stops(&answer.routes[0]),
        [(0, Pickup, 2_800), (0, Dropoff, 3_520)]
    );
    assert_eq!(
        server.asked()[0].json()["vehicles"][0]["breaks"],
        json!([
            {"id": 0, "time_windows": [[0, 0]], "service": 900},
            {"id": 1, "time_windows": [[1_000, 1_000]], "service": 1_800},
        ])
    );
}

#[tokio::test]
async fn an_order_that_nobody_may_take_is_left_over_for_its_skills() {
    let server = Server::always(Reply::Json(200, json!({"code": 0, "routes": []})));
    let mut request = problems::one_order(None);
    request.orders[0].allowed_vehicles = Some(Vec::new());
    let answer = ors(server.url()).plan(&request, soon()).await.unwrap();
    assert_eq!(
        answer.unplaced,
        [UnplacedOrder {
            order: 0,
            reason: UnplacedReason::NoAgentWithSkills
        }]
    );
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_limit_of_the_account_is_kept() {
    let server = Server::always(Reply::Json(200, plan()));
    let refused = async |request| ors(server.url()).plan(&request, soon()).await.unwrap_err();
    let mut request = problems::one_order(None);
    request.orders = vec![request.orders[0].clone(); 26];
    let too_many_orders = refused(request.clone()).await;
    assert_eq!(too_many_orders.reason, FallbackReason::TooLarge);
    request.orders.truncate(25);
    request.vehicles = vec![request.vehicles[0].clone(); 4];
    let too_many_vehicles = refused(request.clone()).await;
    assert_eq!(too_many_vehicles.reason, FallbackReason::TooLarge);
    assert!(server.asked().is_empty());

    request.vehicles.truncate(3);
    // Asked, though what is answered here does not fit.
    refused(request).await;
    assert_eq!(server.asked().len(), 1);
}
