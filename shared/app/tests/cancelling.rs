//! Cancelling many orders: by their ids, all pending ones of a customer, and those of an import.

#![allow(clippy::unwrap_used, clippy::panic)]

mod importing;

use std::sync::Arc;

use app::imports::Progress;
use app::orders::{CancelOrders, CancelOutcome};
use app::ports::{AgentPart, Changeset, DispatchLedger, ImportStore, OrderStore};
use app::{Caller, Refusal};
use domain::route::{Departure, OpenPart};
use domain::{
    ImportStatus, Order, OrderId, OrderStatus, Role, Route, RouteStop, StopKind, StopStatus, UserId,
};
use importing::{AMPLE, ONE_CHUNK, World, a_file, key};
use serde_json::{Value, json};
use testkit::build::{at, bulk, user_id};
use testkit::{Landmarks, NextWrite, NoJitter, an_agent, an_order};

fn cancel_orders(world: &World) -> CancelOrders {
    CancelOrders {
        orders: world.store.clone(),
        imports: world.store.clone(),
        bulk: bulk(&world.store),
        queue: world.queue.clone(),
        clock: world.clock.clone(),
        jitter: Arc::new(NoJitter),
    }
}

fn by(user: UserId, role: Role) -> Caller {
    Caller {
        user_id: user,
        roles: vec![role],
        request_id: None,
    }
}

async fn cancel(world: &World, caller: &Caller, body: Value) -> Result<Value, Refusal> {
    match cancel_orders(world).run(caller, &body).await? {
        CancelOutcome::Orders(answer) => Ok(serde_json::to_value(answer).unwrap()),
        CancelOutcome::Import(import) => Ok(serde_json::to_value(*import).unwrap()),
    }
}

fn customer() -> Caller {
    by(key().customer_id, Role::Customer)
}

fn dispatcher() -> Caller {
    by(user_id(9), Role::Dispatcher)
}

async fn store(world: &World, orders: &[Order]) {
    for order in orders {
        world.store.put_order(order).await.unwrap();
    }
}

/// Puts these orders on a route of agent 7.
async fn put_on_route(world: &World, orders: &[Order]) -> Route {
    let now = at("2030-05-06T08:10:00Z");
    let agent = an_agent(7).on_duty().build();
    let stops = orders.iter().flat_map(|order| {
        [StopKind::Pickup, StopKind::Dropoff].map(|kind| RouteStop {
            kind,
            order_id: order.id,
            location: Landmarks::SAGRADA_FAMILIA,
            address: None,
            eta: now,
            not_before: None,
            not_after: None,
            service_s: 60,
            leg: domain::Leg::default(),
            status: StopStatus::Pending,
            done_at: None,
            pinned: false,
            returns: false,
        })
    });
    let plan = OpenPart {
        from: Departure {
            location: Landmarks::PLACA_CATALUNYA,
            at: now,
        },
        stops: stops.collect(),
        provider: "embedded".to_owned(),
        geometry: None,
        breaks: Vec::new(),
    };
    let id = "0197c56e-07e0-7a35-8c64-2f0b6d1e9a72".parse().unwrap();
    let route = Route::planned(id, agent.id, plan, now);
    let stored = Changeset {
        agents: vec![AgentPart::Changed(agent.clone())],
        ..Changeset::default()
    };
    world.store.commit(&stored).await.unwrap();
    let mut driving = agent.changed(now);
    driving.agent.as_mut().unwrap().open_route_id = Some(route.id);
    let assigned = orders
        .iter()
        .map(|it| it.assigned(agent.id, route.id, now).unwrap());
    let change = Changeset {
        orders: assigned.collect(),
        routes: vec![route.clone()],
        agents: vec![AgentPart::Changed(driving)],
    };
    world.store.commit(&change).await.unwrap();
    route
}

