//! Text messages to phones.

use async_trait::async_trait;
use domain::PhoneNumber;
use thiserror::Error;

use crate::refusal::{Cause, Refusal};

/// Why a text message was not sent.
#[derive(Debug, Error)]
pub enum TextError {
    /// The service takes no messages to this number, now or later. No other attempt helps.
    #[error("the service refuses the phone number")]
    Refused,
    /// The service is unavailable or throttles.
    #[error("the service of text messages is unavailable")]
    Unavailable(#[source] Cause),
}

/// Sends text messages to anybody with a phone.
#[async_trait]
pub trait TextSender: Send + Sync {
    /// Whether the phone's owner has answered a message with a word such as STOP. The service then accepts messages to
    /// the number, and sends none.
    async fn is_opted_out(&self, number: &PhoneNumber) -> Result<bool, TextError>;

    /// Sends a text. The same text again is sent again.
    async fn send_text(&self, number: &PhoneNumber, text: &str) -> Result<(), TextError>;
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Refused => Self::Broken("the service refuses the phone number".into()),
            TextError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}
