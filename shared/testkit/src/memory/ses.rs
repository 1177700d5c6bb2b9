//! A mailer without subscriptions, which keeps the emails instead of sending them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use app::ports::{AddressMailer, Clock, Email, MailError, Mailer, Wish};
use async_trait::async_trait;
use domain::{EmailNotifications, Timestamp, UserId};
use jiff::SignedDuration;

use super::away;
use crate::still::StillClock;

/// How long mail to an address stays stopped at least.
const STOPPED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Emails to addresses, and the addresses to which mail was stopped. Like SES, it accepts emails that go nowhere.
#[derive(Debug)]
pub struct MemorySes {
    post: Arc<Mutex<Post>>,
    clock: Arc<StillClock>,
}

#[derive(Debug, Default)]
struct Post {
    sent: Vec<(String, Email)>,
    stopped: BTreeMap<String, Timestamp>,
    unsubscribe: Option<String>,
    away: bool,
}

impl MemorySes {
    /// With this clock.
    pub fn new(clock: Arc<StillClock>) -> Self {
        Self {
            post: Arc::default(),
            clock,
        }
    }

    /// The same mail service at another time.
    pub fn at(&self, clock: Arc<StillClock>) -> Self {
        Self {
            post: self.post.clone(),
            clock,
        }
    }

    /// An email to the address has bounced, or its reader has complained.
    pub fn stop(&self, address: &str) {
        let now = self.clock.now();
        let stopped = &mut self.post.lock().unwrap().stopped;
        stopped.insert(address.to_owned(), now);
    }

    /// An operator takes the address off the list.
    pub fn lift(&self, address: &str) {
        self.post.lock().unwrap().stopped.remove(address);
    }

    /// The emails that were sent since the last call.
    pub fn take_sent(&self) -> Vec<(String, Email)> {
        std::mem::take(&mut self.post.lock().unwrap().sent)
    }

    /// The page on which the last email says that further emails can be stopped.
    pub fn unsubscribe(&self) -> Option<String> {
        self.post.lock().unwrap().unsubscribe.clone()
    }

    /// Makes the mail service unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.post.lock().unwrap().away = away;
    }

    fn post(&self) -> Result<MutexGuard<'_, Post>, MailError> {
        let post = self.post.lock().unwrap();
        if post.away {
            return Err(MailError::Unavailable(away()));
        }
        Ok(post)
    }
}

#[async_trait]
impl Mailer for MemorySes {
    async fn subscribe(
        &self,
        user_id: UserId,
        address: &str,
        wish: Wish,
    ) -> Result<EmailNotifications, MailError> {
        {
            let mut post = self.post()?;
            let over = |at: &Timestamp| self.clock.now().duration_since(*at) >= STOPPED_FOR;
            if wish == Wish::OfTheUser && post.stopped.get(address).is_some_and(over) {
                post.stopped.remove(address);
            }
        }
        self.subscription(user_id, address).await
    }

    async fn subscription(
        &self,
        _user_id: UserId,
        address: &str,
    ) -> Result<EmailNotifications, MailError> {
        Ok(if self.post()?.stopped.contains_key(address) {
            EmailNotifications::Off
        } else {
            EmailNotifications::On
        })
    }

    async fn forget(&self, _user_id: UserId) -> Result<(), MailError> {
        self.post().map(|_| ())
    }

    async fn send(&self, _user_id: UserId, address: &str, email: &Email) -> Result<(), MailError> {
        self.send_to(address, email, None).await
    }
}

#[async_trait]
impl AddressMailer for MemorySes {
    async fn send_to(
        &self,
        address: &str,
        email: &Email,
        unsubscribe: Option<&str>,
    ) -> Result<(), MailError> {
        let mut post = self.post()?;
        post.unsubscribe = unsubscribe.map(str::to_owned);
        if !post.stopped.contains_key(address) {
            post.sent.push((address.to_owned(), email.clone()));
        }
        Ok(())
    }
}
