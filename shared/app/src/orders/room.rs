//! The limit on a customer's pending orders.

use std::sync::Arc;

use domain::{User, UserId, UserStatus};

use crate::ports::{Clock, Jitter, PendingBounds, Recount, StoreError, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// Keeps the pending orders of each customer below a limit.
pub struct RoomForOrders {
    /// The records of people. A customer's record may have a limit of its own.
    pub users: Arc<dyn UserStore>,
    /// The number of pending orders.
    pub bounds: Arc<dyn PendingBounds>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The limit of customers without a limit of their own.
    pub most: u32,
}

impl RoomForOrders {
    /// The limit of a customer. There is no room for orders of a suspended customer: an import waits.
    pub(crate) async fn limit_of(&self, customer: UserId) -> Result<u32, StoreError> {
        let record = self.users.user(customer).await?;
        Ok(self.limit_in(record.as_ref()))
    }

    /// The limit that a customer's record says.
    pub(crate) fn limit_in(&self, record: Option<&User>) -> u32 {
        match record {
            Some(user) if user.status == UserStatus::Suspended => 0,
            Some(user) => user.max_open_orders.unwrap_or(self.most),
            None => self.most,
        }
    }

    /// Takes room for new orders below a limit. If there is no room, the pending orders are counted, because orders
    /// that got routes have left room. `false` if there is still no room.
    ///
    /// A crash after this call leaves the room taken until the orders are counted again.
    ///
    /// # Errors
    /// [`Refusal::Contended`] while another call counts a very long list.
    pub(crate) async fn take(
        &self,
        customer: UserId,
        orders: u32,
        limit: u32,
    ) -> Result<bool, Refusal> {
        if limit == 0 {
            return Ok(false);
        }
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            if self.bounds.take_room(customer, orders, limit).await? {
                return Ok(true);
            }
            match self.bounds.recount(customer, self.clock.now()).await? {
                // A count may also have ended just before this one.
                Recount::Done | Recount::Fresh => {
                    return Ok(self.bounds.take_room(customer, orders, limit).await?);
                }
                Recount::UnderWay => attempts.pause().await?,
            }
        }
    }
}