fn statuses(world: &World, status: OrderStatus) -> usize {
    let orders = world.store.all_orders();
    orders.iter().filter(|order| order.status == status).count()
}

fn results(answer: &Value) -> Vec<(&str, &str)> {
    let orders = answer["orders"].as_array().unwrap().iter();
    orders
        .map(|it| {
            let status = it["status"].as_str().unwrap_or("none");
            (it["result"].as_str().unwrap(), status)
        })
        .collect()
}

#[tokio::test]
async fn each_order_of_a_list_has_an_answer() {
    let world = World::with("").await;
    let own = |n| an_order(n).of(key().customer_id).build();
    let (pending, assigned, other, aboard) = (own(1), own(2), own(3), own(4));
    let somebody_elses = an_order(5).of(user_id(1)).build();
    let all = [
        pending.clone(),
        assigned.clone(),
        other.clone(),
        aboard.clone(),
        somebody_elses.clone(),
    ];
    store(&world, &all).await;
    let on_route = [assigned.clone(), other.clone(), aboard.clone()];
    put_on_route(&world, &on_route).await;
    let now = at("2030-05-06T08:20:00Z");
    let stored = world.store.order(aboard.id).await.unwrap().unwrap();
    let picked_up = stored.step(OrderStatus::InProgress, domain::Actor::Agent, None, now);
    store(&world, &[picked_up.unwrap()]).await;

    let unknown = "0190a0a0-0000-7000-8000-000000000000";
    let ids = json!([
        aboard.id,
        pending.id,
        somebody_elses.id,
        assigned.id,
        unknown,
        pending.id
    ]);
    let body = json!({"order_ids": ids, "reason": "The shop is closed."});
    let answer = cancel(&world, &customer(), body.clone()).await.unwrap();
    let expected = [
        ("not_possible", "in_progress"),
        ("cancelled", "cancelled"),
        ("not_found", "none"),
        ("cancelled", "cancelled"),
        ("not_found", "none"),
    ];
    assert_eq!(results(&answer), expected);
    let cancelled = world.store.order(assigned.id).await.unwrap().unwrap();
    let line = cancelled.history.last().unwrap();
    assert_eq!(line.reason.as_deref(), Some("The shop is closed."));
    let route = world.store.all_routes().remove(0);
    assert_eq!(route.open_orders(), [other.id, aboard.id]);
    // Repeated, it has the same answer and changes nothing.
    assert_eq!(cancel(&world, &customer(), body).await.unwrap(), answer);
    assert_eq!(
        world.store.order(assigned.id).await.unwrap(),
        Some(cancelled)
    );
}

#[tokio::test]
async fn the_orders_of_one_route_are_cancelled_together_and_set_its_agent_free() {
    let world = World::with("").await;
    let orders: Vec<Order> = (1..=8)
        .map(|n| an_order(n).of(key().customer_id).build())
        .collect();
    store(&world, &orders).await;
    let route = put_on_route(&world, &orders).await;
    world.store.next_writes([NextWrite::Conflicts]);
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    cancel(&world, &dispatcher(), json!({"order_ids": ids}))
        .await
        .unwrap();
    assert_eq!(statuses(&world, OrderStatus::Cancelled), 8);
    let after = world.store.all_routes().remove(0);
    assert_eq!(after.version, route.version + 1, "one write for all");
    let agent = world
        .store
        .all_users()
        .into_iter()
        .find(|user| user.id == route.agent_id);
    assert_eq!(agent.unwrap().agent.unwrap().open_route_id, None);
}

