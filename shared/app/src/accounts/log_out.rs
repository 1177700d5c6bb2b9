//! `POST /logout`: ends every session.

use std::sync::Arc;

use crate::caller::Caller;
use crate::ports::{SignOut, Whose};
use crate::refusal::Refusal;

/// `POST /logout`
pub struct LogOut {
    /// Ends sessions.
    pub sessions: Arc<dyn SignOut>,
}

impl LogOut {
    /// Revokes all refresh tokens of the caller, on every device. An access token that was issued before stays valid
    /// until it expires, within one hour.
    ///
    /// # Errors
    /// [`Refusal::Throttled`] or [`Refusal::Unavailable`] from the identity provider.
    pub async fn run(&self, caller: &Caller) -> Result<(), Refusal> {
        let whose = Whose::User(caller.user_id);
        Ok(self.sessions.sign_out(whose).await?)
    }
}
