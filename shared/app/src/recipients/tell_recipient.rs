//! Tells the person at the door of one moment.

use std::sync::Arc;

use domain::stop::OPEN_END;
use domain::tracking::LONGEST_LINK;
use domain::{ExpectedWindow, Moment, Order, OrderId, OrderStatus, PhoneNumber, Route, Timestamp};
use jiff::SignedDuration;
use tracing::{error, warn};

use super::channel::{Channel, Texts, Via};
use super::templates::{Values, email, text};
use super::{LATE_AFTER, Moments, token_of};
use crate::digest::sha256_hex;
use crate::messages::Notification;
use crate::notifications::Letterhead;
use crate::ports::{
    AddressMailer, Begun, Clock, OrderStore, Pseudonyms, Queue, RecipientMessages, RouteStore,
    TextError, TrackingLinks, UserStore,
};
use crate::refusal::Refusal;

/// How long an order stays with the consumer that sends a message about it. A function instance ends sooner.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const TIME: &str = "%H:%M";

/// Sends messages to recipients: a part of `send-notifications`.
pub struct TellRecipient {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// What recipients were told, and who wants no messages.
    pub messages: Arc<dyn RecipientMessages>,
    /// The links in the messages.
    pub links: Arc<dyn TrackingLinks>,
    /// Names for addresses, and the secrets of the links.
    pub pseudonyms: Arc<dyn Pseudonyms>,
    /// Sends emails to anybody. `None` without SES: then no emails are sent.
    pub mailer: Option<Arc<dyn AddressMailer>>,
    /// Text messages. `None` if the company has switched them off.
    pub texts: Option<Texts>,
    /// The queue of notifications itself, for a message that must wait.
    pub notifications: Arc<dyn Queue<Notification>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The sender's name and time zone.
    pub letterhead: Letterhead,
    /// The address of the tracking page.
    pub page: String,
    /// The moments that the company has switched on.
    pub moments: Moments,
}

/// The result of a message for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientTold {
    /// A message was sent.
    Sent(Via),
    /// A text message was not sent, because the month has had as many as it may have.
    NoTextsLeft,
    /// The service of text messages refuses the phone number.
    Refused,
    /// There is nothing to tell, nobody to be told, or it was told before.
    Nothing,
    /// Another message asks for it later.
    Later,
}

impl TellRecipient {
    /// Tells a recipient of a moment, if it is still true.
    ///
    /// - If the process dies before the email or the text, the lease ends, and the message comes again. A text was
    ///   perhaps counted already. Then the month has one text less, and never one more.
    /// - If it dies between the email or text and the memory, the same is sent again. Nobody knows that it was sent
    ///   except the process that sent it.
    /// - A message that comes twice finds the moment told, or the order with somebody else. Then a message for later
    ///   takes its place.
    ///
    /// # Errors
    /// If a dependency is unavailable. The queue then delivers the message again.
    pub async fn run(&self, order_id: OrderId, moment: Moment) -> Result<RecipientTold, Refusal> {
        if !self.moments.contains(&moment) {
            return Ok(RecipientTold::Nothing);
        }
        let Some(order) = self.orders.order(order_id).await? else {
            return Ok(RecipientTold::Nothing);
        };
        let Some(contact) = &order.dropoff.contact else {
            return Ok(RecipientTold::Nothing);
        };
        let channel = Channel::of(contact, self.mailer.as_deref(), self.texts.as_ref());
        let Some(channel) = channel else {
            return Ok(RecipientTold::Nothing);
        };
        let now = self.clock.now();
        let Some((values, told_until)) = self.values(&order, moment, now).await? else {
            return Ok(RecipientTold::Nothing);
        };
        let customer = self.users.user(order.customer_id).await?;
        if customer.is_none_or(|customer| customer.messages_off.contains(&moment)) {
            return Ok(RecipientTold::Nothing);
        }
        let stopped = self.pseudonyms.of(&channel.stop_text()).await?;
        if self.messages.is_stopped(&stopped).await? {
            return Ok(RecipientTold::Nothing);
        }
        if let Channel::Text(texts, number) = &channel
            && texts.sender.is_opted_out(number).await?
        {
            return Ok(RecipientTold::Nothing);
        }
        let until = now + LEASE;
        match self.messages.begin(order_id, moment, now, until).await? {
            Begun::Ours => {}
            Begun::Over => return Ok(RecipientTold::Nothing),
            Begun::Theirs(free_at) => {
                let message = Notification::ForRecipient { order_id, moment };
                let wait = free_at.duration_since(now).as_secs().clamp(0, 899) + 1;
                let wait = u32::try_from(wait).unwrap_or(1);
                self.notifications.send(&[message], wait).await?;
                return Ok(RecipientTold::Later);
            }
        }
        let link = self.link(&order, now).await?;
        let values = Values {
            link: link.clone(),
            ..values
        };
        let language = contact.language.unwrap_or_default();
        let told = match &channel {
            Channel::Email(mailer, address) => {
                let email = email(language, moment, &values);
                mailer.send_to(address, &email, Some(&link)).await?;
                RecipientTold::Sent(Via::Email)
            }
            Channel::Text(texts, number) => {
                let text = text(language, moment, &values);
                self.send_text(texts, number, &text, now).await?
            }
        };
        // Nobody has seen the window of a text that was not sent. But its moment is over.
        let told_until = told_until.filter(|_| matches!(told, RecipientTold::Sent(_)));
        let sent = self.messages.sent(order_id, moment, until, told_until);
        // An error here would deliver the message again, and it would be sent a second time.
        if let Err(error) = sent.await {
            error!(
                %order_id,
                error = &error as &dyn std::error::Error,
                "could not remember what a recipient was told"
            );
        }
        match told {
            RecipientTold::Refused => warn!(%order_id, %moment, "the phone number is refused"),
            RecipientTold::NoTextsLeft => warn!(%order_id, %moment, "the month has no texts left"),
            RecipientTold::Sent(_) | RecipientTold::Nothing | RecipientTold::Later => {}
        }
        Ok(told)
    }