#[tokio::test]
async fn the_pending_orders_of_a_customer_are_cancelled_in_steps() {
    let world = World::with("").await;
    let orders: Vec<Order> = (1..=130)
        .map(|n| an_order(n).of(key().customer_id).build())
        .collect();
    store(&world, &orders).await;
    store(&world, &[an_order(200).of(user_id(1)).build()]).await;
    put_on_route(&world, &orders[..2]).await;
    let body = json!({"filter": {"status": "pending"}});
    let mut calls = 0;
    loop {
        let answer = cancel(&world, &customer(), body.clone()).await.unwrap();
        calls += 1;
        assert!(
            results(&answer)
                .iter()
                .all(|(result, _)| *result == "cancelled")
        );
        if answer["more"] == json!(false) {
            break;
        }
    }
    assert_eq!(calls, 2);
    assert_eq!(statuses(&world, OrderStatus::Cancelled), 128);
    assert_eq!(
        statuses(&world, OrderStatus::Assigned),
        2,
        "those on routes stay"
    );
    assert_eq!(
        statuses(&world, OrderStatus::Pending),
        1,
        "and those of others"
    );
}

/// A world with an import of this many rows, whose orders exist.
async fn imported(rows: u32) -> World {
    let (file, _, _) = a_file(rows);
    let world = World::with(file).await;
    world.run_through(AMPLE).await;
    world.queue.take();
    world
}

fn of_import() -> Value {
    json!({"filter": {"import_id": key().import_id}})
}

#[tokio::test]
async fn one_call_cancels_an_import_and_a_kill_at_any_write_leaves_no_order() {
    for writes in [0, 1, 50, 99, 100, 101, 150, 200] {
        let world = imported(300).await;
        let answer = cancel(&world, &customer(), of_import()).await.unwrap();
        assert_eq!(answer["cancellation"]["progress"], 0.0);
        assert_eq!(answer["status"], "completed_with_errors");
        assert!(!world.queue.take().is_empty(), "the queue goes on");
        let passes = std::iter::repeat_n(NextWrite::Succeeds, writes);
        world
            .store
            .next_writes(passes.chain([NextWrite::IsRefused]));
        let killed = world.run(AMPLE).await;
        let is_over = killed.is_ok_and(|report| matches!(report.progress, Progress::Over(_)));
        assert!(!is_over, "{writes}");
        world.store.next_writes([]);
        world.run_through(AMPLE).await;
        assert_eq!(statuses(&world, OrderStatus::Cancelled), 270);
        let cancellation = world.import().cancellation.unwrap();
        assert_eq!(
            (cancellation.cancelled, cancellation.kept),
            (270, 0),
            "{writes}"
        );
        assert!(cancellation.finished_at.is_some());
    }
}

#[tokio::test]
async fn a_run_without_time_hands_the_rest_on() {
    let world = imported(300).await;
    cancel(&world, &customer(), of_import()).await.unwrap();
    world.queue.take();
    let report = world.run(ONE_CHUNK).await.unwrap();
    assert_eq!(
        (report.progress, report.cancelled_rows),
        (Progress::HandedOn, 100)
    );
    assert_eq!(world.queue.take().len(), 1);
    let answer = cancel(&world, &customer(), of_import()).await.unwrap();
    assert_eq!(answer["cancellation"]["progress"], 0.3333);
    assert_eq!(
        world.queue.take().len(),
        1,
        "the process before may have died before it sent the message"
    );
    world.run_through(ONE_CHUNK).await;
    assert_eq!(statuses(&world, OrderStatus::Cancelled), 270);
}

#[tokio::test]
async fn an_import_that_is_not_over_stops_and_its_orders_go() {
    let (file, _, _) = a_file(400);
    let world = World::with(file).await;
    world.run(ONE_CHUNK).await.unwrap();
    world.run(ONE_CHUNK).await.unwrap();
    let before = world.import();
    assert_eq!(before.status, ImportStatus::Processing);
    // A consumer has read the record and writes its rows after the call.
    let answer = cancel(&world, &customer(), of_import()).await.unwrap();
    assert_eq!(answer["status"], "cancelled");
    let refused = world
        .store
        .put_import(&before.paused(at("2030-05-06T08:40:00Z")))
        .await;
    assert!(refused.is_err());
    let import = world.run_through(AMPLE).await;
    assert_eq!(import.rows(), before.rows(), "no further row is read");
    assert_eq!(world.store.all_orders().len(), before.accepted as usize);
    assert_eq!(
        statuses(&world, OrderStatus::Cancelled),
        before.accepted as usize
    );
}

