//! A mailer that keeps what it was to send.

use std::collections::BTreeMap;
use std::sync::Mutex;

use app::ports::{Email, MailError, Mailer};
use async_trait::async_trait;
use domain::{EmailNotifications, UserId};

use super::away;

/// Topics and their emails.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    post: Mutex<Post>,
}

#[derive(Debug, Default)]
struct Post {
    topics: BTreeMap<UserId, EmailNotifications>,
    subscribed: Vec<(UserId, String)>,
    sent: Vec<(UserId, Email)>,
    away: bool,
}

impl MemoryMailer {
    /// The emails since the last call.
    pub fn take_sent(&self) -> Vec<(UserId, Email)> {
        std::mem::take(&mut self.post.lock().unwrap().sent)
    }

    /// The subscriptions asked for since the last call.
    pub fn take_subscribed(&self) -> Vec<(UserId, String)> {
        std::mem::take(&mut self.post.lock().unwrap().subscribed)
    }

    /// What became of somebody's subscription: they confirmed, unsubscribed, or let it lapse.
    pub fn set_subscription(&self, user_id: UserId, state: EmailNotifications) {
        self.post.lock().unwrap().topics.insert(user_id, state);
    }

    /// Goes away, or comes back.
    pub fn set_away(&self, away: bool) {
        self.post.lock().unwrap().away = away;
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn subscribe(&self, user_id: UserId, address: &str) -> Result<(), MailError> {
        let mut post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        post.subscribed.push((user_id, address.to_owned()));
        let topic = post
            .topics
            .entry(user_id)
            .or_insert(EmailNotifications::Pending);
        if *topic == EmailNotifications::Off {
            *topic = EmailNotifications::Pending;
        }
        Ok(())
    }

    async fn subscription(&self, user_id: UserId) -> Result<EmailNotifications, MailError> {
        let post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        Ok(post
            .topics
            .get(&user_id)
            .copied()
            .unwrap_or(EmailNotifications::Off))
    }

    async fn forget(&self, user_id: UserId) -> Result<(), MailError> {
        let mut post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        post.topics.remove(&user_id);
        Ok(())
    }

    async fn send(&self, user_id: UserId, email: &Email) -> Result<(), MailError> {
        let mut post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        if !post.topics.contains_key(&user_id) {
            return Err(MailError::NoTopic);
        }
        post.sent.push((user_id, email.clone()));
        Ok(())
    }
}
