//! Emails, through SNS: each user has a topic, and their address subscribes to it.

use app::ports::{Email, MailError, Mailer, Wish};
use async_trait::async_trait;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::operation::delete_topic::DeleteTopicError;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicError;
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::Subscription;
use domain::{EmailNotifications, UserId};
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

fn away<E, R>(call: &'static str, error: aws_sdk_sns::error::SdkError<E, R>) -> MailError
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
