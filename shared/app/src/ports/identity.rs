//! Accounts and passwords, which Cognito stores.

use async_trait::async_trait;
use domain::{NewAccount, Role, UserId};
use serde::Serialize;
use thiserror::Error;

use super::sessions::Whose;
use crate::refusal::Cause;

/// An account in the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's `sub`.
    pub user_id: UserId,
    /// The name given at sign-up.
    pub name: String,
    /// The address, in lower case.
    pub email: String,
    /// Whether the address is confirmed.
    pub confirmed: bool,
    /// The roles that its groups grant.
    pub roles: Vec<Role>,
    /// The role that the account asked for at sign-up. This wish grants nothing. An account that was made directly in
    /// Cognito can ask for any role or for none. Nobody can change the wish later.
    pub asked_for: Option<Role>,
}

/// The result of a sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// A new account.
    New(UserId),
    /// The address already has an account.
    Known,
}

/// The result of confirming an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The address is confirmed now.
    Confirmed,
    /// The address was confirmed before.
    AlreadyConfirmed,
    /// The code is wrong or old, or no account has this address.
    WrongCode,
}

/// The tokens of a log-in.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// For the `Authorization` header. The provider's own API must not accept it.
    pub access_token: String,
    /// Gets new tokens without the password.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The lifetime of the access token, in seconds.
    pub expires_in: i32,
}

/// The result of a log-in.
#[derive(Clone, PartialEq, Eq)]
pub enum LogInOutcome {
    /// The address and the password are right.
    Granted(Tokens),
    /// The address or the password is wrong.
    WrongCredentials,
    /// The address must be confirmed first.
    NotConfirmed,
}

/// Why the identity provider did not do what the call asked for.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The password breaks the rules. The text names the rule, for a person.
    #[error("the password is refused: {0}")]
    PasswordRefused(String),
    /// The provider considers the request invalid. The text says why, for a person.
    #[error("refused: {0}")]
    Refused(String),
    /// Too many requests.
    #[error("too many requests")]
    Throttled,
    /// The provider is unavailable.
    #[error("the identity provider is unavailable")]
    Unavailable(#[source] Cause),
}

/// The accounts in Cognito.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Makes an account that remembers the requested role. Cognito mails the confirmation code.
    async fn sign_up(&self, sign_up: &NewAccount) -> Result<Registration, IdentityError>;

    /// An account; `None` if there is none.
    async fn account(&self, whose: Whose<'_>) -> Result<Option<Account>, IdentityError>;

    /// Adds an account to the group of a role. Nothing changes if the account is in the group already.
    async fn grant(&self, email: &str, role: Role) -> Result<(), IdentityError>;

    /// Confirms an address with the code that was mailed.
    async fn confirm(&self, email: &str, code: &str) -> Result<Confirmation, IdentityError>;

    /// Checks a password and issues tokens.
    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, IdentityError>;
}
