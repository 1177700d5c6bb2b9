//! Emails and text messages, through SNS. For emails each user has a topic, and their address subscribes to it. Text
//! messages go to phone numbers, without topics.

use app::ports::{Email, MailError, Mailer, TextError, TextSender, Wish};
use async_trait::async_trait;
use aws_sdk_sns::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::delete_topic::DeleteTopicError;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicError;
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::{MessageAttributeValue, Subscription};
use domain::{EmailNotifications, PhoneNumber, UserId};
use settings::TextSenderName;
use settings::resources::UserTopics;

pub use aws_sdk_sns::Client;

use crate::failure::CallFailed;

/// SNS takes subjects of less than 100 characters.
const LONGEST_SUBJECT: usize = 99;
/// SNS shows this in place of an ARN until the address is confirmed.
const PENDING: &str = "PendingConfirmation";

/// Emails through a topic per user.
#[derive(Debug, Clone)]
pub struct SnsMailer {
    client: Client,
    topics: UserTopics,
}

impl SnsMailer {
    /// Through these topics.
    pub fn new(client: &Client, topics: &UserTopics) -> Self {
        Self {
            client: client.clone(),
            topics: topics.clone(),
        }
    }

    fn topic_arn(&self, user_id: UserId) -> String {
        format!("{}{user_id}", self.topics.as_str())
    }

    /// Nothing changes if the topic exists.
    async fn create_topic(&self, topic_arn: &str) -> Result<(), MailError> {
        let (_, name) = topic_arn.rsplit_once(':').unwrap_or(("", topic_arn));
        let create = self.client.create_topic().name(name);
        let created = create.send().await;
        created.map_err(|error| away("CreateTopic", error))?;
        Ok(())
    }

    /// The email subscriptions of a topic. Empty if there is no topic.
    async fn subscriptions(&self, topic_arn: &str) -> Result<Vec<Subscription>, MailError> {
        let list = self.client.list_subscriptions_by_topic();
        let mut pages = list.topic_arn(topic_arn).into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => found.extend(page.subscriptions.unwrap_or_default()),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(ListSubscriptionsByTopicError::is_not_found_exception) =>
                {
                    return Ok(Vec::new());
                }
                Err(error) => return Err(away("ListSubscriptionsByTopic", error)),
            }
        }
        found.retain(|subscription| subscription.protocol() == Some("email"));
        Ok(found)
    }
}

#[async_trait]
impl Mailer for SnsMailer {
    async fn subscribe(
        &self,
        user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError> {
        let topic_arn = self.topic_arn(user_id);
        self.create_topic(&topic_arn).await?;
        let subscriptions = self.subscriptions(&topic_arn).await?;
        let counted = subscriptions.iter().filter(|s| state(s).is_some());
        // The topic has another address than the user has now.
        let of_another = counted.clone().any(|one| !is_of(one, address));
        let found = best(counted.filter_map(state));
        match (of_another, found, wish) {
            // Each call of Subscribe sends another request while one is open. A message that arrives twice must not do
            // that.
            (false, EmailNotifications::On, _)
            | (false, EmailNotifications::Pending, Wish::OfTheBackend) => return Ok(found),
            (false, EmailNotifications::Off, _) => {}
            // The open request ends, so that the new one sends another email.
            (true, _, _) | (false, EmailNotifications::Pending, Wish::OfTheUser) => {
                self.forget(user_id).await?;
                self.create_topic(&topic_arn).await?;
            }
        }
        self.client
            .subscribe()
            .topic_arn(&topic_arn)
            .protocol("email")
            .endpoint(address)
            .return_subscription_arn(true)
            .send()
            .await
            .map_err(|error| away("Subscribe", error))?;
        // SNS may not list the request yet.
        Ok(EmailNotifications::Pending)
    }

    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError> {
        let mut subscriptions = self.subscriptions(&self.topic_arn(user_id)).await?;
        subscriptions.retain(|subscription| is_of(subscription, address));
        Ok(best(subscriptions.iter().filter_map(state)))
    }

    /// Deletes the whole topic: an unconfirmed subscription cannot be ended by itself, and ending a confirmed one needs
    /// a permission for all subscriptions of the account.
    async fn forget(&self, user_id: UserId) -> Result<(), MailError> {
        let delete = self.client.delete_topic();
        match delete.topic_arn(self.topic_arn(user_id)).send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteTopicError::is_not_found_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(away("DeleteTopic", error)),
        }
    }

    /// The topic has the address.
    async fn send(&self, user_id: UserId, _address: &str, email: &Email) -> Result<(), MailError> {
        let published = self
            .client
            .publish()
            .topic_arn(self.topic_arn(user_id))
            .subject(subject(&email.subject))
            .message(&email.body)
            .send()
            .await;
        match published {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PublishError::is_not_found_exception) =>
            {
                Err(MailError::NoTopic)
            }
            Err(error) => Err(away("Publish", error)),
        }
    }
}

/// Text messages to phone numbers.
#[derive(Debug, Clone)]
pub struct SnsTexts {
    client: Client,
    sender: TextSenderName,
}

impl SnsTexts {
    /// From this sender.
    pub fn new(client: &Client, sender: &TextSenderName) -> Self {
        Self {
            client: client.clone(),
            sender: sender.clone(),
        }
    }

