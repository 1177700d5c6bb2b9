//! `GET /routes/{agent_id}`: the routes of an agent.

use std::sync::Arc;

use domain::{Role, Route, RouteStatus, User, VariantArray};

use crate::agents::agent_in_path;
use crate::answers::{RouteAnswer, RoutesAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, cursor_after};
use crate::ports::{Clock, RouteStore, UserStore};
use crate::refusal::Refusal;
use crate::routes::geojson::FeatureCollection;

/// `GET /routes/{agent_id}`
pub struct GetRoutes {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
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
        Ok(RoutesAnswer {
            routes: routes.into_iter().map(RouteAnswer::from).collect(),
            next_cursor,
        })
    }

    /// The same routes for a map.
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
        // One more than asked for shows whether there is another page.
        let limit = page.limit + 1;
        let mut routes = self
            .routes
            .routes_of(agent_id, page.status, page.after, limit)
            .await?;
        let more = routes.len() > page.limit;
        routes.truncate(page.limit);
        let next_cursor = routes
            .last()
            .filter(|_| more)
            .map(|route| cursor_after(route.id));
        let now = self.clock.now();
        let expected = routes.into_iter().map(|route| route.expected_at(now));
        Ok((expected.collect(), next_cursor))
    }
}
