//! `GET /routes/{agent_id}`: the routes of an agent.

use std::sync::Arc;

use domain::{LegEstimate, Role, Route, RouteId, RouteStatus, User, UserId, VariantArray};

use crate::agents::agent_in_path;
use crate::answers::{RouteAnswer, RoutesAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, cursor_after};
use crate::ports::{Clock, LocationStore, OrderStore, RoutePage, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::routes::geojson::FeatureCollection;
use crate::routes::under_way::expected;

/// `GET /routes/{agent_id}`
pub struct GetRoutes {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders, for the notes of the people at the doors.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// For the time from there to the next stop.
    pub estimate: LegEstimate,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl GetRoutes {
    /// An agent's routes, newest first, to that agent and to dispatchers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for somebody else's or nobody's; [`Refusal::AgentNotActive`];
    /// [`Refusal::Invalid`] for a query that cannot be understood.
    pub async fn run(
        &self,
        caller: &Caller,
        agent_id: &str,
        query: &PageQuery,
    ) -> Result<RoutesAnswer, Refusal> {
        let (routes, next_cursor) = self.page(caller, agent_id, query).await?;
        let open: Vec<_> = routes.iter().flat_map(Route::open_orders).collect();
        let orders = self.orders.orders(&open).await?;
        let routes = routes.into_iter().map(RouteAnswer::from);
        Ok(RoutesAnswer {
            routes: routes.map(|route| route.with_notes_of(&orders)).collect(),
            next_cursor,
        })
    }

    /// The same routes for a map, without the notes.
    ///
    /// # Errors
    /// As for [`GetRoutes::run`].
    pub async fn features(
        &self,
        caller: &Caller,
        agent_id: &str,
        query: &PageQuery,
    ) -> Result<FeatureCollection, Refusal> {
        let (routes, next_cursor) = self.page(caller, agent_id, query).await?;
        Ok(FeatureCollection::of(&routes, next_cursor))
    }

    /// A page of routes, and where to go on.
    async fn page(
        &self,
        caller: &Caller,
        agent_id: &str,
        query: &PageQuery,
    ) -> Result<(Vec<Route>, Option<String>), Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent])?;
        let agent_id = agent_in_path(caller, role, agent_id)?;
        let agent = self.users.user(agent_id).await?;
        match role {
            Role::Agent => {
                agent
                    .as_ref()
                    .and_then(User::active_agent)
                    .ok_or(Refusal::AgentNotActive)?;
            }
            Role::Dispatcher | Role::Customer => {
                agent.and_then(|user| user.agent).ok_or(Refusal::NotFound)?;
            }
        }
        let page = query.read(RouteStatus::VARIANTS)?;
        let found = self
            .routes
            .routes_of(agent_id, page.status, page.after, page.limit)
            .await?;
        let (routes, next) = that_fit(found);
        let now = self.clock.now();
        let is_under_way = routes.iter().any(|route| route.status.is_open());
        let agents: &[UserId] = if is_under_way { &[agent_id] } else { &[] };
        let seen = self.locations.locations(agents, now).await?;
        let routes = routes.into_iter();
        let routes = routes.map(|route| expected(route, &seen, &self.estimate, now));
        Ok((routes.collect(), next.map(cursor_after)))
    }
}

/// The first routes of a page that fit into one answer, and where to go on.
fn that_fit(page: RoutePage) -> (Vec<Route>, Option<RouteId>) {
    let (mut routes, mut bytes) = (page.routes, 0);
    let fit = routes.iter().take_while(|route| {
        bytes += most_bytes(route);
        bytes <= LARGEST_PAGE
    });
    // One route always fits: its item has at most 400 KB, and so has its geometry.
    let fit = fit.count().max(1);
    if fit >= routes.len() {
        return (routes, page.next);
    }
    routes.truncate(fit);
    let next = routes.last().map(|route| route.id);
    (routes, next)
}

/// Lambda's largest answer has 6 MB, as text in JSON that is quoted in another JSON.
const LARGEST_PAGE: usize = 4_000_000;
/// What a route and a stop take in an answer at most, without the address and the geometry.
const ROUTE_BYTES: usize = 1_000;
const STOP_BYTES: usize = 800;

/// More bytes than the route has in an answer. A character of the polyline may be a part of a coordinate in GeoJSON,
/// and each quotation mark is a byte longer where the answer is quoted.
fn most_bytes(route: &Route) -> usize {
    let stops = route.stops.iter().map(|stop| {
        let address = stop.address.as_deref().unwrap_or_default();
        STOP_BYTES + 2 * address.len()
    });
    let geometry = route.geometry.as_deref().unwrap_or_default();
    ROUTE_BYTES + stops.sum::<usize>() + 8 * geometry.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::Timestamp;
    use testkit::contracts::Fresh;

    /// An agent's routes of many stops each.
    fn history(count: usize) -> RoutePage {
        let fresh = Fresh::new();
        let agent = fresh.user_id();
        let now: Timestamp = testkit::at("2030-05-06T08:00:00Z");
        let orders: Vec<_> = (0..200).map(|_| fresh.order(agent, now)).collect();
        let routes = (0..count).map(|_| Route {
            geometry: Some("_p~iF~ps|U_ulLnnqC".repeat(400)),
            ..fresh.route(agent, &orders, now)
        });
        RoutePage {
            routes: routes.collect(),
            next: None,
        }
    }

    #[test]
    fn a_page_ends_before_lambdas_largest_answer() {
        let page = history(100);
        let (first, second) = (page.routes[0].id, page.routes.len());
        let (fit, next) = that_fit(page);
        assert!(fit.len() < second, "100 such routes are too many");
        assert_eq!(fit[0].id, first);
        assert_eq!(next, fit.last().map(|route| route.id));
        let features = FeatureCollection::of(&fit, None);
        let features = serde_json::to_string(&features).unwrap();
        let answer = RoutesAnswer {
            routes: fit.into_iter().map(RouteAnswer::from).collect(),
            next_cursor: None,
        };
        let answer = serde_json::to_string(&answer).unwrap();
        for body in [answer, features] {
            let quoted = serde_json::to_string(&body).unwrap();
            assert!(quoted.len() < 6_000_000, "{}", quoted.len());
            assert!(
                quoted.len() > 500_000,
                "a page may be long: {}",
                quoted.len()
            );
        }
    }

    #[test]
    fn a_page_that_fits_stays_as_it_is() {
        let page = history(2);
        let next = Some(page.routes[1].id);
        let page = RoutePage { next, ..page };
        assert_eq!(that_fit(page.clone()), (page.routes, next));
    }
}
