//! `PUT /agents/{agent_id}/location`: where an agent is while on a route.

use std::sync::Arc;

use domain::{AgentLocation, Role, RouteId, User, UserId};
use serde_json::Value;

use crate::agents::agent_in_path;
use crate::answers::ReportAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, Jitter, LocationStore, StoreError, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// `PUT /agents/{agent_id}/location`
pub struct UpdateLocation {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The locations.
    pub locations: Arc<dyn LocationStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, between attempts.
    pub jitter: Arc<dyn Jitter>,
}

impl UpdateLocation {
    /// Keeps the last point of a report that can be believed: [`AgentLocation::after_report`].
    ///
    /// No record of an agent, an order or a route changes, so no plan loses a race and nobody is woken. Each reader of
    /// the route times it from here. The same report again finds its points known and writes nothing. Of two reports at
    /// once, one is stored first, and the other is compared with it.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]; [`Refusal::NotFound`] for somebody else; [`Refusal::AgentNotActive`];
    /// [`Refusal::NotOnRoute`] for an agent who is off duty or has no open route.
    pub async fn run(
        &self,
        caller: &Caller,
        agent_id: &str,
        body: &Value,
    ) -> Result<ReportAnswer, Refusal> {
        caller.acting_as(&[Role::Agent])?;
        let agent_id = agent_in_path(caller, Role::Agent, agent_id)?;
        let points = intake::read_location_report(body, self.clock.now())?;
        let route_id = self.open_route(agent_id).await?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let now = self.clock.now();
            let before = self.locations.locations(&[agent_id], now).await?.pop();
            let on = (agent_id, route_id);
            let (after, accepted) = AgentLocation::after_report(before.as_ref(), on, &points, now);
            let Some(after) = after else {
                return Ok(ReportAnswer::new(0, before));
            };
            let put = self.locations.put_location(&after, before.as_ref(), now);
            match put.await {
                Ok(()) => return Ok(ReportAnswer::new(accepted, Some(after))),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn open_route(&self, agent_id: UserId) -> Result<RouteId, Refusal> {
        let user = self.users.user(agent_id).await?;
        let profile = user.as_ref().and_then(User::active_agent);
        let profile = profile.ok_or(Refusal::AgentNotActive)?;
        let open = profile.open_route_id.filter(|_| profile.on_duty);
        open.ok_or(Refusal::NotOnRoute)
    }
}
