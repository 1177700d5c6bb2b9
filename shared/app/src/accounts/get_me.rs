//! `GET /me`: the caller's own record.

use std::sync::Arc;

use domain::{EmailNotifications, UserStatus};
use tracing::warn;

use super::subscription::{BELIEVED, record_subscription};
use crate::answers::MeAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, Mailer, UserStore};
use crate::refusal::Refusal;

/// `GET /me`
pub struct GetMe {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The email subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl GetMe {
    /// The caller's own record with the state of the email subscription. If the record does not say "on", or has said
    /// so for ten minutes, the mail service is asked. If it cannot tell the state, the answer has the last known state.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a token without a record; the next log-in creates the record.
    /// [`Refusal::AgentNotActive`] and [`Refusal::AccountSuspended`] for a suspended user, whose token no longer grants
    /// anything.
    pub async fn run(&self, caller: &Caller) -> Result<MeAnswer, Refusal> {
        let mut user = self
            .users
            .user(caller.user_id)
            .await?
            .ok_or(Refusal::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(Refusal::of_suspended(user.role));
        }
        let now = self.clock.now();
        if user.knows_subscription(now, BELIEVED) {
            return Ok(user.into());
        }
        match self.mailer.subscription(user.id, &user.email).await {
            Ok(state) if state != user.email_notifications || state == EmailNotifications::On => {
                // The state is only stored for later. If another write wins the race, the next call stores the state.
                let noted = record_subscription(self.users.as_ref(), &user, state, None, now).await;
                if let Err(error) = noted {
                    warn!(
                        user_id = %user.id,
                        error = &error as &dyn std::error::Error,
                        "could not record the email subscription"
                    );
                }
                user.email_notifications = state;
            }
            Ok(_) => {}
            Err(error) => {
                warn!(
                    user_id = %user.id,
                    error = &error as &dyn std::error::Error,
                    "could not look up the email subscription"
                );
            }
        }
        Ok(user.into())
    }
}
