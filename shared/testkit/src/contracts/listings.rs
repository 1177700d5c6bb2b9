//! [`OrderStore::list_orders`]

use app::ports::{OrderListing, OrderStore};
use domain::{Order, OrderId, OrderStatus, UserId};
use futures::future::join_all;

use super::{Fresh, eventually};
use crate::build::at;

const ORDERS: usize = 23;

/// Checks the listings of orders.
pub async fn run(store: &dyn OrderStore) {
    let fresh = Fresh::new();
    let customer = fresh.user_id();
    let orders = placed(store, &fresh, customer).await;
    let strangers = placed(store, &fresh, fresh.user_id()).await;
    a_customers_orders_are_listed(store, customer, &orders).await;
    everybodys_orders_are_listed(store, &orders, &strangers).await;
    an_order_moves_from_one_status_to_another(store, customer, &orders).await;
    a_customer_without_orders_has_an_empty_list(store, fresh.user_id()).await;
}

/// Orders of a customer, oldest first. Every third order is cancelled.
async fn placed(store: &dyn OrderStore, fresh: &Fresh, customer: UserId) -> Vec<Order> {
    let now = at("2030-05-06T08:00:00Z");
    let mut orders: Vec<Order> = (0..ORDERS).map(|_| fresh.order(customer, now)).collect();
    orders.sort_by_key(|order| order.id);
    for order in orders.iter_mut().step_by(3) {
        order.status = OrderStatus::Cancelled;
        order.waiting = None;
    }
    for result in join_all(orders.iter().map(|order| store.put_order(order))).await {
        result.unwrap();
    }
    orders
}

fn newest_first(orders: &[Order], status: Option<OrderStatus>) -> Vec<OrderId> {
    let listed = orders.iter().rev();
    let listed = listed.filter(|order| status.is_none_or(|status| order.status == status));
    listed.map(|order| order.id).collect()
}

/// All pages, from the newest order down to `oldest`.
async fn all_pages(
    store: &dyn OrderStore,
    listing: OrderListing,
    status: Option<OrderStatus>,
    limit: usize,
    oldest: OrderId,
) -> Vec<OrderId> {
    let mut ids = Vec::new();
    let mut before = None;
    loop {
        let page = store
            .list_orders(listing, status, before, limit)
            .await
            .unwrap();
        assert!(page.ids.len() <= limit, "a page has its limit");
        ids.extend(page.ids);
        assert!(ids.is_sorted_by(|a, b| a > b), "newest first, each once");
        before = page.next;
        if before.is_none_or(|before| before < oldest) {
            return ids;
        }
    }
}

const STATUSES: [Option<OrderStatus>; 3] = [
    None,
    Some(OrderStatus::Pending),
    Some(OrderStatus::Cancelled),
];

async fn a_customers_orders_are_listed(store: &dyn OrderStore, customer: UserId, orders: &[Order]) {
    let listing = OrderListing::Customer(customer);
    for status in STATUSES {
        let expected = newest_first(orders, status);
        for limit in [1, 7, ORDERS, 100] {
            eventually("a customer's orders are listed, and no others", || async {
                let ids = all_pages(store, listing, status, limit, orders[0].id).await;
                ids == expected
            })
            .await;
        }
    }
    let page = store
        .list_orders(listing, None, None, ORDERS)
        .await
        .unwrap();
    assert_eq!(page.next, None, "a page that holds all is the last one");
}

async fn everybodys_orders_are_listed(store: &dyn OrderStore, orders: &[Order], others: &[Order]) {
    let all: Vec<Order> = orders.iter().chain(others).cloned().collect();
    let oldest = all.iter().map(|order| order.id).min().unwrap();
    for status in STATUSES {
        let expected = newest_first(&all, status);
        for limit in [5, 100] {
            eventually("everybody's orders are listed", || async {
                let ids = all_pages(store, OrderListing::All, status, limit, oldest).await;
                expected.iter().all(|id| ids.contains(id))
            })
            .await;
        }
    }
    let cancelled = Some(OrderStatus::Cancelled);
    let ids = all_pages(store, OrderListing::All, cancelled, 100, oldest).await;
    let pending = newest_first(&all, Some(OrderStatus::Pending));
    assert!(
        pending.iter().all(|id| !ids.contains(id)),
        "a status and no other"
    );
}

async fn an_order_moves_from_one_status_to_another(
    store: &dyn OrderStore,
    customer: UserId,
    orders: &[Order],
) {
    let moved = Order {
        status: OrderStatus::Delivered,
        waiting: None,
        ..orders[1].changed(orders[1].updated_at)
    };
    store.put_order(&moved).await.unwrap();
    for listing in [OrderListing::All, OrderListing::Customer(customer)] {
        eventually("an order moves from one status to another", || async {
            let of = async |status| all_pages(store, listing, Some(status), 50, moved.id).await;
            of(OrderStatus::Delivered).await.contains(&moved.id)
                && !of(OrderStatus::Pending).await.contains(&moved.id)
        })
        .await;
    }
}

async fn a_customer_without_orders_has_an_empty_list(store: &dyn OrderStore, customer: UserId) {
    let listing = OrderListing::Customer(customer);
    let page = store.list_orders(listing, None, None, 10).await.unwrap();
    assert_eq!((page.ids, page.next), (vec![], None));
}
