//! Going off duty and being suspended with orders on the route.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use app::Refusal;
use app::agents::UpdateAgent;
use app::ports::{Changeset, DispatchLedger, IdentityProvider, StoreError, UserStore};
use async_trait::async_trait;
use domain::{Actor, AgentProfile, OrderId, OrderStatus, RouteStatus, UserStatus};
use serde_json::json;
use testkit::build::{marta_signs_up, user_id};
use testkit::memory::{CODE, IdentityCall};
use testkit::{MemoryStore, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

/// Berta drives two orders, the first of which is aboard. Carla is off duty.
async fn under_way() -> (World, OrderId, OrderId) {
    let people = [
        a_customer(1).build(),
        an_agent(BERTA).on_duty().build(),
        an_agent(CARLA).build(),
    ];
    let world = World::with(people, []);
    for _ in 0..2 {
        place(&world).await;
    }
    world.settle().await;
    let [aboard, waiting] = [0, 1].map(|n| world.store.all_orders().remove(n).id);
    let berta = agent(BERTA);
    world
        .set_status(&berta, aboard, "in_progress")
        .await
        .unwrap();
    (world, aboard, waiting)
}

async fn place(world: &World) {
    let body = json!({
        "pickup": {"location": {"lat": 41.3870, "lon": 2.1701}},
        "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
    });
    let place = world.place_order();
    place.run(&customer(1), &body, None).await.unwrap();
}

async fn profile(world: &World, number: u64) -> AgentProfile {
    let user = world.store.user(user_id(number)).await.unwrap().unwrap();
    user.agent.unwrap()
}

#[tokio::test]
async fn who_goes_off_duty_is_told_of_the_open_route_or_gives_back_what_is_not_aboard() {
    let (world, aboard, waiting) = under_way().await;
    let berta = agent(BERTA);
    let off = json!({"on_duty": false});
    let refused = world.update(&berta, user_id(BERTA), off.clone()).await;
    assert!(matches!(refused, Err(Refusal::RouteOpen)));
    assert_eq!(world.order(waiting).status, OrderStatus::Assigned);

    let release = json!({"on_duty": false, "release": true});
    world
        .update(&berta, user_id(BERTA), release.clone())
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    let given_back = world.order(waiting);
    assert_eq!(given_back.status, OrderStatus::Pending);
    assert_eq!(given_back.history.last().unwrap().by, Actor::Agent);
    assert_eq!(world.order(aboard).status, OrderStatus::InProgress);
    assert!(!profile(&world, BERTA).await.on_duty);

    // Asked again, or without the release, nothing changes any more.
    for body in [release, off] {
        world.update(&berta, user_id(BERTA), body).await.unwrap();
        world.assert_consistent();
        assert_eq!(world.order(aboard).status, OrderStatus::InProgress);
    }

    // What is aboard is theirs to deliver. Nothing new comes, until they are on duty again.
    place(&world).await;
    world.settle().await;
    let route = world.only_route();
    assert_eq!(route.open_orders(), [aboard]);
    world.set_status(&berta, aboard, "delivered").await.unwrap();
    world.settle().await;
    assert_eq!(world.only_route().status, RouteStatus::Completed);
    assert_eq!(profile(&world, BERTA).await.open_route_id, None);
    let on = json!({"on_duty": true});
    world.update(&berta, user_id(BERTA), on).await.unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.order(waiting).status, OrderStatus::Assigned);
}

#[tokio::test]
async fn a_route_with_nothing_aboard_is_cancelled_by_a_release() {
    let people = [a_customer(1).build(), an_agent(BERTA).on_duty().build()];
    let world = World::with(people, []);
    place(&world).await;
    world.settle().await;
    let release = json!({"on_duty": false, "release": true});
    world
        .update(&agent(BERTA), user_id(BERTA), release)
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.only_route().status, RouteStatus::Cancelled);
    assert_eq!(profile(&world, BERTA).await.open_route_id, None);
    assert_eq!(world.store.all_orders()[0].status, OrderStatus::Pending);
}

#[tokio::test]
async fn an_order_that_is_planned_while_an_agent_goes_off_duty_is_not_added() {
    // The agent's write comes between the optimizer's reading and its commit, which loses.
    let (world, aboard, waiting) = under_way().await;
    place(&world).await;
    let update = world.update_agent();
    world.provider.meanwhile(move || {
        let body = json!({"on_duty": false, "release": true});
        futures::executor::block_on(update.run(&agent(BERTA), "me", &body)).unwrap();
    });
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.only_route().open_orders(), [aboard]);
    assert_eq!(world.order(waiting).status, OrderStatus::Pending);
}

/// The ledger, to which the optimizer comes first, and then a tap on an order.
struct Late {
    ledger: Arc<MemoryStore>,
    world: Arc<World>,
    tapped: Option<OrderId>,
    first: AtomicBool,
}

