//! From placed orders to completed routes, with everything that can come in between.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use app::ports::{AgentPart, Changeset, Clock as _, DispatchLedger as _, UserStore};
use domain::{
    OrderStatus, Route, RouteStatus, ServiceArea, StopStatus, UnplacedReason, UserId, UserStatus,
};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{Landmarks, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

fn body() -> serde_json::Value {
    json!({
        "pickup": {"location": {"lat": 41.3870, "lon": 2.1701}},
        "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
    })
}

async fn place(world: &World, orders: usize) {
    for _ in 0..orders {
        let body = body();
        world
            .place_order()
            .run(&customer(1), &body, None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_order_becomes_a_stop_is_delivered_and_everybody_hears_of_it() {
    let mut world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    world.deliveries = 2;
    place(&world, 2).await;
    world.settle().await;
    world.assert_consistent();
    let route = world.only_route();
    assert_eq!(
        (route.status, route.stops.len()),
        (RouteStatus::Assigned, 4)
    );

    let berta = agent(BERTA);
    for order in world.store.all_orders() {
        world
            .set_status(&berta, order.id, "in_progress")
            .await
            .unwrap();
        world
            .set_status(&berta, order.id, "delivered")
            .await
            .unwrap();
        world.settle().await;
        world.assert_consistent();
    }
    assert_eq!(world.only_route().status, RouteStatus::Completed);
    let mails = world.mailer.take_sent();
    let to_agent = mails.iter().filter(|(to, _)| *to == user_id(BERTA)).count();
    // All news is told once, though every message came twice.
    assert_eq!(
        world.take_told("order/").len(),
        4,
        "two assigned, two delivered"
    );
    assert!(
        (1..=2).contains(&to_agent),
        "one route, that may have gained an order"
    );
}

#[tokio::test]
async fn an_order_waits_with_its_reason_until_somebody_comes_on_duty() {
    let world = World::with([a_customer(1).build(), an_agent(BERTA).build()], []);
    place(&world, 1).await;
    world.settle().await;
    let order = world.store.all_orders().remove(0);
    let waiting = order.waiting.unwrap();
    assert_eq!(order.status, OrderStatus::Pending);
    assert_eq!(waiting.reason, Some(UnplacedReason::NoAgentOnDuty));
    assert_eq!(
        waiting.retry_at,
        order.created_at + SignedDuration::from_hours(1)
    );

    // Coming on duty ends the pause, which has not run out.
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.order(order.id).status, OrderStatus::Assigned);
    world.assert_consistent();
}

#[tokio::test]
async fn an_order_joins_an_open_route_and_what_is_aboard_stays_aboard() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let first = world.store.all_orders().remove(0);
    world
        .set_status(&agent(BERTA), first.id, "in_progress")
        .await
        .unwrap();
    place(&world, 1).await;
    world.settle().await;
    world.assert_consistent();
    let route = world.only_route();
    assert_eq!(route.status, RouteStatus::InProgress);
    assert_eq!(route.stops[0].status, StopStatus::Done);
    assert_eq!(
        route.open_stops().next().unwrap().order_id,
        first.id,
        "the next stop is fixed"
    );
    let request = world.provider.take_requests().pop().unwrap();
    assert_eq!(request.orders[0].pickup, None, "it is aboard");
    assert_eq!(
        request.vehicles[0].frozen,
        [(0, planner::StopKind::Dropoff)]
    );
}

#[tokio::test]
async fn an_order_cancelled_while_it_is_planned_stays_cancelled_and_the_others_are_planned_again() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 2).await;
    let cancelled = world.store.all_orders().remove(0).id;
    let change = world.change_status();
    world.provider.meanwhile(move || {
        let body = json!({"status": "cancelled"});
        let cancel = async {
            change
                .run(&customer(1), &cancelled.to_string(), &body)
                .await
        };
        futures::executor::block_on(cancel).unwrap();
    });
    world.settle().await;
    world.assert_consistent();
    let statuses: Vec<OrderStatus> = world.store.all_orders().iter().map(|o| o.status).collect();
    assert_eq!(statuses, [OrderStatus::Cancelled, OrderStatus::Assigned]);
}

