//! `POST /tracking/note` and `POST /tracking/rating`: what the person at the door tells.

use std::sync::Arc;

use domain::{Order, RecipientRefused, Timestamp};
use serde_json::Value;

use crate::ports::{Clock, Jitter, OrderStore, StoreError, TrackingLinks};
use crate::refusal::Refusal;
use crate::retry::Attempts;

use super::{open, refusal, tracked};

/// Changes the order of a link.
///
/// The order gets a new version, so a plan of this moment may lose against it and is made again. Nobody is woken and no
/// email follows. A call that loses a race reads again. The same words again change nothing.
pub struct TellByLink {
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the attempts of calls that change the same order.
    pub jitter: Arc<dyn Jitter>,
}

/// `POST /tracking/note`
pub struct LeaveNote(pub TellByLink);

/// `POST /tracking/rating`
pub struct RateDelivery(pub TellByLink);

impl LeaveNote {
    /// Leaves a note for the courier, in place of an earlier one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that opens nothing; [`Refusal::Invalid`]; [`Refusal::OrderEnded`];
    /// [`Refusal::Throttled`] for a second note within ten seconds, or a link that is used too often.
    pub async fn run(&self, token: &str, body: &Value) -> Result<(), Refusal> {
        let read = || Ok(intake::read_recipient_note(body)?);
        let noted = |order: &Order, note: &String, now| order.noted(note, now);
        self.0.run(token, read, noted).await
    }
}

impl RateDelivery {
    /// Rates a delivery, in place of an earlier rating.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that opens nothing; [`Refusal::Invalid`]; [`Refusal::NotDelivered`];
    /// [`Refusal::Throttled`] for a second rating within ten seconds, or a link that is used too often.
    pub async fn run(&self, token: &str, body: &Value) -> Result<(), Refusal> {
        let read = || Ok(intake::read_rating(body)?);
        let rated = |order: &Order, (stars, comment): &(u8, Option<String>), now| {
            order.rated(*stars, comment.as_deref(), now)
        };
        self.0.run(token, read, rated).await
    }
}

impl TellByLink {
    async fn run<T>(
        &self,
        token: &str,
        read: impl FnOnce() -> Result<T, Refusal>,
        tell: impl Fn(&Order, &T, Timestamp) -> Result<Option<Order>, RecipientRefused>,
    ) -> Result<(), Refusal> {
        let order_id = open(self.links.as_ref(), token, self.clock.now()).await?;
        let told = read()?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let now = self.clock.now();
            let order = tracked(self.orders.as_ref(), order_id, now).await?;
            let changed = tell(&order, &told, now).map_err(|refused| refusal(refused, &order))?;
            let Some(changed) = changed else {
                return Ok(());
            };
            match self.orders.put_order(&changed).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