    /// What SNS is told about each text. `Transactional` texts are important, and reach people at any hour.
    fn attributes(&self) -> Result<Vec<(&'static str, MessageAttributeValue)>, BuildError> {
        let value = |kind: &str, text: &str| {
            let value = MessageAttributeValue::builder().data_type(kind);
            value.string_value(text).build()
        };
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", value("String", "Transactional")?)];
        if let Some(id) = &self.sender.id {
            attributes.push(("AWS.SNS.SMS.SenderID", value("String", id)?));
        }
        if let Some(price) = &self.sender.max_price {
            attributes.push(("AWS.SNS.SMS.MaxPrice", value("Number", price)?));
        }
        Ok(attributes)
    }
}

#[async_trait]
impl TextSender for SnsTexts {
    async fn is_opted_out(&self, number: &PhoneNumber) -> Result<bool, TextError> {
        let asked = self.client.check_if_phone_number_is_opted_out();
        match asked.phone_number(number.e164()).send().await {
            Ok(answer) => Ok(answer.is_opted_out()),
            // `send_text` says what is wrong with the number.
            Err(error) if is_refused(&error) => Ok(false),
            Err(error) => Err(text_away("CheckIfPhoneNumberIsOptedOut", &error)),
        }
    }

    async fn send_text(&self, number: &PhoneNumber, text: &str) -> Result<(), TextError> {
        let attributes = self.attributes().map_err(|error| {
            TextError::Unavailable(CallFailed::because("Publish", error).into())
        })?;
        let publish = self
            .client
            .publish()
            .phone_number(number.e164())
            .message(text);
        let publish = attributes
            .into_iter()
            .fold(publish, |publish, (name, value)| {
                publish.message_attributes(name, value)
            });
        match publish.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_refused(&error) => Err(TextError::Refused),
            Err(error) => Err(text_away("Publish", &error)),
        }
    }
}

/// Whether SNS refuses the number itself. It has no code of its own for that: a sender id that it does not know is
/// another `InvalidParameter`.
fn is_refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let refused = error.as_service_error();
    refused.is_some_and(|error| {
        let code = error.code().unwrap_or_default();
        let message = error.message().unwrap_or_default();
        code.starts_with("InvalidParameter") && message.to_ascii_lowercase().contains("phonenumber")
    })
}

/// The failure without the words of SNS. They have the number: "not authorized to perform: SNS:Publish on resource:
/// +34…".
fn text_away<E, R>(call: &'static str, error: &SdkError<E, R>) -> TextError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    let told = code.unwrap_or("no answer of the service").to_owned();
    TextError::Unavailable(CallFailed::because(call, told).into())
}

fn is_of(subscription: &Subscription, address: &str) -> bool {
    let endpoint = subscription.endpoint().unwrap_or_default();
    endpoint.eq_ignore_ascii_case(address)
}

/// The best state of a user's subscriptions.
fn best(states: impl Iterator<Item = EmailNotifications>) -> EmailNotifications {
    states.fold(EmailNotifications::Off, |best, state| match (best, state) {
        (EmailNotifications::On, _) | (_, EmailNotifications::Off) => best,
        (EmailNotifications::Off | EmailNotifications::Pending, better) => better,
    })
}

/// The state of a subscription, or `None` if it was deleted and is still listed.
fn state(subscription: &Subscription) -> Option<EmailNotifications> {
    match subscription.subscription_arn() {
        Some(PENDING) => Some(EmailNotifications::Pending),
        Some(arn) if arn.starts_with("arn:") => Some(EmailNotifications::On),
        _ => None,
    }
}

/// A subject in the form that SNS accepts: printable ASCII, no space at the start, less than 100 characters. Letters of
/// other scripts become the Latin letters that stand for them.
fn subject(text: &str) -> String {
    let one_line = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let ascii = any_ascii::any_ascii(&one_line.collect::<String>());
    let line: String = ascii.chars().filter(|c| matches!(c, ' '..='~')).collect();
    let line: String = line.trim().chars().take(LONGEST_SUBJECT).collect();
    if line.is_empty() {
        "-".to_owned()
    } else {
        line
    }
}

fn away<E, R>(call: &'static str, error: SdkError<E, R>) -> MailError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    MailError::Unavailable(CallFailed::new(call, error).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_made_to_fit() {
        assert_eq!(
            subject("Your order\nis on its way"),
            "Your order is on its way"
        );
        assert_eq!(subject(" Münze "), "Munze");
        assert_eq!(
            subject("Order Łódź-42 was delivered"),
            "Order Lodz-42 was delivered"
        );
        assert_eq!(
            subject("Order Київ-7 has an agent"),
            "Order Kiiv-7 has an agent"
        );
        let chinese = subject("Order 北京-42 was delivered");
        assert!(
            !chinese.contains('?') && chinese.contains("-42"),
            "{chinese}"
        );
        assert_eq!(subject(&"x".repeat(300)).len(), 99);
        assert_eq!(subject("\n"), "-");
    }

    #[test]
    fn a_subscription_is_on_only_with_an_arn() {
        let with = |arn: &str| state(&Subscription::builder().subscription_arn(arn).build());
        assert_eq!(with(PENDING), Some(EmailNotifications::Pending));
        assert_eq!(
            with("arn:aws:sns:eu-west-1:123456789012:t:1"),
            Some(EmailNotifications::On)
        );
        assert_eq!(with("Deleted"), None);
    }
}
