//! `POST /me/email-notifications`: makes emails reach the caller's address again.

use std::sync::Arc;

use domain::{EmailNotifications, UserStatus};
use jiff::SignedDuration;

use super::subscription::renew;
use crate::answers::MeAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, Mailer, UserStore, Wish};
use crate::refusal::Refusal;

/// Within this time after a request, no other request is mailed.
const BETWEEN_REQUESTS: SignedDuration = SignedDuration::from_mins(1);

/// `POST /me/email-notifications`
pub struct SubscribeEmails {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The email subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SubscribeEmails {
    /// With SNS, mails a request to confirm to the caller's address, unless emails reach it already. An open request
    /// is mailed again, because the first email may be lost. Repeated calls change nothing for a minute. With SES,
    /// lifts the stop after a bounce or a complaint, if an hour has passed since then. If the process dies anywhere,
    /// the next call does the rest.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a token without a record; [`Refusal::AgentNotActive`] and
    /// [`Refusal::AccountSuspended`] for a suspended user; an error if the mail service or the store is unavailable.
    pub async fn run(&self, caller: &Caller) -> Result<MeAnswer, Refusal> {
        let user = self.users.user(caller.user_id).await?;
        let mut user = user.ok_or(Refusal::NotFound)?;
        if user.status == UserStatus::Suspended {
            return Err(Refusal::of_suspended(user.role));
        }
        let now = self.clock.now();
        let just_asked = user.email_notifications == EmailNotifications::Pending
            && user
                .subscribed_at
                .is_some_and(|at| now.duration_since(at) < BETWEEN_REQUESTS);
        if !just_asked {
            let (mailer, users) = (self.mailer.as_ref(), self.users.as_ref());
            let renewed = renew(mailer, users, &user, Wish::OfTheUser, now);
            user.email_notifications = renewed.await?;
        }
        Ok(user.into())
    }
}
