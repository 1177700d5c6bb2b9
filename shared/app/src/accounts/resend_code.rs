//! `POST /signup/resend-code`: mails another code.

use std::sync::Arc;

use serde_json::Value;

use super::read_address;
use crate::ports::ConfirmationCodes;
use crate::refusal::Refusal;

/// `POST /signup/resend-code`
pub struct ResendCode {
    /// Mails codes.
    pub codes: Arc<dyn ConfirmationCodes>,
}

impl ResendCode {
    /// Mails another code to an address that waits to be confirmed. The answer is the same for any other.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, or when something is away.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.codes.resend(&read_address(body)?).await?)
    }
}
