//! What follows for orders and agent when a route changes.

use domain::{Order, Route, StopStatus, Timestamp, User, ZoneGrid};

/// Sets the agent free if the route is their open one and has ended: they stand where its last stop was made, and without one
/// where they stood. Says whether it did.
pub(crate) fn set_free(agent: &mut User, route: &Route, grid: ZoneGrid) -> bool {
    let Some(profile) = &mut agent.agent else {
        return false;
    };
    if route.status.is_open() || profile.open_route_id != Some(route.id) {
        return false;
    }
    profile.open_route_id = None;
    if route
        .stops
        .iter()
        .any(|stop| stop.status == StopStatus::Done)
    {
        profile.place(Some(route.position()), grid);
    }
    true
}

/// Those of the orders whose next stop is expected at another time now, with that time.
pub(crate) fn retimed(orders: Vec<Order>, route: &Route, now: Timestamp) -> Vec<Order> {
    let changed = |order: Order| {
        let eta = route.eta_of(order.id);
        let differs = order.assignment.is_some_and(|on| on.eta != eta);
        differs.then(|| {
            let mut changed = order.changed(now);
            changed.expect_at(eta);
            changed
        })
    };
    orders.into_iter().filter_map(changed).collect()
}
