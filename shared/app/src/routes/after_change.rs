//! What follows for the agent when a route changes.

use domain::{Route, StopStatus, User, ZoneGrid};

/// Sets the agent free if the route is their open one and has ended: they stand where its last stop was made, and
/// without one where they stood. Says whether it did.
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
