//! The routes that orders are on, for the times in answers.

use std::collections::{BTreeSet, HashMap};

use domain::{Order, Route, RouteId, Timestamp};

use crate::ports::RouteStore;
use crate::refusal::Refusal;

/// The routes of the orders that have a stop left, by id, as they are expected to go on at `now`. All of them are read
/// at once, without their geometries. An order that has left its route meanwhile finds no stop of its own there.
pub(crate) async fn routes_under_way<'a>(
    routes: &dyn RouteStore,
    orders: impl IntoIterator<Item = &'a Order>,
    now: Timestamp,
) -> Result<HashMap<RouteId, Route>, Refusal> {
    let on_routes: BTreeSet<_> = orders
        .into_iter()
        .filter(|order| order.status.is_on_route())
        .filter_map(|order| order.assignment.map(|on| (on.agent_id, on.route_id)))
        .collect();
    let on_routes: Vec<_> = on_routes.into_iter().collect();
    let found = routes.routes(&on_routes).await?;
    Ok(found
        .into_iter()
        .map(|route| (route.id, route.expected_at(now)))
        .collect())
}
