//! The agent that a path names.

use domain::{Role, UserId};

use crate::caller::Caller;
use crate::refusal::Refusal;

/// In a path, this word stands for the caller.
pub const ONESELF: &str = "me";

/// The agent that a path names. Agents can see only themselves.
pub(crate) fn agent_in_path(caller: &Caller, role: Role, path: &str) -> Result<UserId, Refusal> {
    let id = match path {
        ONESELF => caller.user_id,
        id => id.parse().map_err(|_| Refusal::NotFound)?,
    };
    let seen = role == Role::Dispatcher || id == caller.user_id;
    seen.then_some(id).ok_or(Refusal::NotFound)
}
