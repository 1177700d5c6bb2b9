//! Signing up, confirming the address, logging in.
//!
//! Cognito knows the password and the roles, our own record all else. The two cannot be written together, so
//! each step is made to be repeated: whatever a crash left out, the next sign-up, confirmation or log-in
//! of the same person puts right.

mod records;

use std::sync::Arc;
use std::time::Duration;

use intake::read_email;
use domain::{EmailNotifications, NewAccount, Timestamp, User, UserId, UserStatus, ZoneGrid};
use intake::{Faults, Fields};
use jiff::SignedDuration;
use serde_json::Value;
use tracing::warn;

use crate::answers::{ConfirmedAnswer, MeAnswer};
use crate::caller::Caller;
use crate::ports::{
    Account, Clock, Confirmation, IdentityProvider, LogIn, Mailer, Registration, StoreError,
    Tokens, UserStore,
};
use crate::refusal::Refusal;
use records::Records;

/// For so long a confirmation may be repeated with the answer of the first: a client that lost the answer
/// asks again at once. Later it is refused like any wrong code, so that nobody learns who has an account.
const REPEATED_CONFIRMATION: SignedDuration = SignedDuration::from_mins(15);

const LONGEST_CODE: usize = 20;

/// `POST /signup`
pub struct RegisterUser {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl RegisterUser {
    /// Makes the account, its record and its group, in this order: of two sign-ups at the same moment one writes the
    /// record, and both grant the role that is in it. The answer is the same whether the address was known.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        let sign_up = intake::read_new_account(body)?;
        let user_id = match self.identity.sign_up(&sign_up).await? {
            Registration::New(user_id) => user_id,
            Registration::Known => match self.left_half_way(&sign_up).await? {
                Some(user_id) => user_id,
                None => return Ok(()),
            },
        };
        let user = User::signed_up(user_id, &sign_up, self.grid, self.clock.now());
        let role = match self.users.put_user(&user).await {
            Ok(()) => user.role,
            // Another sign-up was faster, and may have died before it granted what it wrote.
            Err(StoreError::Conflict) => {
                let recorded = self.users.user(user_id).await?;
                recorded.ok_or(Refusal::Contended)?.role
            }
            Err(error) => return Err(error.into()),
        };
        // The record of a dispatcher who was taken out of the group brings nobody back into it.
        if !role.is_ours_to_grant() {
            return Ok(());
        }
        Ok(self.identity.grant(&sign_up.email, role).await?)
    }

    /// The id of an account that waits for its code and that a crash left without record or group.
    /// A role that was granted or asked for stays: it is not for a second sign-up to change.
    async fn left_half_way(&self, sign_up: &NewAccount) -> Result<Option<UserId>, Refusal> {
        let Some(account) = self.identity.account(&sign_up.email).await? else {
            return Ok(None);
        };
        let mut roles = account.roles.iter().chain(&account.asked_for);
        let other_role = roles.any(|role| *role != sign_up.role);
        if account.confirmed || other_role {
            return Ok(None);
        }
        let whole = !account.roles.is_empty() && self.users.user(account.user_id).await?.is_some();
        Ok((!whole).then_some(account.user_id))
    }
}

/// `POST /signup/confirm`
pub struct ConfirmSignUp {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl ConfirmSignUp {
    /// Confirms the address and opens the account: customers are active then, agents wait for approval.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] alike for a wrong code, an old one, and an unknown address.
    pub async fn run(&self, body: &Value) -> Result<ConfirmedAnswer, Refusal> {
        let (email, code) = read_confirmation(body)?;
        let confirmation = self.identity.confirm(&email, &code).await?;
        if confirmation == Confirmation::WrongCode {
            return Err(Refusal::InvalidCode);
        }
        let account = self.identity.account(&email).await?;
        let account = account.ok_or(Refusal::InvalidCode)?;
        let now = self.clock.now();
        if confirmation == Confirmation::AlreadyConfirmed {
            // Cognito has not looked at the code. A record that waits, or was confirmed a moment ago, is a repetition;
            // anything else is somebody who tries out addresses.
            let repeated = self.users.user(account.user_id).await?.is_some_and(|user| {
                let since = user.confirmed_at.map(|at| now.duration_since(at));
                since.is_none_or(|since| since <= REPEATED_CONFIRMATION)
            });
            if !repeated {
                return Err(Refusal::InvalidCode);
            }
        }
        let records = Records {
            users: self.users.as_ref(),
            identity: self.identity.as_ref(),
            grid: self.grid,
        };
        Ok(records.brought_up_to_date(&account, now).await?.into())
    }
}

fn read_confirmation(body: &Value) -> Result<(String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "code"]);
    let email = read_email(&fields);
    let code = read_code(&fields);
    faults.or(email.zip(code))
}

