//! Sends emails to customers and agents.

use std::sync::Arc;

use domain::{EmailNotifications, OrderId, OrderStatus, RouteId, RouteStatus, User, UserId};
use jiff::SignedDuration;
use tracing::error;

use super::emails::{Letterhead, RouteChange};
use crate::accounts::record_subscription;
use crate::messages::Notification;
use crate::ports::{
    Clock, Email, EmailClaim, EmailClaims, MailError, Mailer, OrderStore, RouteStore, UserStore,
};
use crate::refusal::Refusal;

/// How long a claim keeps other consumers from sending the email. Sending takes less time.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How many times a user's address may change during one call.
const ADDRESSES: usize = 3;
/// How long a sent email is remembered. A message lives less long, in its queue and then in the dead-letter queue.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// `send-notifications`: consumes the notification queue.
pub struct SendNotifications {
    /// The user records.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// The claims on emails, so that one consumer sends each email.
    pub claims: Arc<dyn EmailClaims>,
    /// Sends emails.
    pub mailer: Arc<dyn Mailer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The sender's name and time zone.
    pub letterhead: Letterhead,
}

/// The result of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// An email was sent.
    Sent,
    /// The email was sent before.
    Before,
    /// There is nobody to tell, or the news is out of date.
    Nobody,
    /// The user has a topic.
    Subscribed,
}

impl SendNotifications {
    /// Sends one email for one event, even if the event is delivered several times: claims the email, sends it, and
    /// marks it as sent. The email is sent twice if its success stayed unknown: the answer of the mail service was
    /// lost, or the process died before the mark. If the mark fails, a repeated event sends the email again.
    ///
    /// # Errors
    /// If a dependency is unavailable, or another consumer has claimed the email and not finished. The queue then
    /// delivers the message again.
    pub async fn run(&self, notification: &Notification) -> Result<Told, Refusal> {
        match *notification {
            Notification::UserConfirmed { user_id } => self.subscribe(user_id).await,
            Notification::OrderChanged {
                order_id,
                status,
                version,
                assignments,
            } => {
                // A customer gets one email about the assignment, even if the order changes its agent later.
                let event = if status == OrderStatus::Assigned {
                    format!("order/{order_id}/assigned")
                } else {
                    format!("order/{order_id}/{version}")
                };
                let email = self.order_email(order_id, status, version, assignments);
                match email.await? {
                    Some((user, email)) => self.once(&event, &user, &email).await,
                    None => Ok(Told::Nobody),
                }
            }
            Notification::RoutePlanned {
                agent_id,
                route_id,
                version,
                gained_orders,
                lost_orders,
                new,
                first_step,
            } => {
                let event = format!("route/{route_id}/{version}");
                let change = RouteChange {
                    version,
                    new,
                    gained_orders,
                    lost_orders,
                    first_step,
                };
                match self.route_email(agent_id, route_id, change).await? {
                    Some((user, email)) => self.once(&event, &user, &email).await,
                    None => Ok(Told::Nobody),
                }
            }
        }
    }

    /// Creates the user's topic and asks the address to confirm. Each step can be repeated.
    async fn subscribe(&self, user_id: UserId) -> Result<Told, Refusal> {
        let Some(user) = self.users.user(user_id).await? else {
            return Ok(Told::Nobody);
        };
        if user.subscribed_at.is_some() {
            return Ok(Told::Subscribed);
        }
        let user = self.ask(user).await?;
        // The list may not show a request that was made a moment ago.
        let state = match self.mailer.subscription(user_id, &user.email).await? {
            EmailNotifications::Off => EmailNotifications::Pending,
            state => state,
        };
        let now = self.clock.now();
        record_subscription(self.users.as_ref(), &user, state, Some(now), now).await?;
        Ok(Told::Subscribed)
    }

    /// Asks the user's address to confirm, and then checks that the user still has this address. If a log-in has stored
    /// another address meanwhile, that address is asked instead, and the old address gets no more emails.
    async fn ask(&self, mut user: User) -> Result<User, Refusal> {
        for _ in 0..ADDRESSES {
            self.mailer.subscribe(user.id, &user.email).await?;
            let read = self.users.user(user.id).await?;
            let read = read.ok_or(Refusal::Contended)?;
            if read.email == user.email {
                return Ok(read);
            }
            user = read;
        }
        Err(Refusal::Contended)
    }

