//! `GET /agents`: the fleet.

use std::sync::Arc;

use domain::{Role, UserStatus};

use crate::answers::{AgentAnswer, AgentsAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, page_of_people};
use crate::ports::{Clock, LocationStore, UserStore};
use crate::refusal::Refusal;

/// The statuses that `GET /agents` lists. A user with an unconfirmed address is not an agent yet.
const LISTED: [UserStatus; 3] = [
    UserStatus::PendingApproval,
    UserStatus::Active,
    UserStatus::Suspended,
];

/// `GET /agents`
pub struct ListAgents {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// Where the agents were last seen.
    pub locations: Arc<dyn LocationStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ListAgents {
    /// The fleet with the last location of each agent, sorted by id, for dispatchers.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if the query is not valid.
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<AgentsAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let users = self.users.as_ref();
        let (users, next_cursor) = page_of_people(users, Role::Agent, &LISTED, query).await?;
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let seen = self.locations.locations(&ids, self.clock.now()).await?;
        let agents = users.into_iter().filter_map(AgentAnswer::of);
        let agents = agents.map(|agent| {
            let location = seen.iter().find(|it| it.agent_id == agent.id());
            agent.seen_at(location.copied())
        });
        Ok(AgentsAnswer {
            agents: agents.collect(),
            next_cursor,
        })
    }
}
