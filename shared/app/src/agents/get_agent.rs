//! `GET /agents/{agent_id}`: one agent.

use std::sync::Arc;

use domain::{Role, UserStatus};
use futures::future::try_join;

use crate::agents::agent_in_path;
use crate::answers::AgentAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, LocationStore, UserStore};
use crate::refusal::Refusal;

/// `GET /agents/{agent_id}`
pub struct GetAgent {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl GetAgent {
    /// An agent with the last location, to that agent and to dispatchers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for somebody else's or nobody's id; [`Refusal::AgentNotActive`] for a suspended agent.
    pub async fn run(&self, caller: &Caller, agent_id: &str) -> Result<AgentAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent])?;
        let agent_id = agent_in_path(caller, role, agent_id)?;
        let user = async { Ok::<_, Refusal>(self.users.user(agent_id).await?) };
        let agents = [agent_id];
        let location = async {
            Ok(self
                .locations
                .locations(&agents, self.clock.now())
                .await?
                .pop())
        };
        let (user, location) = try_join(user, location).await?;
        let user = user.ok_or(Refusal::NotFound)?;
        if role == Role::Agent && user.status == UserStatus::Suspended {
            return Err(Refusal::AgentNotActive);
        }
        let answer = AgentAnswer::of(user).ok_or(Refusal::NotFound)?;
        Ok(answer.seen_at(location))
    }
}
