//! The delivery time that a customer was told.

use app::ports::Promise;
use domain::{OrderId, Timestamp, UserId};
use serde::Deserialize;

/// A promise. An expression writes it.
#[derive(Deserialize)]
pub(crate) struct StoredPromise {
    order_id: OrderId,
    customer_id: UserId,
    expected: Timestamp,
    told_at: Timestamp,
}

impl From<StoredPromise> for Promise {
    fn from(stored: StoredPromise) -> Self {
        Self {
            order_id: stored.order_id,
            customer_id: stored.customer_id,
            expected: stored.expected,
            told_at: stored.told_at,
        }
    }
}