#[tokio::test]
async fn an_agent_suspended_while_a_route_is_planned_gets_none() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    let update = world.update_agent();
    world.provider.meanwhile(move || {
        let (id, body) = (user_id(BERTA).to_string(), json!({"status": "suspended"}));
        futures::executor::block_on(update.run(&dispatcher(), &id, &body)).unwrap();
    });
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.store.all_routes(), []);
    assert_eq!(world.store.all_orders()[0].status, OrderStatus::Pending);
}

#[tokio::test]
async fn a_suspension_gives_back_what_is_not_aboard() {
    let agents = [an_agent(BERTA).on_duty().build(), an_agent(CARLA).build()];
    let world = World::with(agents, [an_order(1).build(), an_order(2).build()]);
    world.sweep().await;
    world.clock.advance(SignedDuration::from_secs(40));
    world.sweep().await;
    world.settle().await;
    let [aboard, waiting] = [0, 1].map(|n| world.store.all_orders().remove(n).id);
    world
        .set_status(&agent(BERTA), aboard, "in_progress")
        .await
        .unwrap();
    world
        .update(
            &dispatcher(),
            user_id(BERTA),
            json!({"status": "suspended"}),
        )
        .await
        .unwrap();
    world.assert_consistent();
    assert_eq!(world.order(waiting).status, OrderStatus::Pending);
    assert_eq!(world.order(aboard).status, OrderStatus::InProgress);
    let refused = world.set_status(&agent(BERTA), aboard, "delivered").await;
    assert!(
        matches!(refused, Err(Refusal::AgentNotActive)),
        "the token outlives the suspension"
    );

    // Somebody else comes, and the dispatcher settles what is aboard.
    world
        .update(&agent(CARLA), user_id(CARLA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(
        world.order(waiting).assignment.unwrap().agent_id,
        user_id(CARLA)
    );
    world
        .set_status(&dispatcher(), aboard, "delivered")
        .await
        .unwrap();
    world.assert_consistent();
    let berta = world.store.user(user_id(BERTA)).await.unwrap().unwrap();
    assert_eq!(berta.status, UserStatus::Suspended);
    assert_eq!(berta.agent.unwrap().open_route_id, None);
}

#[tokio::test]
async fn an_agent_with_an_open_route_stays_on_duty() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let refused = world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": false}))
        .await;
    assert!(matches!(refused, Err(Refusal::RouteOpen)));
}

#[tokio::test]
async fn a_route_that_ends_begins_the_next_where_it_ended() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let order = world.store.all_orders().remove(0);
    world
        .set_status(&agent(BERTA), order.id, "delivered")
        .await
        .unwrap();
    place(&world, 1).await;
    world.settle().await;
    let last = world.store.all_routes().pop().unwrap();
    assert_eq!(last.from.location, Landmarks::SAGRADA_FAMILIA);
}

#[tokio::test]
async fn an_agent_who_drove_for_nothing_stands_where_they_drove() {
    let there = an_order(1).from(Landmarks::BADALONA).build();
    let world = World::with([an_agent(BERTA).on_duty().build()], [there.clone()]);
    let home = world.store.all_users()[0].agent.clone().unwrap();
    world
        .optimize()
        .run(there.zone.unwrap(), &[])
        .await
        .unwrap();
    for status in ["in_progress", "failed"] {
        world
            .set_status(&agent(BERTA), there.id, status)
            .await
            .unwrap();
    }
    assert_eq!(world.only_route().status, RouteStatus::Cancelled);
    let profile = world.store.all_users()[0].agent.clone().unwrap();
    assert_eq!(profile.position, Some(Landmarks::BADALONA));
    assert_eq!(profile.zone, there.zone);
    assert_ne!(profile.zone, home.zone);
}

#[tokio::test]
async fn an_agent_who_never_set_out_stands_where_they_stood() {
    let there = an_order(1).from(Landmarks::BADALONA).build();
    let world = World::with([an_agent(BERTA).on_duty().build()], [there.clone()]);
    let home = world.store.all_users()[0].agent.clone().unwrap();
    world
        .optimize()
        .run(there.zone.unwrap(), &[])
        .await
        .unwrap();
    world
        .set_status(&agent(BERTA), there.id, "failed")
        .await
        .unwrap();
    assert_eq!(world.only_route().status, RouteStatus::Cancelled);
    let profile = world.store.all_users()[0].agent.clone().unwrap();
    assert_eq!(profile.position, home.position);
}

