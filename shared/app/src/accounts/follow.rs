//! The record and the email subscription follow the account.

use std::time::Duration;

use domain::{EmailNotifications, User};
use tracing::warn;

use super::subscription::{BELIEVED, renew};
use crate::ports::{Account, Clock, Mailer, StoreError, UserStore, Wish};
use crate::refusal::Refusal;

/// Makes the record and the email subscription follow the account.
pub(super) struct Follow<'a> {
    pub(super) users: &'a dyn UserStore,
    pub(super) mailer: &'a dyn Mailer,
    pub(super) clock: &'a dyn Clock,
    /// The longest wait for the mail service, all calls together.
    pub(super) waits_for_mail: Duration,
}

impl Follow<'_> {
    /// Updates the record and the subscription to match the account. An unavailable or slow mail service blocks
    /// nothing: the next log-in does the rest.
    pub(super) async fn account(&self, user: User, account: &Account) -> Result<(), Refusal> {
        let user_id = user.id;
        let followed = async {
            let user = self.as_the_account_says(user, account).await?;
            self.renew_subscription(&user).await;
            Ok(())
        };
        tokio::time::timeout(self.waits_for_mail, followed)
            .await
            .unwrap_or_else(|_| {
                warn!(%user_id, "the mail service did not answer in time; the log-in continues");
                Ok(())
            })
    }

    /// The operator can change the name and the address in Cognito, and `POST /me/email` changes the address there
    /// first. The old address is unsubscribed before the record names the new one. If the process dies in between, the
    /// next log-in repairs the record.
    async fn as_the_account_says(&self, user: User, account: &Account) -> Result<User, Refusal> {
        let Some(changed) = user.following(&account.name, &account.email, self.clock.now()) else {
            return Ok(user);
        };
        if changed.email != user.email
            && let Err(error) = self.mailer.forget(user.id).await
        {
            warn!(
                user_id = %user.id,
                error = &error as &dyn std::error::Error,
                "could not end the subscription of the old address"
            );
            return Ok(user);
        }
        match self.users.put_user(&changed).await {
            Ok(()) => Ok(changed),
            // Another write changed the record first. The next log-in tries again.
            Err(StoreError::Conflict) => Ok(user),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the address again to confirm its subscription if the last request has lapsed, or if the subscription was
    /// lost.
    async fn renew_subscription(&self, user: &User) {
        let now = self.clock.now();
        let in_doubt = user.email_notifications == EmailNotifications::On
            && !user.knows_subscription(now, BELIEVED);
        if !(in_doubt || user.subscription_lapsed(now)) {
            return;
        }
        let renewed = renew(self.mailer, self.users, user, Wish::OfTheBackend, now);
        if let Err(error) = renewed.await {
            warn!(
                user_id = %user.id,
                error = &error as &dyn std::error::Error,
                "could not renew the email subscription"
            );
        }
    }
}
