//! Sends emails to customers and agents, and messages to recipients.

use std::collections::HashSet;
use std::sync::Arc;

use domain::{EmailNotifications, Moment, OrderId, RouteId, Timestamp, User, UserId};
use jiff::SignedDuration;
use tracing::{error, warn};

use super::digest::{Digest, Records, moved_in, orders_in, routes_in};
use super::emails::Letterhead;
use crate::accounts::{check_subscription, record_subscription};
use crate::messages::{Event, News, Notification};
use crate::ports::{
    Clock, Email, MailError, Mailer, OrderStore, Outboxes, Promise, Promises, Queue, RouteStore,
    Taken, UserStore, Wish,
};
use crate::recipients::{RecipientTold, TellRecipient, Via};
use crate::refusal::Refusal;

/// How long an outbox stays with the consumer that has taken it. A function instance ends sooner.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The shortest time between two emails to a person. SNS gives up a subscription that gets more than ten in a second.
const BETWEEN_EMAILS: SignedDuration = SignedDuration::from_secs(1);
/// How often the subscription of somebody who gets emails is checked.
const BETWEEN_CHECKS: SignedDuration = SignedDuration::from_hours(24);
/// How many times a user's address may change during one call.
const ADDRESSES: usize = 3;
/// The most news in one email, so that the email stays below 256 KB, the most that SNS accepts.
const MOST_NEWS: usize = 150;
/// The most news in one message. Ten messages, which are sent together, stay below 256 KB, the most that SQS accepts.
const MOST_CARRIED: usize = 100;
/// How long is remembered what a person was told. A message lives less long, in its queue and then in the dead-letter
/// queue.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `send-notifications`: consumes the notification queue.
pub struct SendNotifications {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// The news that waits, so that one consumer tells it, in one email.
    pub outboxes: Arc<dyn Outboxes>,
    /// The delivery times that customers were told.
    pub promises: Arc<dyn Promises>,
    /// The queue of notifications itself, for news that must wait.
    pub notifications: Arc<dyn Queue<Notification>>,
    /// Sends emails.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The sender's name and time zone.
    pub letterhead: Letterhead,
    /// Tells recipients. `None` if the company tells them nothing.
    pub recipients: Option<TellRecipient>,
}

/// The result of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// An email was sent that tells this news.
    Sent(Vec<News>),
    /// There is nothing to tell: it was told before, or it is out of date.
    Nothing,
    /// Another message asks for the email later.
    Later,
    /// The mail service knows the user.
    Subscribed,
    /// A recipient was told of a moment.
    Recipient(OrderId, Moment, Via),
    /// A recipient was not told of a moment, because the month has had as many text messages as it may have.
    NoTextsLeft,
}

impl SendNotifications {
    /// Handles one message.
    ///
    /// # Errors
    /// If a dependency is unavailable. The queue then delivers the message again.
    pub async fn run(&self, notification: &Notification) -> Result<Told, Refusal> {
        match notification {
            Notification::UserConfirmed { user_id } => self.subscribe(*user_id).await,
            Notification::NewsWaiting { user_id, news } => self.tell(*user_id, news).await,
            Notification::ForRecipient { order_id, moment } => {
                let Some(recipients) = &self.recipients else {
                    return Ok(Told::Nothing);
                };
                Ok(match recipients.run(*order_id, *moment).await? {
                    RecipientTold::Sent(via) => Told::Recipient(*order_id, *moment, via),
                    RecipientTold::NoTextsLeft => Told::NoTextsLeft,
                    RecipientTold::Nothing | RecipientTold::Refused => Told::Nothing,
                    RecipientTold::Later => Told::Later,
                })
            }
            Notification::Alone(event) => {
                let news = News {
                    event: event.clone(),
                    at: self.clock.now(),
                    request_id: None,
                };
                match self.told_of(event).await? {
                    Some(user_id) => self.tell(user_id, &[news]).await,
                    None => Ok(Told::Nothing),
                }
            }
        }
    }

    /// The person who is told of an event.
    async fn told_of(&self, event: &Event) -> Result<Option<UserId>, Refusal> {
        Ok(match *event {
            Event::OrderChanged { order_id, .. } | Event::TimeChanged { order_id, .. } => {
                let orders = self.orders.orders(&[order_id]).await?;
                orders.first().map(|order| order.customer_id)
            }
            Event::RoutePlanned { agent_id, .. } | Event::OrderTakenOff { agent_id, .. } => {
                Some(agent_id)
            }
        })
    }

