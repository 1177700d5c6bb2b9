//! A preview shows what the next plan would change, and changes nothing.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;

use app::messages::{Wake, WakeCause};
use domain::{Order, OrderId, OrderStatus, UserId, Zone};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{CountedRounds, Landmarks, a_customer, an_agent, an_order};
use world::{World, agent};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

fn world(orders: impl IntoIterator<Item = Order>) -> World {
    let agents = [BERTA, CARLA].map(|number| {
        let start = if number == BERTA {
            Landmarks::CAMP_NOU
        } else {
            Landmarks::BARCELONETA
        };
        an_agent(number).starting_at(start).with_capacity(6).build()
    });
    let mut world = World::with(agents.into_iter().chain([a_customer(1).build()]), orders);
    world.planner = Some(CountedRounds(500));
    world
}

fn six_orders() -> Vec<Order> {
    let places = [Landmarks::CAMP_NOU, Landmarks::BARCELONETA];
    let order = |n: u64| an_order(n).from(places[(n % 2) as usize]).build();
    (1..=6).map(order).collect()
}

async fn comes_on_duty(world: &World, number: u64) {
    let (caller, on_duty) = (agent(number), json!({"on_duty": true}));
    let update = world.update(&caller, user_id(number), on_duty);
    update.await.unwrap();
}

async fn plan(world: &World, zone: Zone) {
    let wake = Wake {
        zone,
        cause: WakeCause::AgentAvailable,
        order_id: None,
        agent_id: None,
    };
    world.optimize().run(zone, &[wake]).await.unwrap();
}

/// The agent of each order that is on a route.
fn agents(world: &World) -> BTreeMap<OrderId, UserId> {
    let orders = world.store.all_orders().into_iter();
    let on_route = orders.filter(|order| order.status.is_on_route());
    let on_route = on_route.filter_map(|order| Some((order.id, order.assignment?.agent_id)));
    on_route.collect()
}

/// The orders in a list of the preview, with a member of each.
fn listed(preview: &Value, list: &str, member: &str) -> BTreeMap<String, Value> {
    let entries = preview[list].as_array().unwrap().iter();
    let entries = entries.map(|it| {
        (
            it["order_id"].as_str().unwrap().to_owned(),
            it[member].clone(),
        )
    });
    entries.collect()
}

#[tokio::test]
async fn the_next_plan_does_what_the_preview_has_shown() {
    let orders = six_orders();
    let zone = orders[0].zone.unwrap();
    let world = world(orders);
    let reasons = listed(&world.preview(zone).await, "unplaced", "reason");
    assert_eq!(reasons.len(), 6);
    assert!(reasons.values().all(|reason| reason == "no_agent_on_duty"));
    comes_on_duty(&world, BERTA).await;
    world.store.take_changes();

    let preview = world.preview(zone).await;
    assert_eq!(world.store.take_changes(), [], "a preview writes nothing");
    let shown = listed(&preview, "assigned", "agent_id");
    plan(&world, zone).await;
    let after = agents(&world);
    assert_eq!(shown.len(), after.len());
    for (order, agent) in &after {
        assert_eq!(shown[&order.to_string()], json!(agent));
    }
    let etas = listed(&preview, "assigned", "dropoff_eta");
    let route = world.only_route();
    for stop in route
        .open_stops()
        .filter(|it| it.kind == domain::StopKind::Dropoff)
    {
        assert_eq!(etas[&stop.order_id.to_string()], json!(stop.eta));
    }

    // A second agent takes over some orders.
    comes_on_duty(&world, CARLA).await;
    world.clock.advance(SignedDuration::from_secs(1));
    let preview = world.preview(zone).await;
    let moved = listed(&preview, "moved", "to");
    assert!(!moved.is_empty(), "Carla is at the beach: {preview}");
    plan(&world, zone).await;
    let before = after;
    let after = agents(&world);
    let changed: BTreeMap<String, Value> = after
        .iter()
        .filter(|(order, agent)| before.get(order) != Some(agent))
        .map(|(order, agent)| (order.to_string(), json!(agent)))
        .collect();
    assert_eq!(moved, changed);
    let routes = preview["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 2, "both routes change");
    for shown in routes {
        let number = if shown["agent_id"] == json!(user_id(BERTA)) {
            BERTA
        } else {
            CARLA
        };
        let route = world.open_route(number).unwrap();
        let stops: Vec<Value> = route.open_stops().map(|stop| json!(stop.eta)).collect();
        let told = shown["after"].as_array().unwrap().iter();
        let told: Vec<Value> = told.map(|stop| stop["eta"].clone()).collect();
        assert_eq!(told, stops);
    }
    world.assert_consistent();
}

#[tokio::test]
async fn orders_that_stay_behind_are_shown_with_their_reason() {
    let large = an_order(1).with_size(7).build();
    let late = an_order(2).dropped_off_between("2030-05-06T07:00:00Z", "2030-05-06T07:30:00Z");
    let late = late.build();
    let held = an_order(3).build();
    let zone = large.zone.unwrap();
    let world = world([large.clone(), late.clone(), held.clone()]);
    world.release(held.id, json!({"hold": true})).await.unwrap();
    comes_on_duty(&world, BERTA).await;
    let preview = world.preview(zone).await;
    let reasons = listed(&preview, "unplaced", "reason");
    assert_eq!(
        reasons,
        BTreeMap::from([(large.id.to_string(), json!("over_capacity"))])
    );
    assert_eq!(preview["expired"], json!([late.id]));
    assert_eq!(preview["routes"], json!([]));
    let orders = world.store.all_orders();
    assert!(orders.iter().all(|it| it.status == OrderStatus::Pending));
}
