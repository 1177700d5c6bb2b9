//! Tracking links. The store knows a link only by the hash of its token.

use async_trait::async_trait;
use domain::{OrderId, Timestamp};

use super::StoreError;

/// The result of using a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkUse {
    /// The link belongs to this order.
    Order(OrderId),
    /// The link was used too often in this minute.
    TooOften,
    /// There is no such link: it never existed, has expired, or was replaced.
    Unknown,
}

/// The tracking links of orders. An order has at most one of its customer, and one in the messages to its recipient.
#[async_trait]
pub trait TrackingLinks: Send + Sync {
    /// Gives an order a new link in place of the old one. The old link is unknown from then on. The change is made as a
    /// whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another call changes the link of the order at the same time.
    async fn replace(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Gives an order one more link, which no other link replaces and which replaces none. Nothing changes if the link
    /// is stored.
    async fn add(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Finds the order of a link, and counts the use. A link may be used `most_a_minute` times in each minute of the
    /// clock.
    async fn use_link(
        &self,
        token_hash: &str,
        most_a_minute: u32,
        now: Timestamp,
    ) -> Result<LinkUse, StoreError>;
}
