//! The limit on a customer's pending orders.

#![allow(clippy::unwrap_used)]

mod world;

use app::Refusal;
use app::answers::OrderAnswer;
use app::ports::UserStore;
use domain::{OrderStatus, UserStatus};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{a_customer, an_order};
use world::{World, customer};

const ANA: u64 = 1;
const BEN: u64 = 2;

async fn place(world: &World, number: u64, key: Option<&str>) -> Result<OrderAnswer, Refusal> {
    let body = json!({
        "pickup": {"location": {"lat": 41.387, "lon": 2.1701}},
        "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
    });
    let place_order = world.place_order();
    place_order.run(&customer(number), &body, key).await
}

fn refused(placed: &Result<OrderAnswer, Refusal>) -> Option<u32> {
    match placed {
        Err(Refusal::TooManyOpenOrders { limit }) => Some(*limit),
        Ok(_) | Err(_) => None,
    }
}

fn a_world(most: u32) -> World {
    World {
        most_open_orders: most,
        ..World::with([a_customer(ANA).build(), a_customer(BEN).build()], [])
    }
}

#[tokio::test]
async fn each_customer_has_room_for_so_many_pending_orders() {
    let world = a_world(2);
    place(&world, ANA, None).await.unwrap();
    place(&world, ANA, None).await.unwrap();
    assert_eq!(refused(&place(&world, ANA, None).await), Some(2));
    assert_eq!(world.store.all_orders().len(), 2, "nothing is stored");
    place(&world, BEN, None).await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_not_pending_any_more_leaves_room() {
    let world = a_world(2);
    place(&world, ANA, None).await.unwrap();
    place(&world, ANA, None).await.unwrap();
    let first = world.store.all_orders()[0].id;
    world
        .set_status(&customer(ANA), first, "cancelled")
        .await
        .unwrap();
    place(&world, ANA, None).await.unwrap();
    // The orders were counted for that. They are counted once a minute at most.
    let second = world.store.all_orders()[1].id;
    world
        .set_status(&customer(ANA), second, "cancelled")
        .await
        .unwrap();
    assert_eq!(refused(&place(&world, ANA, None).await), Some(2));
    world.clock.advance(SignedDuration::from_secs(60));
    place(&world, ANA, None).await.unwrap();
    let mut orders = world.store.all_orders();
    orders.retain(|order| order.status == OrderStatus::Pending);
    assert_eq!(orders.len(), 2);
}

#[tokio::test]
async fn a_request_that_is_repeated_gets_its_order_without_room() {
    let world = a_world(1);
    let first = place(&world, ANA, Some("shop-1")).await.unwrap();
    assert_eq!(place(&world, ANA, Some("shop-1")).await.unwrap(), first);
    assert_eq!(refused(&place(&world, ANA, Some("shop-2")).await), Some(1));
}

#[tokio::test]
async fn a_request_that_is_repeated_takes_no_room() {
    let world = a_world(2);
    for _ in 0..5 {
        place(&world, ANA, Some("shop-1")).await.unwrap();
    }
    place(&world, ANA, Some("shop-2")).await.unwrap();
}

#[tokio::test]
async fn a_customer_may_have_another_limit() {
    let world = a_world(2);
    let ana = world.store.user(user_id(ANA)).await.unwrap().unwrap();
    let mut limited = ana.changed(ana.updated_at);
    limited.max_open_orders = Some(1);
    world.store.put_user(&limited).await.unwrap();
    place(&world, ANA, None).await.unwrap();
    assert_eq!(refused(&place(&world, ANA, None).await), Some(1));

    let mut barred = limited.changed(limited.updated_at);
    barred.max_open_orders = Some(0);
    world.store.put_user(&barred).await.unwrap();
    assert_eq!(refused(&place(&world, ANA, None).await), Some(0));

    let mut large = barred.changed(barred.updated_at);
    large.max_open_orders = Some(3);
    world.store.put_user(&large).await.unwrap();
    place(&world, ANA, None).await.unwrap();
    place(&world, ANA, None).await.unwrap();
    assert_eq!(refused(&place(&world, ANA, None).await), Some(3));
}

#[tokio::test]
async fn orders_of_before_are_counted_once_the_limit_is_reached() {
    let world = World {
        most_open_orders: 3,
        ..World::with([], [1_001, 1_002].map(|number| an_order(number).build()))
    };
    // These two orders never took room, so the third one is one too many.
    for _ in 0..3 {
        place(&world, ANA, None).await.unwrap();
    }
    assert_eq!(refused(&place(&world, ANA, None).await), Some(3));
}

#[tokio::test]
async fn a_suspended_customer_places_and_cancels_nothing() {
    let world = a_world(5);
    place(&world, ANA, Some("shop-1")).await.unwrap();
    let order = world.store.all_orders()[0].id;
    let ana = world.store.user(user_id(ANA)).await.unwrap().unwrap();
    let suspended = ana.customer_set_to(UserStatus::Suspended, ana.updated_at);
    world.store.put_user(&suspended.unwrap()).await.unwrap();
    for key in [None, Some("shop-1"), Some("shop-2")] {
        let refusal = place(&world, ANA, key).await.unwrap_err();
        assert!(matches!(refusal, Refusal::AccountSuspended), "{refusal:?}");
    }
    let cancelled = world.set_status(&customer(ANA), order, "cancelled").await;
    assert!(matches!(cancelled, Err(Refusal::AccountSuspended)));
    assert_eq!(world.store.all_orders().len(), 1);
    place(&world, BEN, None).await.unwrap();
}
