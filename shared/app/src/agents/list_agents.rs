//! `GET /agents`: the fleet.

use std::sync::Arc;

use domain::{Role, UserId, UserStatus};

use crate::answers::{AgentAnswer, AgentsAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, cursor_after};
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
        let page = query.read::<_, UserId>(&LISTED)?;
        // One more than the limit shows whether there is another page.
        let limit = page.limit + 1;
        let mut ids = Vec::new();
        for status in LISTED
            .into_iter()
            .filter(|s| page.status.is_none_or(|asked| asked == *s))
        {
            ids.extend(
                self.users
                    .agents_with_status(status, page.after, limit)
                    .await?,
            );
        }
        ids.sort_unstable();
        ids.dedup();
        let more = ids.len() > page.limit;
        ids.truncate(page.limit);
        let next_cursor = ids.last().filter(|_| more).copied().map(cursor_after);
        let mut users = self.users.users(&ids).await?;
        users.sort_unstable_by_key(|user| user.id);
        // The index is only a hint: an agent's status may have changed since.
        users.retain(|user| page.status.is_none_or(|asked| user.status == asked));
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
