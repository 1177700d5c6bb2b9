//! Routes that are under way, and the times that answers tell of them.

use std::collections::{BTreeSet, HashMap};

use domain::route::Departure;
use domain::{AgentLocation, LegEstimate, Order, Route, RouteId, Timestamp, UserId};
use futures::future::try_join;

use crate::ports::{LocationStore, RouteStore};
use crate::refusal::Refusal;

/// Where the routes and the locations of their agents are read.
#[derive(Clone, Copy)]
pub(crate) struct UnderWay<'a> {
    pub(crate) routes: &'a dyn RouteStore,
    pub(crate) locations: &'a dyn LocationStore,
    pub(crate) estimate: &'a LegEstimate,
}

impl UnderWay<'_> {
    /// The routes of the orders that have a stop left, by id, as they are expected to go on at `now`, and the locations
    /// of their agents. All of them are read at once, without their geometries. An order that has left its route
    /// meanwhile finds no stop of its own there.
    pub(crate) async fn of_orders<'o>(
        self,
        orders: impl IntoIterator<Item = &'o Order>,
        now: Timestamp,
    ) -> Result<RoutesUnderWay, Refusal> {
        let on_routes: BTreeSet<_> = orders
            .into_iter()
            .filter(|order| order.status.is_on_route())
            .filter_map(|order| order.assignment.map(|on| (on.agent_id, on.route_id)))
            .collect();
        let agents: BTreeSet<UserId> = on_routes.iter().map(|(agent_id, _)| *agent_id).collect();
        let on_routes: Vec<_> = on_routes.into_iter().collect();
        let agents: Vec<_> = agents.into_iter().collect();
        let routes = self.routes.routes(&on_routes);
        let locations = self.locations.locations(&agents, now);
        let (routes, locations) = try_join(routes, locations).await?;
        let routes = routes.into_iter();
        let routes = routes.map(|route| expected(route, &locations, self.estimate, now));
        Ok(RoutesUnderWay {
            routes: routes.map(|route| (route.id, route)).collect(),
            locations,
        })
    }
}

/// Routes under way, and where their agents were last seen.
#[derive(Debug)]
pub(crate) struct RoutesUnderWay {
    routes: HashMap<RouteId, Route>,
    locations: Vec<AgentLocation>,
}

impl RoutesUnderWay {
    /// The route that an order is on.
    pub(crate) fn of(&self, order: &Order) -> Option<&Route> {
        self.routes.get(&order.assignment?.route_id)
    }

    /// Where the agent of a route was last seen while on that route.
    pub(crate) fn location_on(&self, route: &Route) -> Option<&AgentLocation> {
        location_on(&self.locations, route)
    }
}

/// A route as it is expected to go on at `now`, timed from the place where its agent was seen.
pub(crate) fn expected(
    route: Route,
    locations: &[AgentLocation],
    estimate: &LegEstimate,
    now: Timestamp,
) -> Route {
    let route = match location_on(locations, &route) {
        Some(seen) => {
            let seen = Departure {
                location: seen.timed_from.location,
                at: seen.timed_from.at,
            };
            route.timed_from(seen, estimate)
        }
        None => route,
    };
    route.expected_at(now)
}

fn location_on<'a>(locations: &'a [AgentLocation], route: &Route) -> Option<&'a AgentLocation> {
    let on_route =
        |seen: &&AgentLocation| (seen.agent_id, seen.route_id) == (route.agent_id, route.id);
    locations.iter().find(on_route)
}
