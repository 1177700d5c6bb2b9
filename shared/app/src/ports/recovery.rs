//! Mailed codes, which confirm an address, reset a forgotten password, or change the address.

use async_trait::async_trait;
use domain::UserId;

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

/// An account that was opened with its password. The token inside acts in the name of the user at the provider, so it
/// never leaves the backend: there is no `Debug` and no `Serialize`.
pub struct Opened(String);

impl Opened {
    /// With this token.
    pub fn with(token: String) -> Self {
        Self(token)
    }

    /// The token, for the provider alone.
    pub fn token(&self) -> &str {
        &self.0
    }
}

/// Changes the email address of an account.
#[async_trait]
pub trait AddressChange: Send + Sync {
    /// Opens an account; `None` if the password is wrong, or if there is no such confirmed account.
    async fn open(&self, user_id: UserId, password: &str) -> Result<Option<Opened>, IdentityError>;

    /// Mails a code to a new address. The old address stays until the code is used. For an address that another account
    /// has, and for one that asked too often, nothing happens. The caller does not learn which case it was.
    async fn mail_code_to(&self, account: &Opened, email: &str) -> Result<(), IdentityError>;

    /// Gives the account the address to which the last code was mailed. `false` if the code is wrong, old or used, or
    /// if another account has the address by now.
    async fn set_address(&self, account: &Opened, code: &str) -> Result<bool, IdentityError>;
}
