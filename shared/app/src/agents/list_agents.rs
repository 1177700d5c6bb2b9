//! `GET /agents`: the fleet.

use std::sync::Arc;

use domain::{Role, UserId, UserStatus};

use crate::answers::{AgentAnswer, AgentsAnswer};
use crate::caller::Caller;
use crate::paging::{PageQuery, cursor_after};
use crate::ports::UserStore;
use crate::refusal::Refusal;

/// The statuses that `GET /agents` tells of: who has not confirmed the address is nobody's agent yet.
const LISTED: [UserStatus; 3] = [
    UserStatus::PendingApproval,
    UserStatus::Active,
    UserStatus::Suspended,
];

/// `GET /agents`
pub struct ListAgents {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
}

impl ListAgents {
    /// The fleet, by id, to dispatchers.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a query that cannot be understood.
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<AgentsAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let page = query.read::<_, UserId>(&LISTED.map(|status| (status.name(), status)))?;
        // One more than asked for shows whether there is another page.
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
        // The index is a hint: somebody may have been approved since.
        users.retain(|user| page.status.is_none_or(|asked| user.status == asked));
        Ok(AgentsAnswer {
            agents: users.into_iter().filter_map(AgentAnswer::of).collect(),
            next_cursor,
        })
    }
}
