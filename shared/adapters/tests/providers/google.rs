//! Google's optimizer.

use adapters::route_provider::remote::RemotePlanner as _;
use app::ports::FallbackReason;
use domain::StopKind::{Dropoff, Pickup};
use serde_json::{Value, json};

use crate::problems::{self, SHIBUYA, SHINJUKU, TOKYO, UENO};
use crate::server::{Asked, Reply, Server};
use crate::{account, google, google_as, soon, stops, way};

/// A server that gives tokens out, and answers the rest with this.
pub fn answering(reply: Reply) -> Server {
    Server::that(move |asked, _| token(asked).unwrap_or_else(|| reply.clone()))
}

/// A token, if one is asked for.
pub fn token(asked: &Asked) -> Option<Reply> {
    let token = json!({"access_token": "a-token", "expires_in": 3_599, "token_type": "Bearer"});
    (asked.path == "/token").then_some(Reply::Json(200, token))
}

fn transition(seconds: u32, metres: u32) -> Value {
    json!({"travelDuration": format!("{seconds}s"), "travelDistanceMeters": metres})
}

/// A plan for [`problems::everything`]. What is zero or false is left out, as Google does.
fn plan() -> Value {
    let end = json!({"totalDuration": "0s"});
    json!({
        "routes": [
            {
                "vehicleLabel": "vehicle 0",
                "vehicleStartTime": "2030-05-06T08:00:00Z",
                "visits": [
                    {"shipmentIndex": 1, "isPickup": true, "shipmentLabel": "order 1"},
                    {"shipmentLabel": "order 0"},
                    {"shipmentIndex": 3, "isPickup": true, "shipmentLabel": "order 3"},
                    {"shipmentIndex": 1, "shipmentLabel": "order 1"},
                    {"shipmentIndex": 3, "shipmentLabel": "order 3"},
                ],
                "transitions": [
                    transition(1_200, 8_000),
                    transition(600, 4_000),
                    transition(1_000, 8_000),
                    transition(800, 4_000),
                    transition(900, 9_000),
                    end,
                ],
                "routePolyline": {"points": way(&[TOKYO, SHINJUKU, SHIBUYA, TOKYO])},
            },
            {
                "vehicleIndex": 1,
                "vehicleLabel": "vehicle 1",
                "visits": [{"shipmentIndex": 2, "shipmentLabel": "order 2"}],
                "transitions": [transition(1_300, 9_000), end],
                "routePolyline": {"points": way(&[SHIBUYA, TOKYO])},
            },
        ],
        "metrics": {"aggregatedRouteMetrics": {"performedShipmentCount": 4}, "totalCost": 1.6},
    })
}

#[tokio::test]
async fn tokens_are_asked_for_over_tls_alone() {
    let account = account::of_a_service("http://tokens.example");
    let planner = google_as(&account, "http://127.0.0.1:1", false);
    let refused = planner.plan(&problems::one_order(None), soon()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::Unauthorized);
    assert!(refused.detail.contains("https"), "{}", refused.detail);
}

