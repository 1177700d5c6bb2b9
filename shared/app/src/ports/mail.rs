//! Emails: through a subscription of each user, or to addresses.

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

/// Whose wish it is that emails reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The backend's, after a sign-up, at a log-in, or before an email. The user was not asked.
    OfTheBackend,
    /// The user's own. An open request to confirm is mailed again, and a stop after a bounce or a complaint is lifted.
    OfTheUser,
}

/// Sends emails to users.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Makes emails reach the user at this address alone, and returns the state after that.
    ///
    /// With SNS, the user's topic is created, the address is asked to confirm, and any other address is unsubscribed.
    /// Nothing changes if the topic has this address alone, unless the user wants another request. SES needs no
    /// subscription: an address is `on` unless mail to it was stopped, and then it stays `off` until the user wants
    /// emails again.
    async fn subscribe(
        &self,
        user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError>;

    /// Whether emails reach the user at this address, as the mail service knows now.
    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError>;

    /// Ends the user's subscription. Nothing changes if there is none.
    async fn forget(&self, user_id: UserId) -> Result<(), MailError>;

    /// Sends an email to the user at this address, if emails reach the address. A service with subscriptions has its
    /// own record of the address.
    async fn send(&self, user_id: UserId, address: &str, email: &Email) -> Result<(), MailError>;
}

/// Sends emails to anybody, such as the person at the door, who has no account. Only SES can do that, because SNS knows
/// only subscribers.
#[async_trait]
pub trait AddressMailer: Send + Sync {
    /// Sends an email to an address. If mail to it was stopped after a bounce or a complaint, the email is accepted and
    /// goes nowhere. `unsubscribe` is the address of a page on which the reader can stop further emails.
    async fn send_to(
        &self,
        address: &str,
        email: &Email,
        unsubscribe: Option<&str>,
    ) -> Result<(), MailError>;
}