    /// Tells a person in one email all the news that waits in the outbox, and this news. Takes the outbox, sends the
    /// email, remembers what was told, and gives the outbox back.
    ///
    /// - If the process dies before the email, the lease ends, and this message or the next one sends the email.
    /// - If it dies after the email and before the memory, the email is sent again. No order of the steps avoids this:
    ///   nobody knows whether an email was sent except the process that sent it.
    /// - If it dies after the memory, the next message finds the news told and clears the outbox.
    /// - A second instance finds the outbox taken, and leaves a message for later in place of its own.
    ///
    /// # Errors
    /// If a dependency is unavailable. The lease then ends by itself.
    pub async fn tell(&self, user_id: UserId, carried: &[News]) -> Result<Told, Refusal> {
        let now = self.clock.now();
        let until = now + LEASE;
        let carries = !carried.is_empty();
        let mut waiting = match self.outboxes.take(user_id, now, until, carries).await? {
            Taken::Empty => return Ok(Told::Nothing),
            Taken::Theirs(free_at) => {
                self.later(user_id, carried, free_at.duration_since(now))
                    .await?;
                return Ok(Told::Later);
            }
            Taken::Ours(waiting) => waiting,
        };
        waiting.extend_from_slice(carried);
        // The oldest news first, if it is too much for one email. The outbox keeps the rest; what it never had must go
        // into a message.
        waiting.sort_by_key(|it| (it.at, it.name()));
        waiting.dedup();
        let mut rest = waiting.split_off(waiting.len().min(MOST_NEWS));
        if !rest.is_empty() {
            rest.retain(|it| carried.contains(it));
            self.later(user_id, &rest, BETWEEN_EMAILS).await?;
        }
        let told_before = self.outboxes.told(user_id, &waiting).await?;
        // The same news may wait twice, with the ids of two requests.
        let mut names = HashSet::new();
        let (fresh, mut done): (Vec<News>, Vec<News>) = waiting.into_iter().partition(|it| {
            let name = it.name();
            !told_before.contains(&name) && names.insert(name)
        });
        let mut told = Told::Nothing;
        let mut free_at = now;
        let user = self.users.user(user_id).await?;
        if let Some(user) = &user {
            let digest = self.digest(fresh, user, now).await?;
            if let Some(email) = self.letterhead.email(user, digest.letters) {
                self.send(user, &email).await?;
                free_at = self.clock.now() + BETWEEN_EMAILS;
                told = Told::Sent(digest.over.clone());
                self.promise(user_id, &digest.promised).await;
            }
            self.remember(user_id, &digest.over).await;
            done.extend(digest.over);
            done.extend(digest.untrue);
        } else {
            done.extend(fresh);
        }
        // The news is told. An error here would deliver the message again without need.
        let given_back = self.outboxes.give_back(user_id, until, &done, free_at);
        if let Err(error) = given_back.await {
            error!(
                %user_id,
                error = &error as &dyn std::error::Error,
                "could not give an outbox back"
            );
        }
        if let (Some(user), Told::Sent(_)) = (user, &told) {
            self.check(&user, now).await;
        }
        Ok(told)
    }

    /// Once a day, asks the mail service whether emails still reach the person. SNS and SES accept emails that go
    /// nowhere, so otherwise nobody would notice before the next log-in.
    async fn check(&self, user: &User, now: Timestamp) {
        if user.email_notifications != EmailNotifications::On
            || user.knows_subscription(now, BETWEEN_CHECKS)
        {
            return;
        }
        let checked = check_subscription(self.mailer.as_ref(), self.users.as_ref(), user, now);
        // The email is sent. The next email checks again.
        if let Err(error) = checked.await {
            warn!(
                user_id = %user.id,
                error = &error as &dyn std::error::Error,
                "could not check an email subscription"
            );
        }
    }

    /// Leaves a message for later, with the news that is in no outbox. After a crash before this message is deleted,
    /// both come, and the second one finds everything told.
    async fn later(
        &self,
        user_id: UserId,
        news: &[News],
        after: SignedDuration,
    ) -> Result<(), Refusal> {
        let with = |news: &[News]| Notification::NewsWaiting {
            user_id,
            news: news.to_vec(),
        };
        let mut messages: Vec<Notification> = news.chunks(MOST_CARRIED).map(with).collect();
        if messages.is_empty() {
            messages.push(with(&[]));
        }
        // Rounded up, and at least a second.
        let seconds = (after.as_millis().max(1) + 999) / 1000;
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        self.notifications.send(&messages, seconds).await?;
        Ok(())
    }

