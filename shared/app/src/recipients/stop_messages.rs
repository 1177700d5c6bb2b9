//! `POST /tracking/opt-out`: no more messages to the person at the door.

use std::sync::Arc;

use super::channel::stop_texts;
use crate::ports::{Clock, OrderStore, Pseudonyms, RecipientMessages, TrackingLinks};
use crate::refusal::Refusal;
use crate::tracking::{open, tracked};

/// `POST /tracking/opt-out`
pub struct StopMessages {
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Who wants no messages.
    pub messages: Arc<dyn RecipientMessages>,
    /// Names for the addresses and numbers. `None` if the company sends no messages.
    pub pseudonyms: Option<Arc<dyn Pseudonyms>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl StopMessages {
    /// The email address and the phone number of the link's order get no more messages, about this and all other
    /// orders. After a crash between the two, the call can be repeated, as always.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that opens nothing; [`Refusal::Throttled`] for a link that is used too often.
    pub async fn run(&self, token: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let order_id = open(self.links.as_ref(), token, now).await?;
        let order = tracked(self.orders.as_ref(), order_id, now).await?;
        let (Some(contact), Some(pseudonyms)) = (&order.dropoff.contact, &self.pseudonyms) else {
            return Ok(());
        };
        for text in stop_texts(contact) {
            let pseudonym = pseudonyms.of(&text).await?;
            self.messages.stop(&pseudonym, now).await?;
        }
        Ok(())
    }
}
