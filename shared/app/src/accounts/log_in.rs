//! `POST /login`: tokens for a password.

use std::sync::Arc;
use std::time::Duration;

use super::records::Records;
use domain::{EmailNotifications, User, UserStatus, ZoneGrid};
use intake::{Faults, Fields, read_email, read_password};
use serde_json::Value;
use tracing::warn;

use super::subscription::{BELIEVED, renew};
use crate::ports::{
    Account, Clock, IdentityProvider, LogInOutcome, Mailer, StoreError, Tokens, UserStore,
};
use crate::refusal::Refusal;

/// `POST /login`
pub struct LogIn {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The accounts in the identity provider.
    pub identity: Arc<dyn IdentityProvider>,
    /// The email subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The longest time that a log-in waits for the mail service, all calls together.
    pub waits_for_mail: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl LogIn {
    /// Checks the password, repairs an account that a crash left incomplete, and answers with tokens.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredentials`] for a wrong password and an unknown address alike; [`Refusal::NotConfirmed`]
    /// before the address is confirmed; [`Refusal::AgentNotActive`] and [`Refusal::AccountSuspended`] for a suspended user with
    /// the right password.
    pub async fn run(&self, body: &Value) -> Result<Tokens, Refusal> {
        let (email, password) = read_credentials(body)?;
        let tokens = match self.identity.log_in(&email, &password).await? {
            LogInOutcome::Granted(tokens) => tokens,
            LogInOutcome::WrongCredentials => return Err(Refusal::InvalidCredentials),
            LogInOutcome::NotConfirmed => return Err(Refusal::NotConfirmed),
        };
        let account = self.identity.account(&email).await?;
        let account = account.ok_or(Refusal::InvalidCredentials)?;
        let granted_before = !account.roles.is_empty();
        let records = Records {
            users: self.users.as_ref(),
            identity: self.identity.as_ref(),
            grid: self.grid,
        };
        let user = records
            .brought_up_to_date(&account, self.clock.now())
            .await?;
        if user.status == UserStatus::Suspended {
            // These tokens are dropped. The client never gets them.
            return Err(Refusal::of_suspended(user.role));
        }
        self.bring_mail_up_to_date(user, &account).await?;
        if granted_before {
            return Ok(tokens);
        }
        // The role was granted just now, so these tokens do not name the role yet.
        match self.identity.log_in(&email, &password).await? {
            LogInOutcome::Granted(tokens) => Ok(tokens),
            LogInOutcome::WrongCredentials | LogInOutcome::NotConfirmed => {
                Err(Refusal::InvalidCredentials)
            }
        }
    }

    /// Updates the record and the subscription to match the account. An unavailable or slow mail service does not block
    /// the log-in: the next log-in does the rest.
    async fn bring_mail_up_to_date(&self, user: User, account: &Account) -> Result<(), Refusal> {
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

    /// A user can change the name and the address directly in Cognito. The record follows at the next log-in. The old
    /// address is unsubscribed before the record names the new one. If the process dies in between, the log-in after
    /// that repairs the record.
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
        let renewed = renew(self.mailer.as_ref(), self.users.as_ref(), user, now);
        if let Err(error) = renewed.await {
            warn!(
                user_id = %user.id,
                error = &error as &dyn std::error::Error,
                "could not renew the email subscription"
            );
        }
    }
}

fn read_credentials(body: &Value) -> Result<(String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "password"]);
    let email = read_email(&fields);
    let password = read_password(&fields);
    faults.or(email.zip(password))
}