/// As a provider that knows the roads would have planned it.
async fn lead_along_roads(world: &World, agent: UserId) -> Route {
    let route = Route {
        geometry: Some("_p~iF~ps|U_ulLnnqC".to_owned()),
        ..world.only_route().changed(world.clock.now())
    };
    let change = Changeset {
        routes: vec![route.clone()],
        agents: vec![AgentPart::Unchanged(
            world.store.user(agent).await.unwrap().unwrap(),
        )],
        ..Changeset::default()
    };
    world.store.commit(&change).await.unwrap();
    route
}

#[tokio::test]
async fn a_way_by_a_cancelled_stop_is_shown_no_more_nor_that_of_a_plan_before() {
    let berta = user_id(BERTA);
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 3).await;
    world.settle().await;
    let planned = lead_along_roads(&world, berta).await;
    let [first, second, _] = planned.open_orders()[..] else {
        panic!("three orders");
    };
    world
        .set_status(&agent(BERTA), first, "in_progress")
        .await
        .unwrap();
    assert_eq!(world.only_route().geometry, planned.geometry);
    world
        .set_status(&customer(1), second, "cancelled")
        .await
        .unwrap();
    assert_eq!(world.only_route().geometry, None);

    // The next plan comes from a planner that knows no roads.
    lead_along_roads(&world, berta).await;
    place(&world, 1).await;
    world.settle().await;
    let replanned = world.only_route();
    assert_eq!(replanned.open_orders().len(), 3);
    assert_eq!(replanned.geometry, None);
}

#[tokio::test]
async fn others_see_nothing_of_an_order() {
    let world = World::with(
        [
            a_customer(1).build(),
            a_customer(2).build(),
            an_agent(BERTA).on_duty().build(),
            an_agent(CARLA).on_duty().build(),
        ],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let order = world.store.all_orders().remove(0);
    let id = order.id.to_string();
    for stranger in [customer(2), agent(CARLA)] {
        let shown = world.show_order().run(&stranger, &id).await;
        assert!(matches!(shown, Err(Refusal::NotFound)));
        let changed = world.set_status(&stranger, order.id, "cancelled").await;
        assert!(matches!(changed, Err(Refusal::NotFound)));
        let listed = world
            .list_orders()
            .run(&stranger, &Default::default())
            .await
            .unwrap();
        assert_eq!(listed.orders, []);
    }
    for known in [customer(1), agent(BERTA), dispatcher()] {
        world.show_order().run(&known, &id).await.unwrap();
        let listed = world
            .list_orders()
            .run(&known, &Default::default())
            .await
            .unwrap();
        assert_eq!(listed.orders.len(), 1);
    }
}

#[tokio::test]
async fn a_status_set_twice_is_one_change() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let id = world.store.all_orders().remove(0).id;
    for _ in 0..2 {
        world
            .set_status(&agent(BERTA), id, "delivered")
            .await
            .unwrap();
    }
    let told = world
        .order(id)
        .history
        .iter()
        .filter(|l| l.status == OrderStatus::Delivered)
        .count();
    assert_eq!(told, 1);
    // An app that was offline sends its taps in any order.
    let version = world.order(id).version;
    world
        .set_status(&agent(BERTA), id, "in_progress")
        .await
        .unwrap();
    assert_eq!(world.order(id).version, version, "nothing has changed");
    let back = world.set_status(&agent(BERTA), id, "failed").await;
    assert!(matches!(back, Err(Refusal::StepNotAllowed { .. })));
}

#[tokio::test]
async fn a_lost_race_is_read_and_tried_again() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let id = world.store.all_orders().remove(0).id;
    world
        .store
        .next_writes([NextWrite::Conflicts, NextWrite::Conflicts]);
    world
        .set_status(&agent(BERTA), id, "in_progress")
        .await
        .unwrap();
    world.store.next_writes([NextWrite::Conflicts; 50]);
    let contended = world.set_status(&agent(BERTA), id, "delivered").await;
    assert!(matches!(contended, Err(Refusal::Contended)));
    assert_eq!(world.order(id).status, OrderStatus::InProgress);
}

