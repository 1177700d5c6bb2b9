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
    /// Mails a code to a confirmed address. The answer is the same for any other.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.passwords.send_code(&read_address(body)?).await?)
    }
}
