//! Emails, through SES: to any address, without subscriptions.
//!
//! The configuration set tells SES to stop mail to an address after a hard bounce or a complaint. SES then puts the
//! address on the suppression list of the account, and accepts emails to it without sending them.

use std::sync::Arc;

use app::ports::{AddressMailer, Clock, Email, MailError, Mailer, Wish};
use async_trait::async_trait;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::delete_suppressed_destination::DeleteSuppressedDestinationError;
use aws_sdk_sesv2::operation::get_suppressed_destination::GetSuppressedDestinationError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader};
use domain::{EmailNotifications, Timestamp, UserId};
use jiff::SignedDuration;
use settings::SesSender;

pub use aws_sdk_sesv2::Client;

use crate::failure::CallFailed;

/// How long mail to an address stays stopped at least. SES judges a sender by the bounces, so nobody causes more than
/// one in an hour.
const STOPPED_FOR: SignedDuration = SignedDuration::from_hours(1);
const CHARSET: &str = "UTF-8";

/// Emails from a verified identity.
pub struct SesMailer {
    client: Client,
    sender: SesSender,
    clock: Arc<dyn Clock>,
}

impl SesMailer {
    /// From this sender.
    pub fn new(client: &Client, sender: &SesSender, clock: Arc<dyn Clock>) -> Self {
        Self {
            client: client.clone(),
            sender: sender.clone(),
            clock,
        }
    }

    /// When SES stopped mail to an address. `None` if emails reach it.
    async fn stopped_at(&self, address: &str) -> Result<Option<Timestamp>, MailError> {
        let asked = self.client.get_suppressed_destination();
        match asked.email_address(address).send().await {
            Ok(found) => {
                let at = found
                    .suppressed_destination()
                    .map(|it| it.last_update_time().secs());
                let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok());
                // An answer without a readable time tells of a stop all the same.
                Ok(Some(at.unwrap_or_else(|| self.clock.now())))
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(GetSuppressedDestinationError::is_not_found_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(away("GetSuppressedDestination", error)),
        }
    }

    /// Takes an address off the list. Nothing changes if it is not on the list.
    async fn lift(&self, address: &str) -> Result<(), MailError> {
        let lift = self.client.delete_suppressed_destination();
        match lift.email_address(address).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteSuppressedDestinationError::is_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(away("DeleteSuppressedDestination", error)),
        }
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn subscribe(
        &self,
        _user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError> {
        match (self.stopped_at(address).await?, wish) {
            (None, _) => Ok(EmailNotifications::On),
            (Some(at), Wish::OfTheUser) if self.clock.now().duration_since(at) >= STOPPED_FOR => {
                self.lift(address).await?;
                Ok(EmailNotifications::On)
            }
            (Some(_), _) => Ok(EmailNotifications::Off),
        }
    }

    async fn subscription(
        &self,
        _user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError> {
        Ok(match self.stopped_at(address).await? {
            None => EmailNotifications::On,
            Some(_) => EmailNotifications::Off,
        })
    }

    /// SES has no subscriptions. Emails go to the address of the record.
    async fn forget(&self, _user_id: UserId) -> Result<(), MailError> {
        Ok(())
    }

    async fn send(&self, _user_id: UserId, address: &str, email: &Email) -> Result<(), MailError> {
        self.send_to(address, email, None).await
    }
}

#[async_trait]
impl AddressMailer for SesMailer {
    async fn send_to(
        &self,
        address: &str,
        email: &Email,
        unsubscribe: Option<&str>,
    ) -> Result<(), MailError> {
        let content = content(email, unsubscribe).map_err(|error| {
            MailError::Unavailable(CallFailed::because("SendEmail", error).into())
        })?;
        self.client
            .send_email()
            .from_email_address(&self.sender.from)
            .destination(Destination::builder().to_addresses(address).build())
            .content(content)
            .configuration_set_name(&self.sender.configuration_set)
            .send()
            .await
            .map_err(|error| away("SendEmail", error))?;
        Ok(())
    }
}

fn content(email: &Email, unsubscribe: Option<&str>) -> Result<EmailContent, BuildError> {
    let text = |data: &str| Content::builder().data(data).charset(CHARSET).build();
    let body = Body::builder()
        .text(text(&email.body)?)
        .html(text(&email.html)?)
        .build();
    let mut message = Message::builder().subject(text(&email.subject)?).body(body);
    if let Some(page) = unsubscribe {
        // RFC 2369: a page, and not the call of RFC 8058, because the secret must stay in the fragment.
        let header = MessageHeader::builder().name("List-Unsubscribe");
        message = message.headers(header.value(format!("<{page}>")).build()?);
    }
    Ok(EmailContent::builder().simple(message.build()).build())
}

fn away<E, R>(call: &'static str, error: SdkError<E, R>) -> MailError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    MailError::Unavailable(CallFailed::new(call, error).into())
}