    /// Counts a text of the month, and then sends it.
    async fn send_text(
        &self,
        texts: &Texts,
        number: &PhoneNumber,
        text: &str,
        now: Timestamp,
    ) -> Result<RecipientTold, Refusal> {
        let month = now.strftime("%Y-%m").to_string();
        let counted = self.messages.count_text(&month, texts.per_month, now);
        if !counted.await? {
            return Ok(RecipientTold::NoTextsLeft);
        }
        match texts.sender.send_text(number, text).await {
            Ok(()) => Ok(RecipientTold::Sent(Via::Text)),
            Err(TextError::Refused) => Ok(RecipientTold::Refused),
            Err(error @ TextError::Unavailable(_)) => Err(error.into()),
        }
    }

    /// The values of the message, and the end of the window in it. `None` if the moment is over.
    async fn values(
        &self,
        order: &Order,
        moment: Moment,
        now: Timestamp,
    ) -> Result<Option<(Values, Option<Timestamp>)>, Refusal> {
        let company = self.letterhead.company.clone();
        let values = Values {
            company,
            ..Values::default()
        };
        let expected = match moment {
            Moment::Delivered | Moment::Failed => {
                let is_true = match order.status {
                    OrderStatus::Delivered => moment == Moment::Delivered,
                    OrderStatus::Failed
                    | OrderStatus::Undelivered
                    | OrderStatus::Returning
                    | OrderStatus::Returned => moment == Moment::Failed,
                    OrderStatus::Pending
                    | OrderStatus::Assigned
                    | OrderStatus::InProgress
                    | OrderStatus::Cancelled => false,
                };
                let at = order
                    .history
                    .last()
                    .map_or(order.updated_at, |line| line.at);
                return Ok(is_true.then(|| {
                    (
                        Values {
                            at: self.time(at),
                            ..values
                        },
                        None,
                    )
                }));
            }
            Moment::OutForDelivery | Moment::Arriving | Moment::Delayed => {
                self.expected(order).await?
            }
        };
        let Some((eta, stops_before)) = expected else {
            return Ok(None);
        };
        let is_true = match moment {
            Moment::Arriving => stops_before == 0,
            Moment::Delayed => {
                let told = self.messages.told_until(&[order.id]).await?;
                let told = told.first().map(|(_, until)| *until);
                let window = order.dropoff.window.map(|window| window.end);
                let limit = told.or(window.filter(|end| *end < OPEN_END));
                limit.is_some_and(|limit| eta.duration_since(limit) > LATE_AFTER)
            }
            Moment::OutForDelivery | Moment::Delivered | Moment::Failed => true,
        };
        let window = ExpectedWindow::around(eta, now);
        let values = Values {
            from: self.time(window.from),
            to: self.time(window.to),
            ..values
        };
        Ok(is_true.then_some((values, Some(window.to))))
    }

    /// The expected delivery of an order that is aboard, and the number of stops before it.
    async fn expected(&self, order: &Order) -> Result<Option<(Timestamp, usize)>, Refusal> {
        let Some(on) = order
            .assignment
            .filter(|_| order.status == OrderStatus::InProgress)
        else {
            return Ok(None);
        };
        let routes = self.routes.routes(&[(on.agent_id, on.route_id)]).await?;
        let way = |route: &Route| route.way_to_door(order.id);
        Ok(routes.first().and_then(way))
    }

    /// The link in the messages about an order. It is stored once.
    async fn link(&self, order: &Order, now: Timestamp) -> Result<String, Refusal> {
        let secret = self.pseudonyms.of(&format!("link to {}", order.id)).await?;
        let token = token_of(&secret).ok_or(Refusal::Contended)?;
        let token_hash = sha256_hex(token.secret().as_bytes());
        let expires_at = now.checked_add(LONGEST_LINK).unwrap_or(now);
        self.links.add(order.id, &token_hash, expires_at).await?;
        // A browser does not send the fragment to any server.
        Ok(format!("{}#{}", self.page, token.secret()))
    }

    fn time(&self, time: Timestamp) -> String {
        let zoned = time.to_zoned(self.letterhead.time_zone.clone());
        zoned.strftime(TIME).to_string()
    }
}
