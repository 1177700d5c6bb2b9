//! Emails, through a topic per user.

use async_trait::async_trait;
use domain::{EmailNotifications, UserId};
use thiserror::Error;

use crate::refusal::Cause;

/// A text to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// At most 100 characters of printable ASCII, which is what SNS takes.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Why an email was not sent.
#[derive(Debug, Error)]
pub enum MailError {
    /// The user has no topic yet.
    #[error("the user has no topic")]
    NoTopic,
    /// The service is away or throttles.
    #[error("the mail service is away")]
    Unavailable(#[source] Cause),
}

/// Sends emails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Makes the user's topic and asks the address to confirm its subscription. Another address that was subscribed is not
    /// any more. Nothing changes where the topic is there with this one alone.
    async fn subscribe(&self, user_id: UserId, address: &str) -> Result<(), MailError>;

    /// Whether emails reach the user at the address, as the service knows it now.
    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError>;

    /// Removes the user's topic, and with it every subscription. Nothing changes where there is none.
    async fn forget(&self, user_id: UserId) -> Result<(), MailError>;

    /// Sends an email to whoever has confirmed.
    async fn send(&self, user_id: UserId, email: &Email) -> Result<(), MailError>;
}
