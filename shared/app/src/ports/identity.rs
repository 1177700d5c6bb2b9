//! Accounts and passwords: Cognito's side of a user.

use async_trait::async_trait;
use domain::{NewAccount, Role, UserId};
use serde::Serialize;
use thiserror::Error;

use crate::refusal::Cause;

/// What the identity provider knows of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The `sub`.
    pub user_id: UserId,
    /// The name given at sign-up.
    pub name: String,
    /// The address, in lower case.
    pub email: String,
    /// Whether the address is confirmed.
    pub confirmed: bool,
    /// The roles that its groups grant.
    pub roles: Vec<Role>,
    /// The role that it was made with: a wish, which grants nothing. Whoever makes an account past the backend can wish for any
    /// or for none; nobody can change it later.
    pub asked_for: Option<Role>,
}

/// How signing up ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// A new account.
    New(UserId),
    /// The address has an account.
    Known,
}

/// How confirming an address ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It is confirmed now.
    Confirmed,
    /// It was before.
    AlreadyConfirmed,
    /// The code is wrong or old, or nobody has this address.
    WrongCode,
}

/// What a login gives.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// For the `Authorization` header.
    pub access_token: String,
    /// Who it is, for the client's own use.
    pub id_token: String,
    /// For new tokens without the password.
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// The access token's life, in seconds.
    pub expires_in: i32,
}

/// How logging in ended.
#[derive(Clone, PartialEq, Eq)]
pub enum LogInOutcome {
    /// Welcome.
    Granted(Tokens),
    /// The address or the password is wrong.
    WrongCredentials,
    /// The address must be confirmed first.
    NotConfirmed,
}

/// Why the identity provider did not do it.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The password breaks the rules; which, in words for a person.
    #[error("the password is refused: {0}")]
    PasswordRefused(String),
    /// The provider finds the request not valid; in words for a person.
    #[error("refused: {0}")]
    Refused(String),
    /// Too many requests.
    #[error("too many requests")]
    Throttled,
    /// The provider is away.
    #[error("the identity provider is away")]
    Unavailable(#[source] Cause),
}

/// Cognito.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Makes an account, which keeps the role that is asked for; Cognito mails the confirmation code.
    async fn sign_up(&self, sign_up: &NewAccount) -> Result<Registration, IdentityError>;

    /// The account with an address.
    async fn account(&self, email: &str) -> Result<Option<Account>, IdentityError>;

    /// Puts somebody into a role's group. Nothing changes where they are in it.
    async fn grant(&self, email: &str, role: Role) -> Result<(), IdentityError>;

    /// Confirms an address with the code that was mailed.
    async fn confirm(&self, email: &str, code: &str) -> Result<Confirmation, IdentityError>;

    /// Checks a password and gives tokens.
    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, IdentityError>;
}
