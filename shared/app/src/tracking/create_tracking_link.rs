//! `POST /orders/{order_id}/tracking-link`: a new link for the person at the door.

use std::sync::Arc;

use domain::tracking::LONGEST_LINK;
use domain::{OrderId, Role, Timestamp, TrackingToken};

use crate::caller::Caller;
use crate::ports::{Clock, Jitter, OrderStore, Secrets, StoreError, TrackingLinks, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

use super::hash;

/// `POST /orders/{order_id}/tracking-link`
pub struct CreateTrackingLink {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The links.
    pub links: Arc<dyn TrackingLinks>,
    /// Makes the secret of the link.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Spreads the attempts of calls that change the same link.
    pub jitter: Arc<dyn Jitter>,
}

/// A new link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The secret.
    pub token: TrackingToken,
    /// The link ends at this time at the latest. It ends earlier, 48 hours after the last step of its order.
    pub expires_at: Timestamp,
}

impl CreateTrackingLink {
    /// A new link to an order, for its customer and for dispatchers. The order's old link ends.
    ///
    /// Of two calls at once, one makes its change first, and the other replaces that link. A crash leaves the old link
    /// or the new one.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the order does not exist, belongs to somebody else, or ended more than 48 hours
    /// ago; [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, order_id: &str) -> Result<NewLink, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer])?;
        if role == Role::Customer {
            caller.as_customer(self.users.as_ref()).await?;
        }
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
        let now = self.clock.now();
        let may = role == Role::Dispatcher || order.customer_id == caller.user_id;
        let ended = order.tracking_ends_at();
        if !may || ended.is_some_and(|end| end <= now) {
            return Err(Refusal::NotFound);
        }
        let longest = now.checked_add(LONGEST_LINK).unwrap_or(now);
        let link = NewLink {
            token: self.secrets.tracking_token(),
            expires_at: ended.map_or(longest, |end| end.min(longest)),
        };
        let token_hash = hash(&link.token);
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let replaced = self.links.replace(id, &token_hash, link.expires_at).await;
            match replaced {
                Ok(()) => return Ok(link),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
