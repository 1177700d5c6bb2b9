//! [`OrderStore::pending_in`] and [`OrderStore::zones_overdue`]

use std::collections::BTreeSet;

use app::ports::{OrderStore, PendingPlace};
use domain::order::Waiting;
use domain::{Order, OrderId, Timestamp, UnplacedReason, Zone};
use futures::future::join_all;

use super::fresh::later;
use super::{Fresh, eventually};
use crate::build::at;

/// Enough orders for several shards.
const ORDERS: i64 = 20;

/// Checks the index of pending orders.
pub async fn run(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let zone = fresh.zone();
    let first_due = at("2030-05-06T08:00:00.250Z");
    let due = |number| later(first_due, 60 * number);
    // The orders are due one minute apart, in another order than their ids.
    let mut orders: Vec<Order> = Vec::new();
    for number in (0..ORDERS).rev() {
        let mut order = fresh.order(fresh.user_id(), first_due);
        order.waiting = waiting_until(due(number));
        orders.insert(0, order);
    }
    for result in join_all(orders.iter().map(|order| store.put_order(order))).await {
        result.unwrap();
    }
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();

    eventually(
        "pending orders are found, those due longest first",
        || async { store.pending_in(zone, None, 100).await.unwrap() == ids },
    )
    .await;
    let found = async |due_by, limit| store.pending_in(zone, due_by, limit).await.unwrap();
    assert_eq!(found(None, 5).await, ids[..5], "at most the limit");
    assert_eq!(
        found(Some(due(6)), 100).await,
        ids[..7],
        "due by then, that moment included"
    );
    assert_eq!(found(Some(due(6)), 3).await, ids[..3]);
    assert_eq!(found(Some(later(first_due, -1)), 100).await, []);
    let elsewhere = Fresh::new().zone();
    assert_eq!(store.pending_in(elsewhere, None, 100).await.unwrap(), []);

    an_assigned_order_is_not_pending(store, &fresh, &orders[0]).await;
    assert_eq!(found(None, 100).await, ids[1..], "the others wait still");
    let put_off = orders[1].waits(waiting_until(due(ORDERS + 5)).unwrap(), first_due);
    store.put_order(&put_off).await.unwrap();
    eventually("an order that is put off is due later", || async {
        let found = found(None, 100).await;
        found.first() == ids.get(2) && found.last() == Some(&ids[1])
    })
    .await;

    // Orders 2 and later still wait in this zone. The earliest of them is due at `due(2)`.
    let overdue = async |due_by| swept(store, due_by, 1_000).await.contains(&zone);
    eventually("the zone is overdue", || async { overdue(due(2)).await }).await;
    assert!(
        !overdue(later(due(2), -1)).await,
        "nothing is due there yet"
    );
    parts_of_the_index_follow_each_other(store, &orders[2..]).await;
}

/// The overdue zones of the whole index, read in parts.
async fn swept(store: &dyn OrderStore, due_by: Timestamp, limit: usize) -> BTreeSet<Zone> {
    let (mut zones, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.zones_overdue(due_by, after, limit).await.unwrap();
        zones.extend(page.zones);
        if let (Some(oldest), Some(last)) = (page.oldest, page.next) {
            assert!(oldest <= last.order_id, "the oldest order of the part");
        }
        assert!(page.next.is_none() || page.next != after, "no progress");
        after = page.next;
        if after.is_none() {
            return zones;
        }
    }
}

/// `pending` are pending orders of one zone.
async fn parts_of_the_index_follow_each_other(store: &dyn OrderStore, pending: &[Order]) {
    let zone = pending[0].zone.unwrap();
    let fresh = Fresh::new();
    let elsewhere = fresh.order(fresh.user_id(), pending[0].created_at);
    store.put_order(&elsewhere).await.unwrap();
    let due_by = later(elsewhere.created_at, 86_400);
    let both = BTreeSet::from([zone, elsewhere.zone.unwrap()]);
    eventually("small parts miss no zone", || async {
        swept(store, due_by, 5).await.is_superset(&both)
    })
    .await;

    let order = &pending[3];
    let place = PendingPlace {
        zone,
        due_at: order.waiting.unwrap().retry_at,
        order_id: order.id,
    };
    let put_off = waiting_until(later(due_by, 86_400)).unwrap();
    let put_off = order.waits(put_off, order.created_at);
    store.put_order(&put_off).await.unwrap();
    let page = store.zones_overdue(due_by, Some(place), 5).await.unwrap();
    assert_ne!(page.next, Some(place), "a place holds without its order");
}

async fn an_assigned_order_is_not_pending(store: &dyn OrderStore, fresh: &Fresh, order: &Order) {
    let route = fresh.route(fresh.user_id(), &[], order.created_at);
    store
        .put_order(&fresh.on_route(order, &route))
        .await
        .unwrap();
    eventually("an assigned order leaves the index", || async {
        let found = store
            .pending_in(order.zone.unwrap(), None, 100)
            .await
            .unwrap();
        !found.contains(&order.id)
    })
    .await;
}

fn waiting_until(retry_at: Timestamp) -> Option<Waiting> {
    Some(Waiting {
        retry_at,
        attempts: 1,
        reason: Some(UnplacedReason::NoAgentOnDuty),
    })
}
