//! `POST /login`: tokens for a password.

use std::sync::Arc;
use std::time::Duration;

use super::records::Records;
use domain::{UserStatus, ZoneGrid};
use intake::{Faults, Fields, read_email, read_password};
use serde_json::Value;

use super::follow::Follow;
use crate::ports::{Clock, IdentityProvider, LogInOutcome, Mailer, Tokens, UserStore, Whose};
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
    /// before the address is confirmed; [`Refusal::AgentNotActive`] and [`Refusal::AccountSuspended`] for a suspended
    /// user with the right password.
    pub async fn run(&self, body: &Value) -> Result<Tokens, Refusal> {
        let (email, password) = read_credentials(body)?;
        let tokens = match self.identity.log_in(&email, &password).await? {
            LogInOutcome::Granted(tokens) => tokens,
            LogInOutcome::WrongCredentials => return Err(Refusal::InvalidCredentials),
            LogInOutcome::NotConfirmed => return Err(Refusal::NotConfirmed),
        };
        let account = self.identity.account(Whose::Address(&email)).await?;
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
        let follow = Follow {
            users: self.users.as_ref(),
            mailer: self.mailer.as_ref(),
            clock: self.clock.as_ref(),
            waits_for_mail: self.waits_for_mail,
        };
        follow.account(user, &account).await?;
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
}

fn read_credentials(body: &Value) -> Result<(String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "password"]);
    let email = read_email(&fields);
    let password = read_password(&fields);
    faults.or(email.zip(password))
}
