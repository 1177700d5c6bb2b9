//! How many pending orders a customer has.

use app::ports::{PendingBounds, Recount, StoreError};
use async_trait::async_trait;
use domain::{OrderStatus, Timestamp, UserId};
use jiff::SignedDuration;

use super::store::MemoryStore;

/// The bound of a customer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BoundRecord {
    bound: u64,
    counted_at: Option<Timestamp>,
}

#[async_trait]
impl PendingBounds for MemoryStore {
    async fn take_room(
        &self,
        customer: UserId,
        orders: u32,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let record = tables.pending_bounds.entry(customer).or_default();
        let room = record.bound < u64::from(limit);
        if room {
            record.bound += u64::from(orders);
        }
        Ok(room)
    }

    async fn recount(&self, customer: UserId, now: Timestamp) -> Result<Recount, StoreError> {
        let mut tables = self.tables();
        let pending = tables
            .orders
            .values()
            .filter(|order| order.customer_id == customer && order.status == OrderStatus::Pending);
        let bound = pending.count() as u64;
        let record = tables.pending_bounds.entry(customer).or_default();
        let a_minute = SignedDuration::from_mins(1);
        if (record.counted_at).is_some_and(|counted_at| now.duration_since(counted_at) < a_minute) {
            return Ok(Recount::Fresh);
        }
        *record = BoundRecord {
            bound,
            counted_at: Some(now),
        };
        Ok(Recount::Done)
    }
}
