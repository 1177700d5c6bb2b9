//! [`PendingBounds`]

use app::ports::{OrderStore, PendingBounds, Recount};
use domain::Order;
use futures::future::join_all;

use super::fresh::later;
use super::{Fresh, eventually};
use crate::build::at;

/// Checks the bounds on pending orders. `orders` are the orders that are counted.
pub async fn run(bounds: &dyn PendingBounds, orders: &dyn OrderStore) {
    room_is_taken_up_to_the_limit(bounds).await;
    of_many_calls_few_pass_the_limit(bounds).await;
    a_count_finds_what_is_pending(bounds, orders).await;
}

async fn room_is_taken_up_to_the_limit(bounds: &dyn PendingBounds) {
    let (ana, ben) = (Fresh::new().user_id(), Fresh::new().user_id());
    assert!(bounds.take_room(ana, 2, 3).await.unwrap());
    assert!(bounds.take_room(ana, 98, 3).await.unwrap(), "one is free");
    assert!(!bounds.take_room(ana, 1, 3).await.unwrap(), "100 of 3");
    assert!(!bounds.take_room(ana, 1, 100).await.unwrap(), "100 of 100");
    assert!(bounds.take_room(ana, 1, 101).await.unwrap(), "a new limit");
    assert!(bounds.take_room(ben, 1, 1).await.unwrap(), "of another");
}

async fn of_many_calls_few_pass_the_limit(bounds: &dyn PendingBounds) {
    let ana = Fresh::new().user_id();
    let calls = (0..20).map(|_| bounds.take_room(ana, 1, 7));
    let taken = join_all(calls).await;
    let taken = taken.into_iter().filter(|taken| *taken.as_ref().unwrap());
    assert_eq!(taken.count(), 7);
}

async fn a_count_finds_what_is_pending(bounds: &dyn PendingBounds, orders: &dyn OrderStore) {
    let fresh = Fresh::new();
    let ana = fresh.user_id();
    let now = at("2030-05-06T08:00:00Z");
    let placed: Vec<Order> = (0..3).map(|_| fresh.order(ana, now)).collect();
    for order in &placed {
        orders.put_order(order).await.unwrap();
    }
    let route = fresh.route(fresh.user_id(), &[], now);
    orders
        .put_order(&fresh.on_route(&placed[0], &route))
        .await
        .unwrap();
    assert!(bounds.take_room(ana, 50, 50).await.unwrap());
    assert!(!bounds.take_room(ana, 1, 50).await.unwrap());

    let mut minute = 0;
    eventually("the two pending orders are counted", || {
        minute += 2;
        let now = later(now, 60 * minute);
        async move {
            assert_eq!(bounds.recount(ana, now).await.unwrap(), Recount::Done);
            // The bound is 2 if there is room with a limit of 3 and none with a limit of 2.
            let two = bounds.take_room(ana, 0, 3).await.unwrap();
            two && !bounds.take_room(ana, 0, 2).await.unwrap()
        }
    })
    .await;
    let soon = later(now, 60 * minute + 59);
    assert_eq!(bounds.recount(ana, soon).await.unwrap(), Recount::Fresh);
    let later = later(now, 60 * minute + 61);
    let counts = join_all((0..3).map(|_| bounds.recount(ana, later))).await;
    let done = counts.iter().filter(|it| matches!(it, Ok(Recount::Done)));
    assert_eq!(done.count(), 1, "one counts: {counts:?}");
    assert!(
        bounds.take_room(ana, 1, 3).await.unwrap(),
        "two, and one more"
    );
    assert!(!bounds.take_room(ana, 1, 3).await.unwrap());
}