    /// Sends an email, and creates the topic if it is missing. The topic is missing if the message about the
    /// confirmation was not handled yet, or if a log-in has just deleted the topic of an old address. So the record is
    /// read again.
    async fn send(&self, user_id: UserId, email: &Email) -> Result<(), Refusal> {
        for _ in 0..ADDRESSES {
            match self.mailer.send(user_id, email).await {
                Err(MailError::NoTopic) => {
                    let user = self.users.user(user_id).await?;
                    self.ask(user.ok_or(Refusal::Contended)?).await?;
                }
                sent => return Ok(sent?),
            }
        }
        Err(Refusal::Contended)
    }

    async fn once(&self, event: &str, user: &User, email: &Email) -> Result<Told, Refusal> {
        let now = self.clock.now();
        match self.claims.claim(event, now, now + LEASE).await? {
            EmailClaim::Sent => return Ok(Told::Before),
            EmailClaim::Theirs => return Err(Refusal::Contended),
            EmailClaim::Ours => {}
        }
        self.send(user.id, email).await?;
        // The email is sent. An error here would deliver the message again, and the email would be sent a second time.
        if let Err(error) = self.claims.mark_sent(event, now + REMEMBERED).await {
            error!(
                event,
                error = &error as &dyn std::error::Error,
                "could not mark an email as sent"
            );
        }
        Ok(Told::Sent)
    }

    /// The email to a customer; `None` if the news is out of date, because the order was taken off its route. After two
    /// assignments the customer gets only the email about the current one.
    async fn order_email(
        &self,
        order_id: OrderId,
        status: OrderStatus,
        version: u64,
        assignments: Option<usize>,
    ) -> Result<Option<(User, Email)>, Refusal> {
        let Some(order) = self.orders.order(order_id).await? else {
            return Ok(None);
        };
        let taken_back = matches!(order.status, OrderStatus::Pending | OrderStatus::Cancelled);
        let assigned_anew = status == OrderStatus::Assigned
            && assignments.is_some_and(|count| count != order.assignments());
        if order.version < version || taken_back || assigned_anew {
            return Ok(None);
        }
        let Some(customer) = self.users.user(order.customer_id).await? else {
            return Ok(None);
        };
        let route = match order.assignment {
            Some(on) => self.routes.route(on.agent_id, on.route_id).await?,
            None => None,
        };
        let email = match status {
            OrderStatus::Assigned => {
                self.letterhead
                    .order_assigned(&customer, &order, route.as_ref())
            }
            OrderStatus::Delivered => self.letterhead.order_delivered(&customer, &order),
            OrderStatus::Failed => self.letterhead.order_failed(&customer, &order),
            OrderStatus::Pending | OrderStatus::InProgress | OrderStatus::Cancelled => {
                return Ok(None);
            }
        };
        Ok(Some((customer, email)))
    }

    /// The email to an agent. `None` if the news is out of date: the route has ended, the agent is not active any more,
    /// or the agent went off duty and gave the orders back.
    async fn route_email(
        &self,
        agent_id: UserId,
        route_id: RouteId,
        change: RouteChange,
    ) -> Result<Option<(User, Email)>, Refusal> {
        let route = self.routes.route(agent_id, route_id).await?;
        let agent = self.users.user(agent_id).await?;
        let Some((route, agent)) = route.zip(agent) else {
            return Ok(None);
        };
        let Some(profile) = agent.active_agent() else {
            return Ok(None);
        };
        // The email of the second step reports both steps.
        let second_step_was_made = route.version > change.version && route.left_in_first_step == 0;
        if change.first_step && second_step_was_made {
            return Ok(None);
        }
        let only_lost = change.gained_orders == 0;
        // An agent whose route ended because all its orders went to others must hear of it, unless the next route has
        // its own email.
        let lost_all = only_lost
            && route.status == RouteStatus::Cancelled
            && route.version == change.version
            && profile.open_route_id.is_none();
        let out_of_date = !(route.status.is_open() || lost_all) || (only_lost && !profile.on_duty);
        if out_of_date {
            return Ok(None);
        }
        let email = if change.new {
            self.letterhead.route_assigned(&agent, &route)
        } else {
            self.letterhead.route_changed(&agent, &route, change)
        };
        Ok(Some((agent, email)))
    }
}
