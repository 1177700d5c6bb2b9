//! The person at the door chooses a window after an attempt that has failed.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use app::digest::sha256_hex;
use app::messages::{Wake, WakeCause};
use app::ports::{OrderStore as _, TrackingLinks as _};
use app::tracking::{ChooseWindow, Company, GetTracking, Words};
use domain::{Actor, LegEstimate, OnFailure, OrderField, OrderId, OrderStatus, StopKind};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::offered_windows;
use testkit::{NextWrite, a_customer, an_agent, an_order, at};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
/// 2030-05-06 is a Monday. The world begins at 08:00.
const EVENING: (&str, &str) = ("2030-05-06T16:00:00Z", "2030-05-06T20:00:00Z");
const TOMORROW: (&str, &str) = ("2030-05-07T08:00:00Z", "2030-05-07T12:00:00Z");

/// The first order is aboard Berta's vehicle, and its drop-off has failed once. The others are on her route.
async fn undelivered(on_failure: OnFailure, others: u64) -> (World, OrderId) {
    let mut first = an_order(1).build();
    first.on_failure = on_failure;
    let id = first.id;
    let rest = (0..others).map(|number| an_order(2 + number).build());
    let berta = an_agent(BERTA).with_capacity(3).on_duty().build();
    let orders = std::iter::once(first).chain(rest);
    let world = World::with([a_customer(1).build(), berta], orders);
    plan(&world).await;
    let berta = agent(BERTA);
    world.set_status(&berta, id, "in_progress").await.unwrap();
    fail(&world, id, "first").await;
    let end = at("2030-06-06T08:00:00Z");
    let token_hash = sha256_hex(TOKEN.as_bytes());
    world.store.replace(id, &token_hash, end).await.unwrap();
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

async fn fail(world: &World, id: OrderId, tap: &str) {
    let tap = json!({"status": "failed", "reason_code": "nobody_home", "tap_id": format!("tap-{tap}-of-it")});
    let change = world.change_status();
    let failed = change.run(&agent(BERTA), &id.to_string(), &tap).await;
    failed.unwrap();
    world.settle().await;
}

async fn choose(world: &World, (from, to): (&str, &str)) -> Result<(), Refusal> {
    let choose = ChooseWindow {
        links: world.store.clone(),
        desk: world.desk(),
        windows: offered_windows(),
    };
    let body = json!({"from": from, "to": to});
    let chosen = choose.run(TOKEN, &body, Some("request-7")).await;
    world.assert_consistent();
    chosen
}

async fn seen(world: &World) -> Value {
    let get_tracking = GetTracking {
        links: world.store.clone(),
        orders: world.store.clone(),
        routes: world.store.clone(),
        locations: world.store.clone(),
        estimate: LegEstimate::default(),
        users: world.store.clone(),
        company: Company {
            name: "Bikes & Co".to_owned(),
            colour: "#2457a6".to_owned(),
            support: String::new(),
        },
        clock: world.clock.clone(),
        proof: world.show_proof(),
        windows: offered_windows(),
        texts: false,
    };
    let answer = get_tracking.run(TOKEN, Words::accepted("en")).await;
    serde_json::to_value(answer.unwrap()).unwrap()
}

fn pass(world: &World, minutes: i64) {
    world.clock.advance(SignedDuration::from_mins(minutes));
}

/// The orders of the open stops.
fn visits(world: &World) -> Vec<(OrderId, StopKind)> {
    let route = world.open_route(BERTA).unwrap();
    route.open_stops().map(domain::RouteStop::visit).collect()
}

#[tokio::test]
async fn a_chosen_window_is_the_window_of_the_order_and_of_its_stop() {
    let (world, id) = undelivered(OnFailure::Retry, 0).await;
    let choice = seen(&world).await["window"].clone();
    assert_eq!(
        (&choice["open"], &choice["told"]),
        (&json!(true), &json!(false))
    );
    let offered = choice["offered"].as_array().unwrap();
    assert_eq!(offered.len(), 6);
    assert_eq!(
        offered[0],
        json!({"from": "2030-05-06T09:00:00Z", "to": "2030-05-06T12:00:00Z"})
    );
    assert!(offered.contains(&json!({"from": EVENING.0, "to": EVENING.1})));

    choose(&world, EVENING).await.unwrap();
    let order = world.order(id);
    let window = order.dropoff.window.unwrap();
    assert_eq!((window.start, window.end), (at(EVENING.0), at(EVENING.1)));
    assert_eq!(order.status, OrderStatus::Undelivered);
    assert_eq!(order.failed_attempts(), 1, "a choice is no attempt");
    let line = order.history.last().unwrap();
    assert_eq!(
        (line.by, line.edited.as_slice()),
        (Actor::Recipient, [OrderField::DropoffWindow].as_slice())
    );
    assert_eq!(order.request_id.as_deref(), Some("request-7"));
    let route = world.open_route(BERTA).unwrap();
    let stop = route.open_stops().next().unwrap();
    assert_eq!(
        (stop.not_before, stop.not_after),
        (Some(window.start), Some(window.end))
    );
    assert_eq!(stop.eta, window.start, "the agent waits for the window");
    let now = seen(&world).await;
    assert_eq!(
        now["window"]["chosen"],
        json!({"from": EVENING.0, "to": EVENING.1})
    );
    assert_eq!(
        (&now["window"]["told"], &now["expected"]["from"]),
        (&json!(true), &json!(EVENING.0))
    );

    // The same again changes nothing. Another one replaces it.
    choose(&world, EVENING).await.unwrap();
    assert_eq!(world.order(id), order);
    assert!(matches!(
        choose(&world, TOMORROW).await,
        Err(Refusal::Throttled)
    ));
    pass(&world, 1);
    choose(&world, TOMORROW).await.unwrap();
    assert_eq!(
        world.order(id).dropoff.window.unwrap().start,
        at(TOMORROW.0)
    );
    for caller in [customer(1), dispatcher()] {
        let shown = world.show_order().run(&caller, &id.to_string()).await;
        let shown = serde_json::to_value(shown.unwrap()).unwrap();
        let last = shown["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["by"], &last["edited"]),
            (&json!("recipient"), &json!(["dropoff/window"]))
        );
    }
}

#[tokio::test]
async fn the_stop_goes_behind_the_other_stops_of_the_route() {
    let (world, id) = undelivered(OnFailure::Retry, 2).await;
    // A dispatcher has put the next attempt first.
    let mut first: Vec<_> = visits(&world);
    let own = first.iter().position(|(order, _)| *order == id).unwrap();
    first.rotate_left(own);
    let stops: Vec<Value> = first
        .iter()
        .map(|(order, kind)| json!({"order_id": order, "kind": kind}))
        .collect();
    let route = world.open_route(BERTA).unwrap();
    let body =
        json!({"stops": stops, "version": route.version, "pinned_through": 0, "force": true});
    world.sequence(route.agent_id, body).await.unwrap();
    assert_eq!(visits(&world)[0].0, id);

    choose(&world, EVENING).await.unwrap();
    assert_eq!(visits(&world).last().unwrap().0, id);
    let before = world.open_route(BERTA).unwrap();
    let late = before.open_stops().filter(|stop| stop.eta >= at(EVENING.0));
    assert_eq!(late.count(), 1, "no other stop waits for the window");

    // A pinned stop keeps its place.
    let (world, id) = undelivered(OnFailure::Retry, 1).await;
    let mut stops: Vec<Value> = visits(&world)
        .iter()
        .map(|(order, kind)| json!({"order_id": order, "kind": kind}))
        .collect();
    let own = stops
        .iter()
        .position(|stop| stop["order_id"] == json!(id))
        .unwrap();
    let stop = stops.remove(own);
    stops.insert(0, stop);
    let route = world.open_route(BERTA).unwrap();
    let body =
        json!({"stops": stops, "version": route.version, "pinned_through": 1, "force": true});
    world.sequence(route.agent_id, body).await.unwrap();
    choose(&world, EVENING).await.unwrap();
    assert_eq!(visits(&world)[0].0, id);
}

#[tokio::test]
async fn only_an_offered_window_of_an_order_that_waits_for_another_attempt() {
    let (world, id) = undelivered(OnFailure::Retry, 0).await;
    let before = world.order(id);
    for window in [
        ("2030-05-06T16:00:01Z", EVENING.1),
        ("2030-05-06T08:00:00Z", "2030-05-06T12:00:00Z"),
        ("2030-05-09T08:00:00Z", "2030-05-09T12:00:00Z"),
        (EVENING.1, EVENING.0),
    ] {
        let refused = choose(&world, window).await;
        assert!(
            matches!(refused, Err(Refusal::WindowNotOffered)),
            "{window:?}"
        );
    }
    assert_eq!(world.order(id), before);
    // The page was read some minutes ago.
    let ten = ("2030-05-06T10:00:00Z", "2030-05-06T12:00:00Z");
    pass(&world, 67);
    assert_eq!(
        seen(&world).await["window"]["offered"][0]["from"],
        "2030-05-06T11:00:00Z"
    );
    choose(&world, ten).await.unwrap();
    pass(&world, 1);
    let before_ten = ("2030-05-06T09:00:00Z", "2030-05-06T12:00:00Z");
    let refused = choose(&world, before_ten).await;
    assert!(matches!(refused, Err(Refusal::WindowNotOffered)));

    // The window has begun: the courier may be near.
    pass(&world, 120);
    let choice = seen(&world).await["window"].clone();
    assert_eq!(
        (&choice["open"], &choice["told"]),
        (&json!(false), &json!(true))
    );
    assert!(matches!(
        choose(&world, EVENING).await,
        Err(Refusal::WindowNotOffered)
    ));

    // The second attempt fails too, and the choice is open again. After the third one the parcel goes back.
    fail(&world, id, "second").await;
    let choice = seen(&world).await["window"].clone();
    assert_eq!(
        (&choice["open"], &choice["told"]),
        (&json!(true), &json!(false))
    );
    choose(&world, TOMORROW).await.unwrap();
    fail(&world, id, "third").await;
    assert_eq!(world.order(id).status, OrderStatus::Returning);
    assert!(matches!(
        choose(&world, EVENING).await,
        Err(Refusal::NoNextAttempt)
    ));
    assert_eq!(
        seen(&world).await["window"],
        json!({"open": false, "told": false, "offered": [], "chosen": null})
    );

    for on_failure in [OnFailure::End, OnFailure::Return, OnFailure::Hold] {
        let (world, _) = undelivered(on_failure, 0).await;
        assert!(matches!(
            choose(&world, EVENING).await,
            Err(Refusal::NoNextAttempt)
        ));
        assert_eq!(seen(&world).await["window"]["open"], false);
    }
}

#[tokio::test]
async fn three_choices_after_an_attempt_and_the_customer_can_change_them() {
    let (world, id) = undelivered(OnFailure::Retry, 0).await;
    for window in [EVENING, TOMORROW, EVENING] {
        choose(&world, window).await.unwrap();
        pass(&world, 1);
    }
    assert!(matches!(
        choose(&world, TOMORROW).await,
        Err(Refusal::TooManyChoices { most: 3 })
    ));
    choose(&world, EVENING).await.unwrap();
    assert_eq!(seen(&world).await["window"]["open"], false);
    let window = json!({"start": "2030-05-06T13:00:00Z", "end": "2030-05-06T14:00:00Z"});
    let patch = json!({"dropoff": {"window": window}});
    let edited = world
        .edit_order()
        .run(&customer(1), &id.to_string(), &patch, None)
        .await;
    edited.unwrap();
    let choice = seen(&world).await["window"].clone();
    assert_eq!(
        (&choice["told"], &choice["chosen"]),
        (&json!(false), &Value::Null)
    );
    fail(&world, id, "second").await;
    assert_eq!(world.order(id).failed_attempts(), 2);
    choose(&world, TOMORROW).await.unwrap();
}

#[tokio::test]
async fn an_old_app_that_repeats_its_tap_after_a_choice_tells_nothing_new() {
    let (world, id) = undelivered(OnFailure::Retry, 0).await;
    choose(&world, EVENING).await.unwrap();
    let again = json!({"status": "failed", "reason": "nobody"});
    let change = world.change_status();
    let answer = change.run(&agent(BERTA), &id.to_string(), &again).await;
    answer.unwrap();
    assert_eq!(world.order(id).failed_attempts(), 1);
    assert_eq!(world.order(id).dropoff.window.unwrap().start, at(EVENING.0));
}

#[tokio::test]
async fn a_choice_that_loses_a_race_reads_again_and_a_delivered_order_refuses_it() {
    let (world, id) = undelivered(OnFailure::Retry, 0).await;
    let mut delivered = world.order(id).changed(at("2030-05-06T08:30:00Z"));
    delivered.status = OrderStatus::Delivered;
    let before = world.order(id);
    world
        .store
        .next_writes([NextWrite::Conflicts, NextWrite::LosesItsAnswer]);
    let lost = choose(&world, EVENING).await;
    assert!(matches!(lost, Err(Refusal::Unavailable(_))));
    choose(&world, EVENING).await.unwrap();
    assert_eq!(world.order(id).version, before.version + 1);
    let patch = world.order(id);
    delivered.version = patch.version + 1;
    world.store.put_order(&delivered).await.unwrap();
    let choose_late = ChooseWindow {
        links: world.store.clone(),
        desk: world.desk(),
        windows: offered_windows(),
    };
    let body = json!({"from": TOMORROW.0, "to": TOMORROW.1});
    let refused = choose_late.run(TOKEN, &body, None).await;
    assert!(matches!(refused, Err(Refusal::NoNextAttempt)));
    let unknown = choose_late.run(&"0".repeat(32), &body, None).await;
    assert!(matches!(unknown, Err(Refusal::NotFound)));
}
