//! `POST /password/forgot`: mails a code for a new password.

use std::sync::Arc;

use serde_json::Value;

use super::read_address;
use crate::ports::PasswordRecovery;
use crate::refusal::Refusal;

/// `POST /password/forgot`
pub struct ForgotPassword {
    /// Mails codes.
    pub passwords: Arc<dyn PasswordRecovery>,
}

impl ForgotPassword {
    /// Mails a code if the address is confirmed. The answer is the same for every other address.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::Throttled`] or [`Refusal::Unavailable`] from the identity
    /// provider.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.passwords.send_code(&read_address(body)?).await?)
    }
}
