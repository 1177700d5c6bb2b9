//! The delivery times that customers were told.

use async_trait::async_trait;
use domain::{OrderId, Timestamp, UserId};

use super::StoreError;

/// The time at which an order is delivered, as its customer was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// The order.
    pub order_id: OrderId,
    /// The customer.
    pub customer_id: UserId,
    /// The delivery time in the email.
    pub expected: Timestamp,
    /// The time of the email, to the millisecond.
    pub told_at: Timestamp,
}

/// The promises: one for each order whose customer knows a delivery time.
#[async_trait]
pub trait Promises: Send + Sync {
    /// The promises about these orders, in no particular order. Orders without a promise are left out.
    async fn promised(&self, orders: &[OrderId]) -> Result<Vec<Promise>, StoreError>;

    /// Stores promises, each in place of an older one. A promise that was told at the same time or later stays, so a
    /// repeated call changes nothing.
    async fn promise(&self, promises: &[Promise], forget_at: Timestamp) -> Result<(), StoreError>;
}