    async fn digest(
        &self,
        news: Vec<News>,
        person: &User,
        now: Timestamp,
    ) -> Result<Digest, Refusal> {
        if news.is_empty() {
            return Ok(Digest::default());
        }
        let ids: Vec<OrderId> = orders_in(&news);
        let orders = self.orders.orders(&ids).await?.into_iter();
        let orders = orders.map(|order| (order.id, order)).collect();
        let moved = moved_in(&news);
        let promises = match moved.as_slice() {
            [] => Vec::new(),
            moved => self.promises.promised(moved).await?,
        };
        let promises = promises.into_iter();
        let ids: Vec<(UserId, RouteId)> = routes_in(&news, &orders);
        let routes = self.routes.routes(&ids).await?.into_iter();
        let records = Records {
            orders,
            routes: routes.map(|route| (route.id, route)).collect(),
            promises: promises.map(|it| (it.order_id, it.expected)).collect(),
        };
        Ok(Digest::of(news, person, &records, &self.letterhead, now))
    }

    /// Stores the delivery times that an email has told. After a crash before this step, the email is sent again, and
    /// then the times are stored. If the step fails, the next change of the time is compared with the older promise.
    async fn promise(&self, user_id: UserId, told: &[(OrderId, Timestamp)]) {
        let now = self.clock.now();
        let promise = |(order_id, expected): &(OrderId, Timestamp)| Promise {
            order_id: *order_id,
            customer_id: user_id,
            expected: *expected,
            told_at: now,
        };
        let promises: Vec<Promise> = told.iter().map(promise).collect();
        let stored = self.promises.promise(&promises, now + REMEMBERED);
        if let Err(error) = stored.await {
            error!(
                %user_id,
                error = &error as &dyn std::error::Error,
                "could not store the delivery times that were told"
            );
        }
    }

    /// Remembers what was told. The promises remember which times were told.
    async fn remember(&self, user_id: UserId, news: &[News]) {
        let forget_at = self.clock.now() + REMEMBERED;
        let is_time = |it: &&News| matches!(it.event, Event::TimeChanged { .. });
        let news: Vec<News> = news.iter().filter(|it| !is_time(it)).cloned().collect();
        // The email is sent. An error here would deliver the message again, and the email would be sent a second time.
        if let Err(error) = self.outboxes.remember(user_id, &news, forget_at).await {
            error!(
                %user_id,
                error = &error as &dyn std::error::Error,
                "could not remember what was told"
            );
        }
    }

    /// Makes emails reach a new user. Each step can be repeated.
    async fn subscribe(&self, user_id: UserId) -> Result<Told, Refusal> {
        let Some(user) = self.users.user(user_id).await? else {
            return Ok(Told::Nothing);
        };
        if user.subscribed_at.is_some() {
            return Ok(Told::Subscribed);
        }
        let (user, asked) = self.ask(user).await?;
        let now = self.clock.now();
        let users = self.users.as_ref();
        record_subscription(users, &user, asked, Some(asked), now).await?;
        Ok(Told::Subscribed)
    }

    /// Asks the user's address to confirm, and then checks that the user still has this address. If a log-in has stored
    /// another address meanwhile, that address is asked instead, and the old address gets no more emails.
    async fn ask(&self, mut user: User) -> Result<(User, EmailNotifications), Refusal> {
        for _ in 0..ADDRESSES {
            let asked = self
                .mailer
                .subscribe(user.id, &user.email, Wish::OfTheBackend);
            let asked = asked.await?;
            let read = self.users.user(user.id).await?;
            let read = read.ok_or(Refusal::Contended)?;
            if read.email == user.email {
                return Ok((read, asked));
            }
            user = read;
        }
        Err(Refusal::Contended)
    }

    /// Sends an email, and creates the topic if it is missing. The topic is missing if the message about the
    /// confirmation was not handled yet, or if a log-in has just deleted the topic of an old address. So the record is
    /// read again.
    async fn send(&self, user: &User, email: &Email) -> Result<(), Refusal> {
        for _ in 0..ADDRESSES {
            match self.mailer.send(user.id, &user.email, email).await {
                Err(MailError::NoTopic) => {
                    let user = self.users.user(user.id).await?;
                    self.ask(user.ok_or(Refusal::Contended)?).await?;
                }
                sent => return Ok(sent?),
            }
        }
        Err(Refusal::Contended)
    }
}