#[tokio::test]
async fn a_problem_is_asked_in_googles_words() {
    let server = answering(Reply::Json(200, plan()));
    let planner = google(&server.url(), true);
    for _ in 0..2 {
        let answer = planner.plan(&problems::everything(), soon()).await;
        answer.unwrap();
    }

    let [token, asked, again] = &server.asked()[..] else {
        panic!("one token for two calls");
    };
    assert_eq!(token.path, "/token");
    let claims = account::claims(&token.body);
    assert_eq!(
        claims["iss"],
        "planner@waybill-test.iam.gserviceaccount.com"
    );
    assert_eq!(claims["aud"], format!("{}/token", server.url()));
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
    assert_eq!(asked.path, "/v1/projects/waybill-test:optimizeTours");
    assert_eq!(asked.authorization.as_deref(), Some("Bearer a-token"));
    assert_eq!(asked.body, again.body);

    let place =
        |latitude: f64, longitude: f64| json!({"latitude": latitude, "longitude": longitude});
    let (tokyo, shibuya) = (place(35.6812, 139.7671), place(35.658, 139.7016));
    let (shinjuku, ueno) = (place(35.6896, 139.7006), place(35.7141, 139.7774));
    let late = |start: &str, end: &str| {
        json!([{
            "startTime": start, "softEndTime": end, "costPerHourAfterSoftEndTime": 50.0
        }])
    };
    let start = "2030-05-06T08:00:00Z";
    let free = problems::second_is_free_at();
    let free_at = testkit::at(start) + jiff::SignedDuration::from_secs(free);
    assert_eq!(
        asked.json(),
        json!({
            "timeout": "1s",
            "considerRoadTraffic": true,
            "populatePolylines": true,
            "model": {
                "globalStartTime": start,
                "globalEndTime": "2030-05-07T16:00:00Z",
                "shipments": [
                    {
                        "label": "order 0",
                        "deliveries": [{
                            "arrivalLocation": shibuya, "duration": "120s",
                            "timeWindows": late(start, "2030-05-06T09:30:00Z"),
                        }],
                        "loadDemands": {"size": {"amount": "2"}},
                        "allowedVehicleIndices": [0],
                        "penaltyCost": 1_000_000.0,
                    },
                    {
                        "label": "order 1",
                        "pickups": [{
                            "arrivalLocation": shinjuku, "duration": "120s",
                            "timeWindows": late(start, start),
                            "loadDemands": {"orders": {"amount": "1"}},
                        }],
                        "deliveries": [{
                            "arrivalLocation": ueno, "duration": "120s",
                            "timeWindows": late(start, "2030-05-06T10:00:00Z"),
                        }],
                        "loadDemands": {"size": {"amount": "1"}},
                        "allowedVehicleIndices": [0],
                        "penaltyCost": 1_000_000.0,
                    },
                    {
                        "label": "order 2",
                        "deliveries": [{"arrivalLocation": tokyo, "duration": "120s"}],
                        "loadDemands": {"size": {"amount": "1"}},
                        "allowedVehicleIndices": [1],
                        "penaltyCost": 1_000_000.0,
                    },
                    {
                        "label": "order 3",
                        "pickups": [{
                            "arrivalLocation": tokyo, "duration": "120s",
                            "timeWindows": [{"startTime": "2030-05-06T08:15:00Z", "endTime": "2030-05-06T10:00:00Z"}],
                            "loadDemands": {"orders": {"amount": "1"}},
                        }],
                        "deliveries": [{
                            "arrivalLocation": shinjuku, "duration": "120s",
                            "timeWindows": [{"startTime": "2030-05-06T08:15:00Z", "endTime": "2030-05-06T11:00:00Z"}],
                        }],
                        "loadDemands": {"size": {"amount": "1"}},
                        "penaltyCost": 1_000.0,
                    },
                ],
                "vehicles": [
                    {
                        "label": "vehicle 0",
                        "startLocation": tokyo,
                        "startTimeWindows": [{"startTime": start}],
                        "endTimeWindows": [{"endTime": "2030-05-06T16:00:00Z"}],
                        "loadLimits": {"size": {"maxLoad": "4"}},
                        "costPerTraveledHour": 1.0,
                    },
                    {
                        "label": "vehicle 1",
                        "startLocation": shibuya,
                        "startTimeWindows": [{"startTime": format!("{free_at:.0}")}],
                        "endTimeWindows": [{"endTime": "2030-05-06T16:00:00Z"}],
                        "loadLimits": {"size": {"maxLoad": "4"}, "orders": {"maxLoad": "0"}},
                        "costPerTraveledHour": 1.0,
                    },
                ],
            },
        })
    );
}

