//! What follows a log-in: new tokens for old ones, and the end of it.

use async_trait::async_trait;
use domain::UserId;

use super::identity::{IdentityError, Tokens};

/// New tokens, and whose.
#[derive(Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// Who logged in with a password once.
    pub user_id: UserId,
    /// The access and ID tokens are new, the refresh token is that which was sent.
    pub tokens: Tokens,
}

/// Gives new tokens without the password.
#[async_trait]
pub trait TokenRefresh: Send + Sync {
    /// New tokens for a refresh token; `None` for one that is forged, expired, revoked, or whose user is gone.
    async fn refresh(&self, refresh_token: &str) -> Result<Option<Refreshed>, IdentityError>;
}

/// Which account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// That of a user.
    User(UserId),
    /// That with an address.
    Address(&'a str),
}

/// Ends sessions.
#[async_trait]
pub trait SignOut: Send + Sync {
    /// Revokes every refresh token that somebody has. Nothing changes where there is none, or no such account.
    async fn sign_out(&self, whose: Whose<'_>) -> Result<(), IdentityError>;
}
