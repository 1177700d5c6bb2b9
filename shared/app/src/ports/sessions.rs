//! After a log-in: new tokens for a refresh token, and the end of sessions.

use async_trait::async_trait;
use domain::UserId;

use super::identity::{IdentityError, Tokens};

/// New tokens and their user.
#[derive(Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The user who logged in with a password.
    pub user_id: UserId,
    /// The access token is new. The refresh token is the one that was sent.
    pub tokens: Tokens,
}

/// Issues new tokens without the password.
#[async_trait]
pub trait TokenRefresh: Send + Sync {
    /// New tokens for a refresh token; `None` if the token is forged, expired or revoked, or if its user does not exist
    /// any more.
    async fn refresh(&self, refresh_token: &str) -> Result<Option<Refreshed>, IdentityError>;
}

/// Names an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// The account of a user.
    User(UserId),
    /// The account with an email address.
    Address(&'a str),
}

/// Ends sessions.
#[async_trait]
pub trait SignOut: Send + Sync {
    /// Revokes every refresh token of an account. Nothing changes if there is no token or no such account.
    async fn sign_out(&self, whose: Whose<'_>) -> Result<(), IdentityError>;
}