#[tokio::test]
async fn an_import_without_a_file_is_over_at_once() {
    let world = World::with(a_file(10).0).await;
    let answer = cancel(&world, &dispatcher(), of_import()).await.unwrap();
    assert_eq!(answer["status"], "cancelled");
    assert!(answer["cancellation"]["finished_at"].is_string());
    let report = world.run(AMPLE).await.unwrap();
    assert_eq!(report.progress, Progress::Over(ImportStatus::Cancelled));
    assert!(world.store.all_orders().is_empty());
}

#[tokio::test]
async fn only_the_pending_orders_of_an_import_go_and_later_all_of_them() {
    let world = imported(20).await;
    let orders: Vec<Order> = world.store.all_orders().into_iter().take(3).collect();
    put_on_route(&world, &orders).await;
    let pending = json!({"filter": {"import_id": key().import_id, "status": "pending"}});
    cancel(&world, &customer(), pending.clone()).await.unwrap();
    let import = world.run_through(AMPLE).await;
    let cancellation = import.cancellation.unwrap();
    assert_eq!((cancellation.cancelled, cancellation.kept), (15, 3));
    world.queue.take();
    cancel(&world, &customer(), pending).await.unwrap();
    assert!(
        world.queue.take().is_empty(),
        "there is nothing to do again"
    );
    cancel(&world, &customer(), of_import()).await.unwrap();
    let import = world.run_through(AMPLE).await;
    assert_eq!(import.cancellation.unwrap().cancelled, 18);
    assert_eq!(statuses(&world, OrderStatus::Cancelled), 18);
}

#[tokio::test]
async fn an_import_of_somebody_else_is_not_there_and_agents_cancel_nothing() {
    let world = imported(10).await;
    let stranger = by(user_id(1), Role::Customer);
    let refused = cancel(&world, &stranger, of_import()).await;
    assert!(matches!(refused, Err(Refusal::NotFound)));
    let agent = by(user_id(7), Role::Agent);
    assert!(matches!(
        cancel(&world, &agent, of_import()).await,
        Err(Refusal::Forbidden)
    ));
    assert!(world.import().cancellation.is_none());
}

#[tokio::test]
async fn every_bad_field_is_named() {
    let world = World::with("").await;
    let import_id = key().import_id;
    for (caller, body, pointers) in [
        (customer(), json!({}), vec!["#"]),
        (customer(), json!({"order_ids": []}), vec!["#/order_ids"]),
        (
            customer(),
            json!({"order_ids": ["x", import_id, 5], "reason": "", "all": true}),
            vec!["#/all", "#/order_ids/0", "#/order_ids/2", "#/reason"],
        ),
        (
            customer(),
            json!({"order_ids": [import_id], "filter": {"import_id": import_id}}),
            vec!["#"],
        ),
        (customer(), json!({"filter": {}}), vec!["#/filter/status"]),
        (
            customer(),
            json!({"filter": {"status": "assigned", "import_id": "x"}}),
            vec!["#/filter/status", "#/filter/import_id"],
        ),
        (
            dispatcher(),
            json!({"filter": {"status": "pending"}}),
            vec!["#/filter/customer_id"],
        ),
        (
            customer(),
            json!({"filter": {"status": "pending", "customer_id": import_id}}),
            vec!["#/filter/customer_id"],
        ),
    ] {
        match cancel(&world, &caller, body).await {
            Err(Refusal::Invalid(faults)) => {
                let found: Vec<String> = faults.into_iter().map(|it| it.pointer).collect();
                assert_eq!(found, pointers);
            }
            other => panic!("{other:?}"),
        }
    }
}
