//! `POST /tracking/opt-out`: no more messages to the person at the door.

use std::sync::Arc;

use domain::Contact;

use crate::ports::{Clock, OrderStore, Pseudonyms, RecipientMessages, TrackingLinks};
use crate::refusal::Refusal;
use crate::tracking::open;

/// `POST /tracking/opt-out`
pub struct StopMessages {
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Who wants no messages.
    pub messages: Arc<dyn RecipientMessages>,
    /// Names for the addresses. `None` if the company sends no messages.
    pub pseudonyms: Option<Arc<dyn Pseudonyms>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl StopMessages {
    /// The address of the link's order gets no more messages, about this and all other orders. The call can be
    /// repeated.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a link that opens nothing; [`Refusal::Throttled`] for a link that is used too often.
    pub async fn run(&self, token: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let order_id = open(self.links.as_ref(), token, now).await?;
        let order = self.orders.order(order_id).await?;
        let order = order.ok_or(Refusal::NotFound)?;
        if order.tracking_ends_at().is_some_and(|end| end <= now) {
            return Err(Refusal::NotFound);
        }
        let address = order.dropoff.contact.as_ref().and_then(address_of);
        if let (Some(address), Some(pseudonyms)) = (address, &self.pseudonyms) {
            let pseudonym = pseudonyms.of(&stop_text(address)).await?;
            self.messages.stop(&pseudonym, now).await?;
        }
        Ok(())
    }
}

/// The address to which messages go.
pub(super) fn address_of(contact: &Contact) -> Option<&str> {
    contact.email.as_deref()
}

/// The text whose pseudonym is stored if an address wants no messages.
pub(super) fn stop_text(address: &str) -> String {
    format!("no messages to {}", address.to_lowercase())
}
