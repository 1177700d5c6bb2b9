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
    /// Mails another code if the address waits for its confirmation. The answer is the same for every other address.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::Throttled`] or [`Refusal::Unavailable`] from the identity
    /// provider.
    pub async fn run(&self, body: &Value) -> Result<(), Refusal> {
        Ok(self.codes.resend(&read_address(body)?).await?)
    }
}
