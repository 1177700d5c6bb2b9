//! Tokens after the log-in, and passwords that were forgotten: Cognito's other side.

use async_trait::async_trait;
use domain::UserId;

use super::{IdentityError, Tokens};

/// Tokens after the log-in.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// New tokens for a refresh token; `None` if it has expired, was revoked, or never was one.
    async fn refresh(&self, refresh_token: &str) -> Result<Option<Tokens>, IdentityError>;

    /// Revokes all of a user's refresh tokens. Nothing changes where there are none.
    async fn end_all(&self, user_id: UserId) -> Result<(), IdentityError>;
}

/// How setting a new password ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The new one counts.
    Done,
    /// The code is wrong or old, or nobody has this address.
    WrongCode,
}

/// Codes by mail: for an address to be confirmed, for a password to be set anew.
///
/// The first two end well whether or not somebody has the address, or has asked too often: who is not told of the
/// difference cannot learn who has an account.
#[async_trait]
pub trait CodeMail: Send + Sync {
    /// Mails the code of the sign-up again, to an address that waits for it.
    async fn resend_confirmation(&self, email: &str) -> Result<(), IdentityError>;

    /// Mails a code for a new password, to a confirmed address.
    async fn offer_reset(&self, email: &str) -> Result<(), IdentityError>;

    /// Sets a new password with such a code.
    async fn reset(&self, email: &str, code: &str, password: &str) -> Result<Reset, IdentityError>;
}
