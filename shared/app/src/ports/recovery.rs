//! Mailed codes, which confirm an address or reset a forgotten password.

use async_trait::async_trait;

use super::identity::IdentityError;

/// Mails confirmation codes again.
#[async_trait]
pub trait ConfirmationCodes: Send + Sync {
    /// Mails a new code to an address that signed up and is not confirmed. For any other address, and for an address
    /// that asked too often, nothing happens. The caller does not learn which case it was.
    async fn resend(&self, email: &str) -> Result<(), IdentityError>;
}

/// The result of setting a password with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The new password is set.
    Done,
    /// The code is wrong, old or used, too many codes were tried, or no account has this address.
    WrongCode,
}

/// Resets forgotten passwords.
#[async_trait]
pub trait PasswordRecovery: Send + Sync {
    /// Mails a code to a confirmed address. For any other address, and for an address that asked too often, nothing
    /// happens. The caller does not learn which case it was.
    async fn send_code(&self, email: &str) -> Result<(), IdentityError>;

    /// Sets a new password, given the mailed code. Sessions stay as they are.
    async fn reset(
        &self,
        email: &str,
        code: &str,
        new_password: &str,
    ) -> Result<Reset, IdentityError>;
}
