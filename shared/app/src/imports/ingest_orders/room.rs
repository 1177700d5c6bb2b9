//! The room for the orders of one run.

use domain::UserId;

use crate::orders::RoomForOrders;
use crate::ports::StoreError;
use crate::refusal::Refusal;

/// A run takes at most this share of the limit before it has the orders: one hundredth.
const AHEAD: u32 = 100;

/// The room that one run took.
#[derive(Debug, Default)]
pub(super) struct TakenRoom {
    /// The customer's limit on pending orders. `None` until it is read.
    limit: Option<u32>,
    /// The orders that this run took room for.
    taken: u32,
    /// Room that is taken for later rows.
    ahead: u32,
    /// Whether the limit is near, so that nothing is taken ahead any more.
    near_limit: bool,
    /// The requests to the store.
    pub(super) requests: u64,
}

impl TakenRoom {
    /// Takes room for the orders of a chunk. `false` if there is none. A chunk may have more orders than there is room.
    /// Then the next chunk waits.
    ///
    /// If `more` rows follow, room for them is taken with the same request: as much as this run took so far, so that a
    /// large file needs few requests, and a small file leaves little behind. What a run leaves behind stays taken until
    /// the orders are counted again.
    pub(super) async fn take(
        &mut self,
        room: &RoomForOrders,
        customer: UserId,
        orders: u32,
        more: bool,
    ) -> Result<bool, Refusal> {
        if orders <= self.ahead {
            self.ahead -= orders;
            return Ok(true);
        }
        let limit = self.limit(room, customer).await?;
        let missing = orders - self.ahead;
        let ahead = self.taken.min(limit / AHEAD);
        if more && ahead > 0 && !self.near_limit {
            self.requests += 1;
            let taken = room
                .bounds
                .take_room(customer, missing + ahead, limit - ahead);
            if taken.await? {
                self.taken += missing + ahead;
                self.ahead = ahead;
                return Ok(true);
            }
            self.near_limit = true;
        }
        self.requests += 1;
        match room.take(customer, missing, limit).await {
            // Another import of the customer counts a long list. Its result is there after a pause, and a message that
            // waits must not come closer to the dead-letter queue.
            Err(Refusal::Contended) | Ok(false) => Ok(false),
            Ok(true) => {
                self.taken += missing;
                self.ahead = 0;
                Ok(true)
            }
            Err(refusal) => Err(refusal),
        }
    }

    async fn limit(&mut self, room: &RoomForOrders, customer: UserId) -> Result<u32, StoreError> {
        match self.limit {
            Some(limit) => Ok(limit),
            None => {
                self.requests += 1;
                Ok(*self.limit.insert(room.limit_of(customer).await?))
            }
        }
    }
}
