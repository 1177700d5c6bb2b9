//! Drop-offs that fail: the parcel goes back, the agent tries again, or a dispatcher decides.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use app::messages::{Wake, WakeCause};
use app::ports::OrderStore as _;
use domain::{OnFailure, Order, OrderId, OrderStatus, RouteStatus, StopKind, StopStatus};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{Landmarks, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;

/// The order is aboard Berta's vehicle, which has room for two.
async fn aboard(on_failure: OnFailure) -> (World, OrderId) {
    let mut order = an_order(1).build();
    order.on_failure = on_failure;
    let id = order.id;
    let berta = an_agent(BERTA).with_capacity(2).on_duty().build();
    let world = World::with([a_customer(1).build(), berta], [order]);
    plan(&world).await;
    say(&world, BERTA, id, json!({"status": "in_progress"}))
        .await
        .unwrap();
    world.settle().await;
    (world, id)
}

async fn plan(world: &World) {
    let wake = Wake {
        zone: world.store.all_orders()[0].zone.unwrap(),
        cause: WakeCause::OrderPending,
        order_id: None,
        agent_id: None,
    };
    world.wakes_again(&[wake]).await;
    world.settle().await;
    world.assert_consistent();
}

/// The status after somebody has said so. 0 is the dispatcher.
async fn say(world: &World, who: u64, id: OrderId, body: Value) -> Result<String, Refusal> {
    let caller = if who == 0 { dispatcher() } else { agent(who) };
    let change = world.change_status();
    let answer = change.run(&caller, &id.to_string(), &body).await?;
    world.assert_consistent();
    let answer = serde_json::to_value(answer).unwrap();
    Ok(answer["status"].as_str().unwrap().to_owned())
}

fn nobody_home(tap: &str) -> Value {
    json!({"status": "failed", "reason_code": "nobody_home", "tap_id": format!("tap-{tap}-of-this-order")})
}

fn statuses(order: &Order) -> Vec<OrderStatus> {
    order.history.iter().map(|line| line.status).collect()
}

/// The open stops: their kinds, their places and whether the parcel goes back there.
fn open_stops(world: &World) -> Vec<(StopKind, domain::Coordinates, bool)> {
    let route = world.open_route(BERTA).unwrap();
    let stops = route.open_stops();
    stops
        .map(|stop| (stop.kind, stop.location, stop.returns))
        .collect()
}

#[tokio::test]
async fn a_parcel_goes_back_to_the_pickup_and_stays_aboard_on_the_way() {
    let (world, id) = aboard(OnFailure::Return).await;
    assert_eq!(
        say(&world, BERTA, id, nobody_home("first")).await.unwrap(),
        "returning"
    );
    let back = (StopKind::Dropoff, Landmarks::PLACA_CATALUNYA, true);
    assert_eq!(open_stops(&world), [back]);
    // The same tap again, the same news without an id, and a late pickup change nothing.
    let before = world.order(id);
    for body in [
        nobody_home("first"),
        json!({"status": "failed", "reason": "nobody"}),
        json!({"status": "in_progress"}),
    ] {
        assert_eq!(say(&world, BERTA, id, body).await.unwrap(), "returning");
    }
    assert_eq!(world.order(id), before);

    // A plan keeps the parcel aboard: a vehicle for two takes no further order of size two on the way.
    let big = an_order(2).with_size(2).build();
    world.store.put_order(&big).await.unwrap();
    world.provider.take_requests();
    plan(&world).await;
    let request = world.provider.take_requests().pop().unwrap();
    let place = request.places[request.orders[0].dropoff.point];
    assert_eq!(
        (request.orders[0].pickup, place),
        (None, Landmarks::PLACA_CATALUNYA)
    );
    assert_eq!(request.orders[0].pinned_to, Some(0));
    world
        .set_status(&customer(1), big.id, "cancelled")
        .await
        .unwrap();

    let off = world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": false}))
        .await;
    assert!(
        matches!(off, Err(Refusal::RouteOpen)),
        "nobody goes home with a parcel: {off:?}"
    );
    assert_eq!(
        say(&world, BERTA, id, json!({"status": "returned"}))
            .await
            .unwrap(),
        "returned"
    );
    world.settle().await;
    let order = world.order(id);
    assert_eq!(
        statuses(&order)[2..],
        [
            OrderStatus::InProgress,
            OrderStatus::Returning,
            OrderStatus::Returned
        ]
    );
    assert!(order.status.frees_external_id());
    assert!(world.open_route(BERTA).is_none());
    let told = world.take_told("order/");
    for status in ["returning", "returned"] {
        let name = told.iter().filter(|it| it.contains(status));
        assert_eq!(name.count(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn an_agent_tries_three_times_and_then_takes_the_parcel_back() {
    let (world, id) = aboard(OnFailure::Retry).await;
    assert_eq!(
        say(&world, BERTA, id, nobody_home("1st")).await.unwrap(),
        "undelivered"
    );
    let order = world.order(id);
    let window = order.dropoff.window.unwrap();
    assert_eq!(
        window.start,
        order.updated_at + SignedDuration::from_hours(1)
    );
    assert_eq!(
        open_stops(&world),
        [(StopKind::Dropoff, Landmarks::SAGRADA_FAMILIA, false)]
    );
    // An old app repeats its tap without an id.
    for body in [
        json!({"status": "failed", "reason": "nobody"}),
        nobody_home("1st"),
    ] {
        say(&world, BERTA, id, body).await.unwrap();
        assert_eq!(world.order(id), order);
    }
    // In the hour until then, the agent may make other stops.
    let freeze = domain::DispatchRules::default().freeze;
    let frozen_at = |now| {
        let route = world.open_route(BERTA).unwrap();
        route.frozen_stop(freeze, now).is_some()
    };
    assert!(!frozen_at(order.updated_at));
    assert!(frozen_at(window.start));
    plan(&world).await;
    world.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(
        say(&world, BERTA, id, nobody_home("2nd")).await.unwrap(),
        "undelivered"
    );
    world.clock.advance(SignedDuration::from_hours(2));
    // Ten minutes later, an app without ids means another attempt.
    let third = json!({"status": "failed", "reason": "nobody"});
    assert_eq!(say(&world, BERTA, id, third).await.unwrap(), "returning");
    assert_eq!(world.order(id).failed_attempts(), 2);
    plan(&world).await;
    assert_eq!(
        open_stops(&world),
        [(StopKind::Dropoff, Landmarks::PLACA_CATALUNYA, true)]
    );
    assert_eq!(
        say(&world, BERTA, id, json!({"status": "returned"}))
            .await
            .unwrap(),
        "returned"
    );
    let route = world.only_route();
    assert_eq!(
        route.status,
        RouteStatus::Cancelled,
        "nothing was delivered"
    );
}

#[tokio::test]
async fn a_second_attempt_may_succeed() {
    let (world, id) = aboard(OnFailure::Retry).await;
    say(&world, BERTA, id, nobody_home("1st")).await.unwrap();
    assert_eq!(
        say(&world, BERTA, id, json!({"status": "delivered"}))
            .await
            .unwrap(),
        "delivered"
    );
    let route = world.only_route();
    let ends: Vec<StopStatus> = route.stops.iter().map(|stop| stop.status).collect();
    assert_eq!(
        ends,
        [StopStatus::Done, StopStatus::Skipped, StopStatus::Done]
    );
    assert_eq!(route.status, RouteStatus::Completed);
}

#[tokio::test]
async fn a_dispatcher_decides_about_a_parcel_on_hold() {
    // The agent waits for the decision.
    let (world, id) = aboard(OnFailure::Hold).await;
    assert_eq!(
        say(&world, BERTA, id, nobody_home("1st")).await.unwrap(),
        "undelivered"
    );
    for body in [nobody_home("2nd"), json!({"status": "in_progress"})] {
        assert_eq!(say(&world, BERTA, id, body).await.unwrap(), "undelivered");
    }
    let returned = say(&world, BERTA, id, json!({"status": "returned"})).await;
    assert!(matches!(returned, Err(Refusal::StepNotAllowed { .. })));
    let returning = say(&world, BERTA, id, json!({"status": "returning"})).await;
    assert!(matches!(returning, Err(Refusal::Forbidden)));
    // Another attempt, now.
    assert_eq!(
        say(&world, 0, id, json!({"status": "in_progress"}))
            .await
            .unwrap(),
        "in_progress"
    );
    assert_eq!(world.order(id).dropoff.window, None);
    assert_eq!(
        say(&world, BERTA, id, nobody_home("3rd")).await.unwrap(),
        "undelivered"
    );
    // Back to the pickup.
    assert_eq!(
        say(&world, 0, id, json!({"status": "returning"}))
            .await
            .unwrap(),
        "returning"
    );
    assert_eq!(
        say(&world, BERTA, id, json!({"status": "returned"}))
            .await
            .unwrap(),
        "returned"
    );

    // Or the end.
    let (world, id) = aboard(OnFailure::Hold).await;
    say(&world, BERTA, id, nobody_home("1st")).await.unwrap();
    let end = json!({"status": "failed", "reason": "it was destroyed"});
    assert_eq!(say(&world, 0, id, end).await.unwrap(), "failed");
    assert!(world.open_route(BERTA).is_none());
}

#[tokio::test]
async fn a_failed_pickup_ends_the_order_and_so_does_a_failed_drop_off_without_on_failure() {
    let (world, id) = aboard(OnFailure::End).await;
    assert_eq!(
        say(&world, BERTA, id, nobody_home("1st")).await.unwrap(),
        "failed"
    );
    assert!(world.open_route(BERTA).is_none());

    let mut order = an_order(1).build();
    order.on_failure = OnFailure::Return;
    let id = order.id;
    let berta = an_agent(BERTA).on_duty().build();
    let world = World::with([a_customer(1).build(), berta], [order, an_order(2).build()]);
    plan(&world).await;
    let failed =
        json!({"status": "failed", "reason_code": "closed", "occurred_at": "2030-05-06T08:30:00Z"});
    world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(say(&world, BERTA, id, failed).await.unwrap(), "failed");
    // A late tap of the pickup tells that the drop-off has failed.
    let late = json!({"status": "in_progress", "occurred_at": "2030-05-06T08:20:00Z"});
    assert_eq!(say(&world, BERTA, id, late).await.unwrap(), "returning");
    let order = world.order(id);
    assert_eq!(
        statuses(&order)[2..],
        [OrderStatus::InProgress, OrderStatus::Returning]
    );
    assert_eq!(
        say(&world, BERTA, id, json!({"status": "returned"}))
            .await
            .unwrap(),
        "returned"
    );
}