#[tokio::test]
async fn its_plan_is_taken_though_what_is_zero_is_left_out() {
    let server = answering(Reply::Json(200, plan()));
    let answer = google(&server.url(), false)
        .plan(&problems::everything(), soon())
        .await;
    let answer = answer.unwrap();
    assert_eq!(answer.provider, "google");
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
    assert_eq!(
        (first.visits[4].duration_s, first.visits[4].distance_m),
        (900, 9_000)
    );
    assert_eq!(
        first.geometry,
        Some(way(&[TOKYO, SHINJUKU, SHIBUYA, TOKYO]))
    );
    let free = problems::second_is_free_at();
    assert_eq!(
        stops(second),
        [(2, Pickup, free - 120), (2, Dropoff, free + 1_300)]
    );
    assert_eq!(second.geometry, Some(way(&[UENO, SHIBUYA, TOKYO])));
    let unplaced: Vec<usize> = answer.unplaced.iter().map(|it| it.order).collect();
    assert_eq!(unplaced, [4]);
    let asked = server.asked();
    assert!(
        asked[1].json().get("considerRoadTraffic").is_none(),
        "traffic costs more"
    );
}

#[tokio::test]
async fn the_vehicles_that_an_order_allows_are_named_by_their_place() {
    let server = answering(Reply::Json(200, json!({})));
    let mut request = problems::allowed_vehicles();
    // The first vehicle is off duty and not among those that are sent.
    request.vehicles[0].shift.end_s = -60;
    let refused = google(&server.url(), false).plan(&request, soon()).await;
    assert_eq!(refused.unwrap_err().reason, FallbackReason::MissingOrder);
    let asked = server.asked()[1].json();
    let allowed: Vec<Value> = asked["model"]["shipments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["allowedVehicleIndices"].clone())
        .collect();
    assert_eq!(allowed, [json!([0]), json!([0, 1]), json!(null)]);
}

#[tokio::test]
async fn breaks_are_requests_that_begin_when_they_are_due() {
    let server = answering(Reply::Json(200, json!({})));
    let refused = google(&server.url(), false)
        .plan(&problems::resting(), soon())
        .await;
    assert_eq!(refused.unwrap_err().reason, FallbackReason::MissingOrder);
    let asked = server.asked()[1].json();
    let request = |begin: &str, length: &str| {
        let begin = json!(begin);
        json!({"earliestStartTime": begin, "latestStartTime": begin, "minDuration": length})
    };
    assert_eq!(
        asked["model"]["vehicles"][0]["breakRule"],
        json!({"breakRequests": [
            request("2030-05-06T08:00:00Z", "900s"),
            request("2030-05-06T08:16:40Z", "1800s"),
        ]})
    );
}

#[tokio::test]
async fn the_first_shipment_is_skipped_by_its_label_alone() {
    let reason = json!({"code": "CANNOT_BE_PERFORMED_WITHIN_VEHICLE_TIME_WINDOWS"});
    let skipped = json!({"skippedShipments": [{"label": "order 0", "reasons": [reason]}]});
    let server = answering(Reply::Json(200, skipped));
    let answer = google(&server.url(), false)
        .plan(&problems::one_order(None), soon())
        .await;
    assert_eq!(answer.unwrap().unplaced.len(), 1);
}

#[tokio::test]
async fn an_index_without_its_label_is_not_believed() {
    let mut swapped = plan();
    swapped["routes"][0]["vehicleLabel"] = json!("vehicle 1");
    let server = answering(Reply::Json(200, swapped));
    let refused = google(&server.url(), false)
        .plan(&problems::everything(), soon())
        .await;
    assert_eq!(refused.unwrap_err().reason, FallbackReason::Unreadable);
}

#[tokio::test]
async fn without_a_token_nothing_is_asked() {
    let server = Server::that(|asked, _| match token(asked) {
        Some(_) => Reply::Json(400, json!({"error": "invalid_grant"})),
        None => Reply::Json(200, plan()),
    });
    let refused = google(&server.url(), false)
        .plan(&problems::everything(), soon())
        .await;
    assert_eq!(refused.unwrap_err().reason, FallbackReason::Unauthorized);
    assert!(server.asked().iter().all(|asked| asked.path == "/token"));
}
