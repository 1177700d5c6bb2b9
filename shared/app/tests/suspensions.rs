//! A dispatcher suspends a customer: the customer's orders wait, and are freed again afterwards.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use std::sync::Arc;
use std::time::Duration;

use app::Refusal;
use app::messages::CustomerChanged;
use app::orders::CreateOrder;
use app::ports::{IdempotencyKey, OrderPlacement, OrderStore, Placement, StoreError, UserStore};
use async_trait::async_trait;
use domain::{DecisionKind, Order, OrderId, OrderStatus, RequiredProof, Timestamp, UserStatus};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{MemoryStore, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const ANA: u64 = 1;
const BERTA: u64 = 10;
const AMPLE: Duration = Duration::from_secs(120);

/// An agent on duty, two customers, and pending orders of the first one.
fn world(orders: u64) -> World {
    let berta = an_agent(BERTA).on_duty().build();
    let customers = [a_customer(ANA).build(), a_customer(2).build()];
    let orders = (1..=orders).map(|number| an_order(number).build());
    World::with(customers.into_iter().chain([berta]), orders)
}

fn ids(world: &World) -> Vec<OrderId> {
    let orders = world.store.all_orders();
    orders.iter().map(|order| order.id).collect()
}

/// The status of each order, and whether it waits for the end of the suspension.
fn states(world: &World) -> Vec<(OrderStatus, bool)> {
    let orders = world.store.all_orders();
    let state = |order: &Order| (order.status, order.decided.suspended);
    orders.iter().map(state).collect()
}

#[tokio::test]
async fn orders_that_are_not_picked_up_wait_and_only_these_are_freed() {
    use OrderStatus::{Assigned, InProgress, Pending};
    let world = world(4);
    let [aboard, on_route, held, pending] = ids(&world)[..] else {
        panic!("four orders");
    };
    world.release(held, json!({"hold": true})).await.unwrap();
    let somebody_elses = an_order(5).of(user_id(2)).build();
    world.store.put_order(&somebody_elses).await.unwrap();
    world.settle().await;
    let not_berta = json!({"not": [user_id(BERTA)]});
    world.release(pending, not_berta).await.unwrap();
    let berta = agent(BERTA);
    let pick_up = world.set_status(&berta, aboard, "in_progress");
    pick_up.await.unwrap();
    world.settle().await;
    let before = states(&world);
    let expected = [InProgress, Assigned, Pending, Pending, Assigned].map(|it| (it, false));
    assert_eq!(before, expected);
    world.take_told("");

    world.set_customer(ANA, "suspended").await.unwrap();
    world.settle().await;
    world.assert_consistent();
    let waiting = [
        (InProgress, false),
        (Pending, true),
        (Pending, true),
        (Pending, true),
        (Assigned, false),
    ];
    assert_eq!(states(&world), waiting);
    let line = world.order(on_route).history.pop().unwrap();
    let decision = line.decision.unwrap();
    assert_eq!(decision.kind, DecisionKind::CustomerSuspended);
    assert_eq!(decision.user_id, dispatcher().user_id);
    assert_eq!(
        world.take_told("taken-off").len(),
        1,
        "the agent hears of it"
    );
    world.clock.advance(SignedDuration::from_hours(3));
    world.sweep().await;
    world.settle().await;
    assert_eq!(states(&world), waiting, "no plan takes them");

    world.set_customer(ANA, "active").await.unwrap();
    world.settle().await;
    world.assert_consistent();
    let freed = [InProgress, Assigned, Pending, Pending, Assigned].map(|it| (it, false));
    assert_eq!(states(&world), freed);
    assert!(world.order(held).decided.held, "a dispatcher holds it");
    assert_eq!(
        world.order(pending).decided.refused_agents,
        [user_id(BERTA)]
    );
}

/// Suspends the customer at the last moment: the call has read the record before.
struct SuspendedMeanwhile(Arc<MemoryStore>);

#[async_trait]
impl OrderPlacement for SuspendedMeanwhile {
    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError> {
        let ana = self.0.user(order.customer_id).await?.unwrap();
        let suspended = ana.customer_set_to(UserStatus::Suspended, order.created_at);
        self.0.put_user(&suspended.unwrap()).await?;
        self.0.place(order, key).await
    }

    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError> {
        self.0.key_used(key, now).await
    }
}

#[tokio::test]
async fn an_order_that_is_placed_at_that_moment_is_on_no_route() {
    let world = world(0);
    let place_order = CreateOrder {
        required_proof: RequiredProof::default(),
        placement: Arc::new(SuspendedMeanwhile(world.store.clone())),
        ..world.place_order()
    };
    let stop = |lat: f64| json!({"location": {"lat": lat, "lon": 2.17}});
    let body = json!({"pickup": stop(41.38), "dropoff": stop(41.39)});
    let placed = place_order.run(&customer(ANA), &body, None).await;
    assert!(placed.is_ok(), "the record was read before: {placed:?}");
    // The walk through the orders was over before the order came.
    world.settle().await;
    assert_eq!(states(&world), [(OrderStatus::Pending, true)]);
    let again = world.place_order().run(&customer(ANA), &body, None).await;
    assert!(matches!(again, Err(Refusal::AccountSuspended)), "{again:?}");
    world.set_customer(ANA, "active").await.unwrap();
    world.settle().await;
    assert_eq!(states(&world), [(OrderStatus::Assigned, false)]);
}

#[tokio::test]
async fn a_plan_that_began_before_is_undone_by_the_last_look() {
    let world = world(1);
    world.set_customer(ANA, "suspended").await.unwrap();
    let messages = world.customers.take_messages();
    let follow = world.follow_customer();
    follow.run(messages[1].clone(), AMPLE).await.unwrap();
    let (once_more, delay_s) = world.customers.take().remove(0);
    assert!(
        once_more.last && delay_s > 120,
        "longer than any function runs"
    );
    // A plan that had read everything before the suspension commits now.
    let ana = world.store.user(user_id(ANA)).await.unwrap().unwrap();
    let active = ana.customer_set_to(UserStatus::Active, ana.updated_at);
    let order = world.order(ids(&world)[0]);
    let freed = order.customer_active(dispatcher().user_id, order.updated_at);
    world.store.put_order(&freed.unwrap()).await.unwrap();
    world.store.put_user(&active.unwrap()).await.unwrap();
    world.settle().await;
    let active = world.store.user(user_id(ANA)).await.unwrap().unwrap();
    let later = active.updated_at + SignedDuration::from_secs(60);
    let suspended = active.customer_set_to(UserStatus::Suspended, later);
    world.store.put_user(&suspended.unwrap()).await.unwrap();
    assert_eq!(states(&world), [(OrderStatus::Assigned, false)]);
    let report = follow.run(once_more, AMPLE).await.unwrap();
    assert!(report.is_over);
    assert_eq!(
        world.customers.take(),
        [],
        "there is no look after the last one"
    );
    assert_eq!(states(&world), [(OrderStatus::Pending, true)]);
    world.assert_consistent();
}

#[tokio::test]
async fn a_dispatcher_may_still_put_an_order_on_a_route() {
    let world = world(1);
    world.set_customer(ANA, "suspended").await.unwrap();
    world.settle().await;
    let order = ids(&world)[0];
    let assigned = world.assign(order, json!({"agent_id": user_id(BERTA)}));
    assigned.await.unwrap();
    world.set_customer(ANA, "suspended").await.unwrap();
    world.settle().await;
    assert_eq!(states(&world), [(OrderStatus::Assigned, false)]);
}

#[tokio::test]
async fn the_messages_may_come_in_any_sequence() {
    let world = world(2);
    world.set_customer(ANA, "suspended").await.unwrap();
    world.settle().await;
    world.set_customer(ANA, "suspended").await.unwrap();
    let late: Vec<CustomerChanged> = world.customers.take_messages();
    world.set_customer(ANA, "active").await.unwrap();
    world.settle().await;
    for message in late {
        let follow = world.follow_customer();
        follow.run(message, AMPLE).await.unwrap();
    }
    world.settle().await;
    assert_eq!(states(&world), [(OrderStatus::Assigned, false); 2]);
}

#[tokio::test]
async fn a_long_list_is_gone_through_page_by_page_across_crashes() {
    let world = world(250);
    world.set_customer(ANA, "suspended").await.unwrap();
    world.take_told("");
    world.store.take_changes();
    let waiting = || states(&world).iter().filter(|state| state.1).count();
    let mut queue = vec![world.customers.take_messages().remove(1)];
    let mut runs = 0;
    let mut failures = 0;
    while let Some(message) = queue.pop() {
        runs += 1;
        assert!(runs < 20, "it comes to its end");
        if message.last {
            break;
        }
        // Every second run dies in the middle of its page, and the message comes again.
        if runs % 2 == 1 {
            let some = std::iter::repeat_n(NextWrite::Succeeds, 30);
            world.store.next_writes(some.chain([NextWrite::IsRefused]));
        }
        let follow = world.follow_customer();
        match follow.run(message.clone(), Duration::ZERO).await {
            Ok(_) => queue.extend(world.customers.take_messages()),
            Err(refusal) => {
                assert!(matches!(refusal, Refusal::Unavailable(_)), "{refusal:?}");
                failures += 1;
                queue.push(message);
            }
        }
        world.store.next_writes([]);
    }
    assert!(failures > 1, "some runs died");
    assert_eq!(waiting(), 250);
    let changes: Vec<u64> = world
        .store
        .all_orders()
        .iter()
        .map(|it| it.version)
        .collect();
    assert!(changes.iter().all(|version| *version == 2), "each once");
}

#[tokio::test]
async fn only_a_confirmed_customer_is_suspended_and_only_by_a_dispatcher() {
    let world = world(0);
    let update = world.update_customer();
    let id = user_id(ANA).to_string();
    let suspend = json!({"status": "suspended"});
    for caller in [customer(ANA), agent(BERTA)] {
        let refused = update.run(&caller, &id, &suspend).await;
        assert!(matches!(refused, Err(Refusal::Forbidden)), "{refused:?}");
    }
    for stranger in [
        user_id(BERTA).to_string(),
        user_id(77).to_string(),
        "me".to_owned(),
    ] {
        let refused = update.run(&dispatcher(), &stranger, &suspend).await;
        assert!(matches!(refused, Err(Refusal::NotFound)), "{refused:?}");
    }
    assert_eq!(world.customers.take(), []);
    world.store.next_writes([NextWrite::Conflicts]);
    update.run(&dispatcher(), &id, &suspend).await.unwrap();
    let body = json!({"max_open_orders": 3, "status": "active"});
    update.run(&dispatcher(), &id, &body).await.unwrap();
    let body = json!({"max_open_orders": null});
    update.run(&dispatcher(), &id, &body).await.unwrap();
    let ana = world.store.user(user_id(ANA)).await.unwrap().unwrap();
    assert_eq!(
        (ana.status, ana.max_open_orders),
        (UserStatus::Active, None)
    );
}