#[tokio::test]
async fn the_same_key_and_body_answer_with_the_first_order() {
    let world = World::with([a_customer(1).build()], []);
    let (place, mut body) = (world.place_order(), body());
    body["size"] = json!(2);
    let first = place.run(&customer(1), &body, Some("k")).await.unwrap();
    let again = place.run(&customer(1), &body, Some("k")).await.unwrap();
    assert_eq!(first, again);
    // The same value in another text.
    let text = r#"{"dropoff": {"location": {"lon": 2.1744e0, "lat": 41.4036}},
        "size": 2.0, "pickup": {"location": {"lat": 41.38700, "lon": 2.1701}}}"#;
    let rewritten: serde_json::Value = serde_json::from_str(text).unwrap();
    let rewritten = place.run(&customer(1), &rewritten, Some("k")).await;
    assert_eq!(rewritten.unwrap(), first);
    let mut other = body.clone();
    other["size"] = json!(3);
    let reused = place.run(&customer(1), &other, Some("k")).await;
    assert!(matches!(reused, Err(Refusal::IdempotencyKeyReused)));
    place.run(&customer(2), &other, Some("k")).await.unwrap();
    assert_eq!(
        world.store.all_orders().len(),
        2,
        "keys are each caller's own"
    );
    world.clock.advance(SignedDuration::from_hours(24));
    place.run(&customer(1), &body, Some("k")).await.unwrap();
    assert_eq!(
        world.store.all_orders().len(),
        3,
        "a key is forgotten after a day"
    );
}

#[tokio::test]
async fn a_repetition_gets_the_first_order_though_its_window_has_passed_meanwhile() {
    let world = World::with([a_customer(1).build()], []);
    let mut body = body();
    body["pickup"]["window"] =
        json!({"start": "2030-05-06T08:00:00Z", "end": "2030-05-06T08:30:00Z"});
    let place = world.place_order();
    let first = place.run(&customer(1), &body, Some("k")).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(31));
    let again = place.run(&customer(1), &body, Some("k")).await.unwrap();
    assert_eq!(first, again);
    let late = place.run(&customer(1), &body, Some("other")).await;
    assert!(matches!(late, Err(Refusal::Invalid(_))));
}

#[tokio::test]
async fn an_order_that_leaves_the_service_area_is_refused_and_names_each_place() {
    let mut world = World::with([a_customer(1).build()], []);
    let tokyo = an_order(1)
        .from(Landmarks::TOKYO_STATION)
        .build()
        .zone
        .unwrap();
    world.service_area = ServiceArea::of([tokyo]);
    let refused = world.place_order().run(&customer(1), &body(), None).await;
    let Err(Refusal::Invalid(faults)) = refused else {
        panic!("{refused:?}");
    };
    let named: Vec<String> = faults.into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(named, ["#/pickup/location", "#/dropoff/location"]);
    assert_eq!(world.store.all_orders(), []);
    world.service_area = ServiceArea::of([tokyo, an_order(1).build().zone.unwrap()]);
    place(&world, 1).await;
}

#[tokio::test]
async fn a_drop_off_far_from_its_pickup_is_refused_and_names_the_limit() {
    let world = World::with([a_customer(1).build()], []);
    let mut far = body();
    // Valencia is at 303 km.
    far["dropoff"]["location"] = json!({"lat": 39.4699, "lon": -0.3763});
    let refused = world.place_order().run(&customer(1), &far, None).await;
    let Err(Refusal::Invalid(faults)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].pointer, "#/dropoff/location");
    assert!(faults[0].detail.contains("300 km"), "{}", faults[0].detail);
}

#[tokio::test]
async fn an_agent_sees_nothing_of_what_was_carried_long_ago() {
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [],
    );
    place(&world, 1).await;
    world.settle().await;
    let id = world.store.all_orders().remove(0).id;
    world
        .set_status(&agent(BERTA), id, "delivered")
        .await
        .unwrap();
    world
        .set_status(&agent(BERTA), id, "delivered")
        .await
        .unwrap();
    world.clock.advance(SignedDuration::from_hours(1));
    world
        .set_status(&agent(BERTA), id, "delivered")
        .await
        .unwrap();
    world.clock.advance(SignedDuration::from_hours(24));
    let repeated = world.set_status(&agent(BERTA), id, "delivered").await;
    assert!(matches!(repeated, Err(Refusal::NotFound)));
}
