//! The taps of an app that was offline: late, in any sequence, and repeated.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use app::messages::{Wake, WakeCause};
use domain::{OrderId, OrderStatus, StopStatus, Timestamp};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::build::{at, user_id};
use testkit::{a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const BEGIN: &str = "2030-05-06T08:00:00Z";

/// A world in which the orders are on Berta's route, since eight o'clock.
async fn on_route(orders: u64) -> World {
    let placed = (1..=orders).map(|number| an_order(number).build());
    let berta = an_agent(BERTA).on_duty().build();
    let world = World::with([a_customer(1).build(), berta], placed);
    let wake = Wake {
        zone: world.store.all_orders()[0].zone.unwrap(),
        cause: WakeCause::OrderPending,
        order_id: None,
        agent_id: None,
    };
    world.wakes_again(&[wake]).await;
    world.settle().await;
    world
}

async fn tap(world: &World, order: OrderId, body: &Value) -> Result<Value, Refusal> {
    let change = world.change_status();
    let answer = change.run(&agent(BERTA), &order.to_string(), body).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

/// What an agent did with an order at the minutes of the hour.
#[derive(Debug, Clone)]
enum Deed {
    Delivered(u8, u8),
    Failed(u8, u8),
    /// At the pickup.
    NotThere(u8),
    /// Only the pickup was made.
    Aboard(u8),
}

impl Deed {
    fn taps(&self, number: usize) -> Vec<Value> {
        let steps = match *self {
            Self::Delivered(first, then) => vec![("in_progress", first), ("delivered", then)],
            Self::Failed(first, then) => vec![("in_progress", first), ("failed", then)],
            Self::NotThere(minute) => vec![("failed", minute)],
            Self::Aboard(minute) => vec![("in_progress", minute)],
        };
        let tap = |(status, minute): (&str, u8)| {
            json!({
                "status": status,
                "reason": (status == "failed").then_some("nobody was in"),
                "tap_id": format!("tap-{number:03}-{status}"),
                // Each order has seconds of its own: the agent is at one place at a time.
                "occurred_at": format!("2030-05-06T08:{minute:02}:{number:02}Z"),
                "location": {"lat": 41.4, "lon": 2.17},
            })
        };
        steps.into_iter().map(tap).collect()
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let two = || (1..30_u8, 30..59_u8);
    prop_oneof![
        two().prop_map(|(first, then)| Deed::Delivered(first, then)),
        two().prop_map(|(first, then)| Deed::Failed(first, then)),
        (1..59_u8).prop_map(Deed::NotThere),
        (1..59_u8).prop_map(Deed::Aboard),
    ]
}

/// All that people see of the day, without the times at which the taps came.
fn seen(world: &World) -> Vec<String> {
    let mut seen = Vec::new();
    let mut orders = world.store.all_orders();
    orders.sort_by_key(|order| order.id);
    for order in orders {
        let line = |it: &domain::HistoryLine| {
            let tap = it.tap.as_ref();
            let tap = tap.map(|tap| (tap.tap_id.clone(), tap.location));
            format!(
                "{} {} {:?} {:?} {tap:?}",
                it.status, it.at, it.by, it.reason
            )
        };
        let lines: Vec<String> = order.history.iter().map(line).collect();
        seen.push(format!("{} {} {lines:#?}", order.id, order.status));
    }
    for route in world.store.all_routes() {
        seen.push(format!("{} {:?}", route.status, route.position()));
        for stop in &route.stops {
            let made = (stop.status, stop.done_at);
            seen.push(format!("{:?} {made:?}", stop.visit()));
        }
    }
    for user in world.store.all_users() {
        if let Some(profile) = user.agent {
            seen.push(format!(
                "{:?} {:?}",
                profile.open_route_id, profile.position
            ));
        }
    }
    seen
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// A day after these taps, an hour later.
async fn day_after(orders: u64, taps: &[(OrderId, Value)]) -> Vec<String> {
    let world = on_route(orders).await;
    world.clock.advance(SignedDuration::from_hours(1));
    for (order, body) in taps {
        tap(&world, *order, body).await.unwrap();
        world.assert_consistent();
    }
    seen(&world)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn taps_in_any_sequence_and_repeated_lead_to_the_same_day(
        (deeds, shuffled) in prop::collection::vec(deed(), 1..5).prop_flat_map(|deeds| {
            let taps: Vec<(usize, usize)> = deeds
                .iter()
                .enumerate()
                .flat_map(|(number, deed)| (0..deed.taps(number).len()).map(move |tap| (number, tap)))
                .collect();
            // Every tap comes once or twice.
            let twice: Vec<_> = taps.iter().chain(&taps).copied().collect();
            (Just(deeds), Just(twice).prop_shuffle())
        })
    ) {
        let taps: Vec<Vec<Value>> = deeds.iter().enumerate().map(|(n, deed)| deed.taps(n)).collect();
        let id = |number: usize| an_order(number as u64 + 1).build().id;
        let mut in_time: Vec<(OrderId, Value)> = Vec::new();
        for (number, of_order) in taps.iter().enumerate() {
            in_time.extend(of_order.iter().map(|tap| (id(number), tap.clone())));
        }
        in_time.sort_by_key(|(_, tap)| tap["occurred_at"].as_str().unwrap().to_owned());
        let mixed: Vec<(OrderId, Value)> = shuffled
            .into_iter()
            .map(|(number, tap)| (id(number), taps[number][tap].clone()))
            .collect();
        let orders = deeds.len() as u64;
        let expected = run(day_after(orders, &in_time));
        prop_assert_eq!(run(day_after(orders, &mixed)), expected);
    }
}

#[tokio::test]
async fn the_history_tells_when_it_happened_and_the_route_is_timed_from_there() {
    let world = on_route(2).await;
    let id = an_order(1).build().id;
    world.clock.advance(SignedDuration::from_hours(1));
    let body = json!({"status": "delivered", "occurred_at": "2030-05-06T08:40:00Z", "tap_id": "tap-delivered"});
    let told = tap(&world, id, &body).await.unwrap();
    let line = told["history"].as_array().unwrap().last().unwrap();
    assert_eq!(line["at"], "2030-05-06T08:40:00Z");
    assert_eq!(line["tap"]["reported_at"], "2030-05-06T09:00:00Z");
    let late = json!({"status": "in_progress", "occurred_at": "2030-05-06T08:20:00Z", "tap_id": "tap-pickup"});
    tap(&world, id, &late).await.unwrap();
    let order = world.order(id);
    let lines: Vec<_> = order.history.iter().map(|it| (it.status, it.at)).collect();
    assert_eq!(
        lines[2..],
        [
            (OrderStatus::InProgress, at("2030-05-06T08:20:00Z")),
            (OrderStatus::Delivered, at("2030-05-06T08:40:00Z")),
        ]
    );
    let route = world.only_route();
    let made: Vec<Timestamp> = route.stops.iter().filter_map(|stop| stop.done_at).collect();
    assert_eq!(
        made,
        [at("2030-05-06T08:20:00Z"), at("2030-05-06T08:40:00Z")]
    );
    assert_eq!(route.departure().at, at("2030-05-06T08:40:00Z"));

    // The customer learns when it happened, and not where the agent stood or when the app was online.
    let shown = world
        .show_order()
        .run(&customer(1), &id.to_string())
        .await
        .unwrap();
    let shown = serde_json::to_value(shown).unwrap();
    assert!(
        shown["history"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it.get("tap").is_none())
    );
}

#[tokio::test]
async fn a_tap_that_comes_again_gets_the_same_answer_whatever_has_happened_since() {
    let world = on_route(1).await;
    let id = an_order(1).build().id;
    let body = json!({"status": "in_progress", "tap_id": "tap-pickup", "occurred_at": BEGIN});
    tap(&world, id, &body).await.unwrap();
    world.set_status(&dispatcher(), id, "failed").await.unwrap();
    let before = world.order(id);
    assert_eq!(tap(&world, id, &body).await.unwrap()["status"], "failed");
    assert_eq!(world.order(id), before);
    // Without the id, it is a step that is not allowed.
    let without = json!({"status": "in_progress"});
    assert!(matches!(
        tap(&world, id, &without).await,
        Err(Refusal::StepNotAllowed { .. })
    ));
    // An id belongs to one tap.
    let other = json!({"status": "delivered", "tap_id": "tap-pickup"});
    assert!(matches!(
        tap(&world, id, &other).await,
        Err(Refusal::Invalid(_))
    ));
    assert_eq!(world.order(id), before);
}

#[tokio::test]
async fn a_clock_that_is_wrong_puts_no_step_before_the_step_before_it() {
    let world = on_route(1).await;
    let id = an_order(1).build().id;
    let first = world.order(id).history[1].at;
    world.clock.advance(SignedDuration::from_mins(10));
    let early = json!({"status": "in_progress", "occurred_at": "2030-05-06T07:00:00Z"});
    tap(&world, id, &early).await.unwrap();
    assert_eq!(world.order(id).history[2].at, first);
    let ahead = json!({"status": "delivered", "occurred_at": "2030-05-06T08:11:30Z"});
    tap(&world, id, &ahead).await.unwrap();
    assert_eq!(world.order(id).history[3].at, at("2030-05-06T08:10:00Z"));
}

#[tokio::test]
async fn a_late_pickup_of_a_route_that_has_ended_moves_the_agent_who_has_no_other_route() {
    let world = on_route(1).await;
    let id = an_order(1).build().id;
    world.clock.advance(SignedDuration::from_hours(1));
    let failed = json!({"status": "failed", "reason": "no", "occurred_at": "2030-05-06T08:40:00Z"});
    tap(&world, id, &failed).await.unwrap();
    let late = json!({"status": "in_progress", "occurred_at": "2030-05-06T08:20:00Z"});
    tap(&world, id, &late).await.unwrap();
    let route = world.only_route();
    assert_eq!(
        route
            .stops
            .iter()
            .map(|stop| stop.status)
            .collect::<Vec<_>>(),
        [StopStatus::Done, StopStatus::Skipped]
    );
    let berta = world
        .store
        .all_users()
        .into_iter()
        .find(|user| user.id == user_id(BERTA));
    let profile = berta.unwrap().agent.unwrap();
    assert_eq!(profile.position, Some(route.stops[0].location));
    assert_eq!(profile.open_route_id, None);
}