/// Reads a code that was mailed; people paste it with spaces around.
pub(crate) fn read_code(fields: &Fields<'_>) -> Option<String> {
    let code = fields.required_text("code", LONGEST_CODE)?;
    Some(code.trim().to_owned())
}

/// `POST /login`
pub struct LogInUser {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The accounts.
    pub identity: Arc<dyn IdentityProvider>,
    /// The subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// For so long a log-in waits for them, all calls together.
    pub waits_for_mail: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The zones.
    pub grid: ZoneGrid,
}

impl LogInUser {
    /// Checks the password, repairs what a crash left out of the account, and answers with tokens.
    ///
    /// # Errors
    /// [`Refusal::InvalidCredentials`] alike for a wrong password and an unknown address; [`Refusal::NotConfirmed`];
    /// [`Refusal::AgentNotActive`] for a suspended agent with the right password.
    pub async fn run(&self, body: &Value) -> Result<Tokens, Refusal> {
        let (email, password) = read_credentials(body)?;
        let tokens = match self.identity.log_in(&email, &password).await? {
            LogIn::Granted(tokens) => tokens,
            LogIn::WrongCredentials => return Err(Refusal::InvalidCredentials),
            LogIn::NotConfirmed => return Err(Refusal::NotConfirmed),
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
            // The tokens that are dropped here were never handed out.
            return Err(Refusal::AgentNotActive);
        }
        self.bring_mail_up_to_date(user, &account).await?;
        if granted_before {
            return Ok(tokens);
        }
        // The role was granted just now, and these tokens do not name it yet.
        match self.identity.log_in(&email, &password).await? {
            LogIn::Granted(tokens) => Ok(tokens),
            LogIn::WrongCredentials | LogIn::NotConfirmed => Err(Refusal::InvalidCredentials),
        }
    }

    /// Has the record and the subscription follow the account. Nobody is kept out because mail is away or does not answer:
    /// what is left undone, the next log-in does.
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
                warn!(%user_id, "mail has not answered in time; the log-in goes on");
                Ok(())
            })
    }

    /// Name and address may be changed in Cognito, past us: the record follows at the next log-in. Emails stop going to the
    /// old address before the record names the new one, so that a crash in between is repaired by the log-in after it.
    async fn as_the_account_says(&self, user: User, account: &Account) -> Result<User, Refusal> {
        let Some(changed) = user.following(&account.name, &account.email, self.clock.now()) else {
            return Ok(user);
        };
        if changed.email != user.email
            && let Err(error) = self.mailer.forget(user.id).await
        {
            warn!(user_id = %user.id, error = &error as &dyn std::error::Error, "could not end the old address' subscription");
            return Ok(user);
        }
        match self.users.put_user(&changed).await {
            Ok(()) => Ok(changed),
            // Somebody else changed the record: the next log-in sees to it.
            Err(StoreError::Conflict) => Ok(user),
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the address again to confirm its subscription, where the last request has lapsed.
    async fn renew_subscription(&self, user: &User) {
        let now = self.clock.now();
        if !user.subscription_lapsed(now) {
            return;
        }
        let renewed = async {
            let state = self.mailer.subscription(user.id, &user.email).await?;
            if state == EmailNotifications::On {
                return record_subscription(self.users.as_ref(), user, state, None, now).await;
            }
            self.mailer.subscribe(user.id, &user.email).await?;
            let state = EmailNotifications::Pending;
            record_subscription(self.users.as_ref(), user, state, Some(now), now).await
        };
        if let Err(error) = renewed.await {
            warn!(user_id = %user.id, error = &error as &dyn std::error::Error, "could not renew the email subscription");
        }
    }
}

fn read_credentials(body: &Value) -> Result<(String, String), Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["email", "password"]);
    let email = read_email(&fields);
    let password = fields.required_text("password", LONGEST_PASSWORD);
    let password = password.map(str::to_owned);
    faults.or(email.zip(password))
}

/// `GET /me`
pub struct ShowMe {
    /// The records.
    pub users: Arc<dyn UserStore>,
    /// The subscriptions.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ShowMe {
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

/// Notes the state of a user's email subscription, and when it was asked for where that is new.
///
/// Losing the race against another change is no error: the state is looked up again at the next log-in.
pub(crate) async fn record_subscription(
    users: &dyn UserStore,
    user: &User,
    state: EmailNotifications,
    asked_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut changed = user.changed(now);
    changed.email_notifications = state;
    // A request that was never confirmed and is gone has lapsed: the next log-in asks again.
    let lapsed =
        (user.email_notifications, state) == (EmailNotifications::Pending, EmailNotifications::Off);
    changed.subscribed_at = asked_at.or(user.subscribed_at.filter(|_| !lapsed));
    match users.put_user(&changed).await {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
