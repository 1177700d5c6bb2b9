//! [`OrderPlacement`], with the orders that it stores.

use app::ports::{IdempotencyKey, OrderPlacement, OrderStore, Placement};
use domain::{Order, Timestamp, UserId};
use futures::future::join_all;

use super::fresh::later;
use super::{Fresh, assert_conflict};
use crate::build::at;

/// Checks the placing of orders.
pub async fn run(placement: &dyn OrderPlacement, orders: &dyn OrderStore) {
    an_order_is_placed_once(placement, orders).await;
    a_key_is_used_once(placement, orders).await;
    a_key_is_its_callers_own(placement).await;
    a_key_is_forgotten_in_time(placement).await;
    of_many_with_one_key_one_is_placed(placement, orders).await;
}

fn now() -> Timestamp {
    at("2030-05-06T08:00:00Z")
}

fn key(caller: UserId, key: &str, body: &str) -> IdempotencyKey {
    IdempotencyKey {
        caller,
        key: key.to_owned(),
        fingerprint: body.to_owned(),
        expires_at: later(now(), 86_400),
    }
}

fn used_by(order: &Order, body: &str) -> Placement {
    Placement::KeyUsed {
        order_id: order.id,
        fingerprint: body.to_owned(),
    }
}

async fn an_order_is_placed_once(placement: &dyn OrderPlacement, orders: &dyn OrderStore) {
    let fresh = Fresh::new();
    let order = fresh.order(fresh.user_id(), now());
    assert_eq!(
        placement.place(&order, None).await.unwrap(),
        Placement::Placed
    );
    assert_eq!(orders.order(order.id).await.unwrap().as_ref(), Some(&order));
    assert_conflict(placement.place(&order, None).await, "placed again");
}

async fn a_key_is_used_once(placement: &dyn OrderPlacement, orders: &dyn OrderStore) {
    let fresh = Fresh::new();
    let caller = fresh.user_id();
    // The longest key that the API accepts, with characters that are unusual in a key.
    let text = format!("#/{}", "k".repeat(253));
    let first = fresh.order(caller, now());
    let placed = placement
        .place(&first, Some(&key(caller, &text, "body a")))
        .await;
    assert_eq!(placed.unwrap(), Placement::Placed);

    for body in ["body a", "body b"] {
        let again = fresh.order(caller, later(now(), 86_399));
        let placed = placement
            .place(&again, Some(&key(caller, &text, body)))
            .await;
        assert_eq!(placed.unwrap(), used_by(&first, "body a"));
        assert_eq!(
            orders.order(again.id).await.unwrap(),
            None,
            "nothing was stored"
        );
    }
    let placed = placement
        .place(&first, Some(&key(caller, &text, "body a")))
        .await;
    assert_eq!(placed.unwrap(), used_by(&first, "body a"), "by itself");
    assert_eq!(orders.order(first.id).await.unwrap(), Some(first));
}

async fn a_key_is_its_callers_own(placement: &dyn OrderPlacement) {
    let fresh = Fresh::new();
    for caller in [fresh.user_id(), fresh.user_id()] {
        let order = fresh.order(caller, now());
        let placed = placement
            .place(&order, Some(&key(caller, "the-same", "body")))
            .await;
        assert_eq!(placed.unwrap(), Placement::Placed);
    }
}

async fn a_key_is_forgotten_in_time(placement: &dyn OrderPlacement) {
    let fresh = Fresh::new();
    let caller = fresh.user_id();
    let first = fresh.order(caller, now());
    let used = key(caller, "k", "body a");
    placement.place(&first, Some(&used)).await.unwrap();

    let day_after = fresh.order(caller, used.expires_at);
    let mut again = key(caller, "k", "body b");
    again.expires_at = later(used.expires_at, 60);
    assert_eq!(
        placement.place(&day_after, Some(&again)).await.unwrap(),
        Placement::Placed
    );
    let third = fresh.order(caller, later(used.expires_at, 1));
    let placed = placement.place(&third, Some(&again)).await.unwrap();
    assert_eq!(placed, used_by(&day_after, "body b"));
}

async fn of_many_with_one_key_one_is_placed(
    placement: &dyn OrderPlacement,
    orders: &dyn OrderStore,
) {
    let fresh = Fresh::new();
    let caller = fresh.user_id();
    let used = key(caller, "raced", "body");
    let many: Vec<Order> = (0..8).map(|_| fresh.order(caller, now())).collect();
    let placements = join_all(many.iter().map(|order| placement.place(order, Some(&used)))).await;
    let placements: Vec<Placement> = placements.into_iter().map(Result::unwrap).collect();
    let placed = placements
        .iter()
        .position(|p| *p == Placement::Placed)
        .unwrap();
    for (number, outcome) in placements.iter().enumerate() {
        let stored = orders.order(many[number].id).await.unwrap();
        if number == placed {
            assert!(stored.is_some());
        } else {
            assert_eq!(*outcome, used_by(&many[placed], "body"));
            assert_eq!(stored, None);
        }
    }
}
