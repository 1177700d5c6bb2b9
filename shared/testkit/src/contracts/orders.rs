//! [`OrderStore`]: the records. Placing, listings and pending orders have their own suites.

use app::ports::OrderStore;
use domain::order::Waiting;
use domain::{Order, OrderId, OrderStatus, UnplacedReason};
use futures::future::join_all;

use super::fresh::later;
use super::{Fresh, assert_conflict, the_winner};
use crate::build::{an_order, at};

/// More items than DynamoDB returns in one answer.
const MANY: usize = 105;

/// Checks the single records of a store of orders.
pub async fn run(store: &dyn OrderStore) {
    records_are_read_as_they_were_written(store).await;
    a_version_is_written_over_its_predecessor_alone(store).await;
    of_many_writers_one_wins(store).await;
    many_are_read_at_once(store).await;
}

async fn records_are_read_as_they_were_written(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00.500Z");
    let full = fresh.order(fresh.user_id(), now);
    assert_eq!(store.order(full.id).await.unwrap(), None);

    let bare = Order {
        id: fresh.order(full.customer_id, now).id,
        ..an_order(1).build()
    };
    let mut waiting = fresh.order(full.customer_id, now);
    waiting.waiting = Some(Waiting {
        retry_at: later(now, 60),
        attempts: 3,
        reason: Some(UnplacedReason::OutsideTimeWindows),
    });
    let route = fresh.route(fresh.user_id(), &[], now);
    let assigned = Order {
        version: 1,
        ..fresh.on_route(&fresh.order(full.customer_id, now), &route)
    };
    for order in [full, bare, waiting, assigned] {
        store.put_order(&order).await.unwrap();
        assert_eq!(store.order(order.id).await.unwrap(), Some(order));
    }
}

async fn a_version_is_written_over_its_predecessor_alone(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00Z");
    let first = fresh.order(fresh.user_id(), now);
    let second = Order {
        status: OrderStatus::Cancelled,
        waiting: None,
        ..first.changed(now)
    };
    assert_conflict(store.put_order(&second).await, "version 2 over nothing");
    store.put_order(&first).await.unwrap();
    assert_conflict(store.put_order(&first).await, "version 1 over version 1");
    store.put_order(&second).await.unwrap();
    assert_conflict(store.put_order(&second).await, "version 2 over version 2");
    assert_eq!(store.order(first.id).await.unwrap(), Some(second));
}

async fn of_many_writers_one_wins(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00Z");
    let order = fresh.order(fresh.user_id(), now);
    store.put_order(&order).await.unwrap();
    let rivals: Vec<Order> = (0..8)
        .map(|number| Order {
            notes: Some(format!("rival {number}")),
            ..order.changed(now)
        })
        .collect();
    let results = join_all(rivals.iter().map(|rival| store.put_order(rival))).await;
    let winner = the_winner(&results);
    assert_eq!(
        store.order(order.id).await.unwrap().as_ref(),
        Some(&rivals[winner])
    );
}

async fn many_are_read_at_once(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let customer = fresh.user_id();
    let now = at("2030-05-06T08:00:00Z");
    let mut orders: Vec<Order> = (0..MANY).map(|_| fresh.order(customer, now)).collect();
    orders.sort_by_key(|order| order.id);
    for result in join_all(orders.iter().map(|order| store.put_order(order))).await {
        result.unwrap();
    }
    let mut ids: Vec<OrderId> = orders.iter().rev().map(|order| order.id).collect();
    ids.push(ids[0]);
    ids.push(fresh.order(customer, now).id);
    let mut found = store.orders(&ids).await.unwrap();
    found.sort_by_key(|order| order.id);
    assert_eq!(found.len(), MANY, "each once, and strangers left out");
    assert_eq!(found, orders);
}
