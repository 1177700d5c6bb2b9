//! `GET /me`: the caller's own record.

use std::sync::Arc;

use domain::UserStatus;
use tracing::warn;

use super::subscription::record_subscription;
use crate::answers::MeAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, Mailer, UserStore};
use crate::refusal::Refusal;

/// `GET /me`
pub struct GetMe {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl GetMe {
    /// The caller's own record, with the state of the email subscription as it is now; or as it was last
    /// known, if that cannot be told.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a token without a record; logging in again makes one. [`Refusal::AgentNotActive`] for a
    /// suspended agent, whose token opens nothing any more.
    pub async fn run(&self, caller: &Caller) -> Result<MeAnswer, Refusal> {
        let mut user = self
            .users
            .user(caller.user_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(Refusal::AgentNotActive);
        }
        match self.mailer.subscription(user.id, &user.email).await {
            Ok(state) if state != user.email_notifications => {
                let now = self.clock.now();
                // Only a note for later: if somebody else changes the record now, the next look notes it.
                let noted = record_subscription(self.users.as_ref(), &user, state, None, now).await;
                if let Err(error) = noted {
                    warn!(user_id = %user.id, error = &error as &dyn std::error::Error, "could not note the email subscription");
                }
                user.email_notifications = state;
            }
            Ok(_) => {}
            Err(error) => {
                warn!(user_id = %user.id, error = &error as &dyn std::error::Error, "cannot tell the email subscription");
            }
        }
        Ok(user.into())
    }
}
