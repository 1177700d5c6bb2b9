//! Codes by mail: for an address that waits to be confirmed, and for a password that was forgotten.

use async_trait::async_trait;

use super::identity::IdentityError;

/// Mails confirmation codes again.
#[async_trait]
pub trait ConfirmationCodes: Send + Sync {
    /// Mails a new code to an address that signed up and is not confirmed. For any other address, and for one that
    /// has asked too often, nothing happens, and nobody is told so.
    async fn resend(&self, email: &str) -> Result<(), IdentityError>;
}

/// How setting a password with a code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The new password counts.
    Done,
    /// The code is wrong, old or used up, too many were tried, or nobody has this address.
    WrongCode,
}

/// Helps who forgot the password.
#[async_trait]
pub trait PasswordRecovery: Send + Sync {
    /// Mails a code to a confirmed address. For any other address, and for one that has asked too often, nothing
    /// happens, and nobody is told so.
    async fn send_code(&self, email: &str) -> Result<(), IdentityError>;

    /// Sets a new password, given the code that was mailed. Sessions stay as they are.
    async fn reset(
        &self,
        email: &str,
        code: &str,
        new_password: &str,
    ) -> Result<Reset, IdentityError>;
}
