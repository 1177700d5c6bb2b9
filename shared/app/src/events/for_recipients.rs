//! Messages about recipients: the moments that follow from changes of orders and routes.

use std::collections::BTreeSet;

use domain::stop::OPEN_END;
use domain::{Moment, Order, OrderId, OrderStatus, Route, RouteStop, StopKind, StopStatus};

use super::changed_times::moved_deliveries;
use super::publish_events::StateChange;
use crate::messages::Notification;
use crate::ports::{RecipientMessages, StoreError};
use crate::recipients::{LATE_AFTER, Moments};

/// The messages that ask to tell recipients. A repeated record gives the same messages, and each moment is told once.
pub(super) async fn for_recipients(
    changes: &[StateChange],
    moments: &Moments,
    texts: bool,
    told: &dyn RecipientMessages,
) -> Result<Vec<Notification>, StoreError> {
    if moments.is_empty() {
        return Ok(Vec::new());
    }
    let mut found: BTreeSet<(OrderId, Moment)> = changes
        .iter()
        .flat_map(|change| moments_of(change, texts))
        .collect();
    if moments.contains(&Moment::Delayed) {
        let late = late_for_what_was_told(changes, told).await?;
        found.extend(late.into_iter().map(|order_id| (order_id, Moment::Delayed)));
    }
    let found = found
        .into_iter()
        .filter(|(_, moment)| moments.contains(moment));
    let message = |(order_id, moment)| Notification::ForRecipient { order_id, moment };
    Ok(found.map(message).collect())
}

fn moments_of(change: &StateChange, texts: bool) -> Vec<(OrderId, Moment)> {
    match change {
        StateChange::Order {
            before: Some(before),
            after: Some(after),
        } => of_order(before, after, texts)
            .map(|moment| (after.id, moment))
            .into_iter()
            .collect(),
        StateChange::Route {
            before: Some(before),
            after: Some(after),
        } => arriving(before, after)
            .map(|order_id| (order_id, Moment::Arriving))
            .into_iter()
            .chain(out_for_delivery(before, after))
            .chain(late_for_windows(before, after))
            .collect(),
        StateChange::Order { .. } | StateChange::Route { .. } | StateChange::User { .. } => {
            Vec::new()
        }
    }
}

fn of_order(before: &Order, after: &Order, texts: bool) -> Option<Moment> {
    let contact = after.dropoff.contact.as_ref()?;
    let is_told = contact.email.is_some() || (texts && contact.phone.is_some());
    if before.status == after.status || !is_told {
        return None;
    }
    match after.status {
        OrderStatus::Delivered => Some(Moment::Delivered),
        // The recipient of a parcel that was not picked up expects nobody.
        OrderStatus::Failed | OrderStatus::Undelivered | OrderStatus::Returning => {
            (before.status == OrderStatus::InProgress).then_some(Moment::Failed)
        }
        // The route tells a pickup: the filter of the stream of orders keeps each pickup away.
        OrderStatus::Pending
        | OrderStatus::Assigned
        | OrderStatus::InProgress
        | OrderStatus::Cancelled
        | OrderStatus::Returned => None,
    }
}

/// The orders that this change has picked up: the pickup was open before, and now only the drop-off is.
fn out_for_delivery(before: &Route, after: &Route) -> Vec<(OrderId, Moment)> {
    let open = |route: &Route, kind: StopKind| -> BTreeSet<OrderId> {
        let stops = route.open_stops().filter(|stop| stop.kind == kind);
        stops.map(|stop| stop.order_id).collect()
    };
    let pickups = open(after, StopKind::Pickup);
    let aboard = &open(after, StopKind::Dropoff) - &pickups;
    let picked_up = &aboard & &open(before, StopKind::Pickup);
    let told = picked_up.into_iter();
    told.map(|order_id| (order_id, Moment::OutForDelivery))
        .collect()
}

/// The order whose drop-off is now the next stop. If its pickup was the stop before, "on its way" says enough.
fn arriving(before: &Route, after: &Route) -> Option<OrderId> {
    let next = after.open_stops().next()?;
    let was_next = before.open_stops().next().map(RouteStop::visit) == Some(next.visit());
    let last = after
        .stops
        .iter()
        .filter(|stop| stop.status == StopStatus::Done);
    let last = last.max_by_key(|stop| stop.done_at)?;
    let is_on_the_way = next.kind == StopKind::Dropoff && last.order_id != next.order_id;
    (is_on_the_way && !was_next).then_some(next.order_id)
}

/// The drop-offs that this change has made too late for the windows of their orders.
fn late_for_windows(before: &Route, after: &Route) -> Vec<(OrderId, Moment)> {
    let is_late = |stop: &RouteStop| {
        let end = stop.not_after.filter(|end| *end < OPEN_END);
        end.is_some_and(|end| stop.eta.duration_since(end) > LATE_AFTER)
    };
    let was_late = |visit| {
        before
            .open_stops()
            .any(|stop| stop.visit() == visit && is_late(stop))
    };
    let late = after
        .open_stops()
        .filter(|stop| stop.kind == StopKind::Dropoff && is_late(stop) && !was_late(stop.visit()));
    late.map(|stop| (stop.order_id, Moment::Delayed)).collect()
}

async fn late_for_what_was_told(
    changes: &[StateChange],
    told: &dyn RecipientMessages,
) -> Result<Vec<OrderId>, StoreError> {
    let moved = moved_deliveries(changes);
    if moved.is_empty() {
        return Ok(Vec::new());
    }
    let orders: Vec<OrderId> = moved.keys().copied().collect();
    let told = told.told_until(&orders).await?.into_iter();
    let late = told.filter(|(order_id, until)| {
        let expected = moved.get(order_id).map(|(expected, _)| *expected);
        expected.is_some_and(|expected| expected.duration_since(*until) > LATE_AFTER)
    });
    Ok(late.map(|(order_id, _)| order_id).collect())
}
