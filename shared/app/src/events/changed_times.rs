//! Orders that are delivered at another time than their customers were told.

use std::collections::HashMap;

use domain::{OrderId, Route, RouteStop, StopKind, Timestamp, UserId};

use crate::messages::{Event, News};
use crate::notifications::PROMISE_HOLDS;
use crate::ports::{Promises, StoreError};

use super::publish_events::StateChange;

/// A promise is read only if the expected time passes a full five minutes of the clock. Otherwise each tap would read
/// the promises of all orders of its route. So a time that changes slowly is told at a difference of 20 minutes at the
/// latest.
const STEP_S: i64 = 300;

/// The news about orders whose expected time differs from their promise by more than 15 minutes.
///
/// The stream may deliver a record again. If the promise was replaced meanwhile, the record leads to no news, or to
/// news that is not true when its turn comes.
pub(super) async fn changed_times(
    changes: &[StateChange],
    promises: &dyn Promises,
) -> Result<Vec<(UserId, News)>, StoreError> {
    let moved = moved_deliveries(changes);
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let orders: Vec<OrderId> = moved.keys().copied().collect();
    let promises = promises.promised(&orders).await?.into_iter();
    let news = promises.filter_map(|promise| {
        let (expected, at) = *moved.get(&promise.order_id)?;
        let differs = expected.duration_since(promise.expected).abs() > PROMISE_HOLDS;
        let news = News {
            event: Event::TimeChanged {
                order_id: promise.order_id,
                promised_at: promise.told_at,
            },
            at,
            // A plan or a tap changes the times of many orders.
            request_id: None,
        };
        differs.then_some((promise.customer_id, news))
    });
    Ok(news.collect())
}

/// The orders whose expected delivery has passed a step, each with the expected time and the time of the change. The
/// last change of an order's time counts.
pub(super) fn moved_deliveries(
    changes: &[StateChange],
) -> HashMap<OrderId, (Timestamp, Timestamp)> {
    changes.iter().flat_map(moved_by).collect()
}

/// An order that was not on the route before may come from another agent's route.
fn moved_by(change: &StateChange) -> Vec<(OrderId, (Timestamp, Timestamp))> {
    let StateChange::Route {
        before,
        after: Some(after),
    } = change
    else {
        return Vec::new();
    };
    let step = |stop: &RouteStop| stop.eta.as_second().div_euclid(STEP_S);
    let before: HashMap<OrderId, i64> = before
        .iter()
        .flat_map(|before| deliveries(before))
        .map(|stop| (stop.order_id, step(stop)))
        .collect();
    deliveries(after)
        .filter(|stop| before.get(&stop.order_id) != Some(&step(stop)))
        .map(|stop| (stop.order_id, (stop.eta, after.updated_at)))
        .collect()
}

/// The open drop-offs.
fn deliveries(route: &Route) -> impl Iterator<Item = &RouteStop> {
    route
        .open_stops()
        .filter(|stop| stop.kind == StopKind::Dropoff && !stop.returns)
}