#[async_trait]
impl DispatchLedger for Late {
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError> {
        if self.first.swap(false, Ordering::SeqCst) {
            self.world.settle().await;
            if let Some(order) = self.tapped {
                let berta = agent(BERTA);
                let tap = self.world.set_status(&berta, order, "in_progress");
                tap.await.unwrap();
            }
        }
        self.ledger.commit(change).await
    }
}

/// Berta goes off duty, and others are a moment faster.
async fn released_late(world: &Arc<World>, tapped: Option<OrderId>) {
    let late = UpdateAgent {
        ledger: Arc::new(Late {
            ledger: world.store.clone(),
            world: world.clone(),
            tapped,
            first: AtomicBool::new(true),
        }),
        ..world.update_agent()
    };
    let release = json!({"on_duty": false, "release": true});
    late.run(&agent(BERTA), "me", &release).await.unwrap();
    world.assert_consistent();
}

#[tokio::test]
async fn an_order_that_was_added_a_moment_before_goes_back_too() {
    let (world, aboard, waiting) = under_way().await;
    let world = Arc::new(world);
    place(&world).await;
    let added = world.store.all_orders().remove(2).id;
    released_late(&world, None).await;
    let steps = |order| world.order(order).history.len();
    assert_eq!(steps(added), 3, "it was assigned, and given back");
    assert_eq!(world.only_route().open_orders(), [aboard]);
    for order in [waiting, added] {
        assert_eq!(world.order(order).status, OrderStatus::Pending);
    }
}

#[tokio::test]
async fn an_order_that_came_aboard_a_moment_before_stays_aboard() {
    let (world, aboard, waiting) = under_way().await;
    let world = Arc::new(world);
    released_late(&world, Some(waiting)).await;
    for order in [aboard, waiting] {
        assert_eq!(world.order(order).status, OrderStatus::InProgress);
    }
    let profile = profile(&world, BERTA).await;
    assert_eq!(profile.open_route_id, Some(world.only_route().id));
    assert!(!profile.on_duty);
}

#[tokio::test]
async fn what_is_aboard_of_a_suspended_agent_is_the_dispatchers_to_finish() {
    // A suspension takes off duty as well, whether or not that is said.
    for (outcome, suspend) in [
        ("delivered", json!({"status": "suspended"})),
        ("failed", json!({"status": "suspended", "on_duty": false})),
    ] {
        let (world, aboard, waiting) = under_way().await;
        world
            .update(&dispatcher(), user_id(BERTA), suspend)
            .await
            .unwrap();
        world.settle().await;
        world.assert_consistent();
        let given_back = world.order(waiting);
        assert_eq!(given_back.status, OrderStatus::Pending);
        assert_eq!(given_back.history.last().unwrap().by, Actor::Dispatcher);
        let route = world.only_route();
        assert_eq!(profile(&world, BERTA).await.open_route_id, Some(route.id));
        assert_eq!(route.open_orders(), [aboard]);

        world
            .set_status(&dispatcher(), aboard, outcome)
            .await
            .unwrap();
        world.assert_consistent();
        let expected = match outcome {
            "delivered" => RouteStatus::Completed,
            _ => RouteStatus::Cancelled,
        };
        assert_eq!(world.only_route().status, expected);
        assert_eq!(profile(&world, BERTA).await.open_route_id, None);
    }
}

#[tokio::test]
async fn a_suspension_signs_out_and_is_repeated_where_that_failed() {
    let marta = marta_signs_up();
    let (world, _, _) = under_way().await;
    let identity = &world.identity;
    identity.sign_up(&marta).await.unwrap();
    identity.confirm(&marta.email, CODE).await.unwrap();
    identity
        .log_in(&marta.email, &marta.password)
        .await
        .unwrap();
    let id = identity.account_of(&marta.email).unwrap().user_id;
    let mut her = an_agent(1).build();
    her.id = id;
    her.version = 1;
    world.store.put_user(&her).await.unwrap();

    identity.set_away(Some(IdentityCall::SignOut));
    let suspend = json!({"status": "suspended"});
    let failed = world.update(&dispatcher(), id, suspend.clone()).await;
    assert!(matches!(failed, Err(Refusal::Unavailable(_))));
    let suspended = world.store.user(id).await.unwrap().unwrap();
    assert_eq!(
        suspended.status,
        UserStatus::Suspended,
        "which is what counts"
    );
    assert_eq!(identity.sessions_of(&marta.email), 1);

    identity.set_away(None);
    world.update(&dispatcher(), id, suspend).await.unwrap();
    assert_eq!(identity.sessions_of(&marta.email), 0);
}

#[tokio::test]
async fn other_changes_sign_nobody_out() {
    let (world, _, _) = under_way().await;
    world.identity.set_away(Some(IdentityCall::SignOut));
    for (caller, body) in [
        (dispatcher(), json!({"status": "active"})),
        (agent(BERTA), json!({"vehicle": {"capacity": 12}})),
        (agent(BERTA), json!({"on_duty": false, "release": true})),
    ] {
        world.update(&caller, user_id(BERTA), body).await.unwrap();
    }
}
