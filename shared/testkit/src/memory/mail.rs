//! A mailer that keeps the emails instead of sending them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use app::ports::{Clock, Email, MailError, Mailer, Wish};
use async_trait::async_trait;
use domain::{EmailNotifications, Timestamp, UserId};
use jiff::SignedDuration;

use super::away;
use crate::still::StillClock;

/// SNS gives up an email subscription that gets more emails than this in a second.
const MOST_PER_SECOND: usize = 10;

/// Topics and their emails.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    post: Mutex<Post>,
    /// Without a clock, no email counts as sent in the same second as another.
    clock: Option<Arc<StillClock>>,
}

#[derive(Debug, Default)]
struct Post {
    topics: BTreeMap<UserId, Topic>,
    subscribed: Vec<(UserId, String)>,
    sent: Vec<(UserId, Email)>,
    /// When the emails of a user were sent.
    times: BTreeMap<UserId, Vec<Timestamp>>,
    /// The users whose subscription was given up.
    given_up: BTreeSet<UserId>,
    lookups: usize,
    away: bool,
    hangs: bool,
}

/// The state of the only address of a topic.
#[derive(Debug)]
struct Topic {
    /// `None` if a test has set the state for any address.
    address: Option<String>,
    state: EmailNotifications,
}

impl Topic {
    fn is_of(&self, address: &str) -> bool {
        let other = |own: &String| own != address;
        !self.address.as_ref().is_some_and(other)
    }
}

impl MemoryMailer {
    /// A mailer that gives up subscriptions as SNS does: an address that gets its eleventh email within a second gets
    /// neither this one nor any other.
    pub fn as_strict_as_sns(clock: Arc<StillClock>) -> Self {
        Self {
            clock: Some(clock),
            ..Self::default()
        }
    }

    /// Whether SNS would have given up the user's subscription.
    pub fn has_given_up(&self, user_id: UserId) -> bool {
        self.post.lock().unwrap().given_up.contains(&user_id)
    }

    /// The emails that were sent since the last call.
    pub fn take_sent(&self) -> Vec<(UserId, Email)> {
        std::mem::take(&mut self.post.lock().unwrap().sent)
    }

    /// The subscriptions that were asked for since the last call.
    pub fn take_subscribed(&self) -> Vec<(UserId, String)> {
        std::mem::take(&mut self.post.lock().unwrap().subscribed)
    }

    /// How often the state of a subscription was asked for.
    pub fn lookups(&self) -> usize {
        self.post.lock().unwrap().lookups
    }

    /// Sets the state of a user's subscription: the user confirmed, unsubscribed, or let the request lapse.
    pub fn set_subscription(&self, user_id: UserId, state: EmailNotifications) {
        let topics = &mut self.post.lock().unwrap().topics;
        let address = topics.remove(&user_id).and_then(|topic| topic.address);
        topics.insert(user_id, Topic { address, state });
    }

    /// The address that gets the user's emails, once it has confirmed.
    pub fn address_of(&self, user_id: UserId) -> Option<String> {
        let post = self.post.lock().unwrap();
        post.topics.get(&user_id)?.address.clone()
    }

    /// Makes the mail service unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.post.lock().unwrap().away = away;
    }

    /// Answers no call from now on.
    pub fn hang(&self) {
        self.post.lock().unwrap().hangs = true;
    }

    async fn post(&self) -> Result<MutexGuard<'_, Post>, MailError> {
        if self.post.lock().unwrap().hangs {
            std::future::pending::<()>().await;
        }
        let post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        Ok(post)
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn subscribe(
        &self,
        user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError> {
        let mut post = self.post().await?;
        let of_address = post.topics.get(&user_id).filter(|it| it.is_of(address));
        if let Some(state) = of_address.map(|topic| topic.state)
            && (state == EmailNotifications::On
                || (state, wish) == (EmailNotifications::Pending, Wish::OfTheBackend))
        {
            return Ok(state);
        }
        post.subscribed.push((user_id, address.to_owned()));
        post.given_up.remove(&user_id);
        let topic = Topic {
            address: Some(address.to_owned()),
            state: EmailNotifications::Pending,
        };
        post.topics.insert(user_id, topic);
        Ok(EmailNotifications::Pending)
    }

    async fn subscription(
        &self,
        user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError> {
        let mut post = self.post().await?;
        post.lookups += 1;
        let topic = post.topics.get(&user_id);
        let topic = topic.filter(|topic| topic.is_of(address));
        Ok(topic.map_or(EmailNotifications::Off, |topic| topic.state))
    }

    async fn forget(&self, user_id: UserId) -> Result<(), MailError> {
        self.post().await?.topics.remove(&user_id);
        Ok(())
    }

    async fn send(&self, user_id: UserId, _address: &str, email: &Email) -> Result<(), MailError> {
        let mut post = self.post().await?;
        if !post.topics.contains_key(&user_id) {
            return Err(MailError::NoTopic);
        }
        if let Some(clock) = &self.clock {
            let now = clock.now();
            let times = post.times.entry(user_id).or_default();
            times.push(now);
            times.retain(|at| now.duration_since(*at) < SignedDuration::from_secs(1));
            if times.len() > MOST_PER_SECOND {
                post.given_up.insert(user_id);
                if let Some(topic) = post.topics.get_mut(&user_id) {
                    topic.state = EmailNotifications::Off;
                }
            }
        }
        // SNS accepts the email and tells nobody that it goes nowhere.
        if !post.given_up.contains(&user_id) {
            post.sent.push((user_id, email.clone()));
        }
        Ok(())
    }
}
