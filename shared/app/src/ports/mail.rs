//! Emails, through one SNS topic per user.

use async_trait::async_trait;
use domain::{EmailNotifications, UserId};
use thiserror::Error;

use crate::refusal::Cause;

/// An email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// One line of fewer than 100 characters, in any script. A mailer that needs ASCII transliterates it.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The same as HTML.
    pub html: String,
}

/// Why an email was not sent.
#[derive(Debug, Error)]
pub enum MailError {
    /// The user has no topic yet.
    #[error("the user has no topic")]
    NoTopic,
    /// The service is unavailable or throttles.
    #[error("the mail service is unavailable")]
    Unavailable(#[source] Cause),
}

/// Sends emails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Creates the user's topic and asks the address to confirm its subscription. Any other address is unsubscribed.
    /// Nothing changes if the topic exists and has this address alone.
    async fn subscribe(&self, user_id: UserId, address: &str) -> Result<(), MailError>;

    /// Whether emails reach the user at this address, as the mail service knows now.
    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError>;

    /// Deletes the user's topic with every subscription. Nothing changes if there is no topic.
    async fn forget(&self, user_id: UserId) -> Result<(), MailError>;

    /// Sends an email to the address, if the address has confirmed.
    async fn send(&self, user_id: UserId, email: &Email) -> Result<(), MailError>;
}
