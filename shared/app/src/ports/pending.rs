//! How many pending orders a customer has.

use async_trait::async_trait;
use domain::{Timestamp, UserId};

use super::StoreError;

/// The result of counting a customer's pending orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recount {
    /// They were counted now.
    Done,
    /// They were counted less than a minute ago.
    Fresh,
    /// Another caller counts them.
    UnderWay,
}

/// For each customer, a bound on the number of pending orders.
///
/// New orders add to the bound, and only a count lowers it. So it is at least the number of pending orders, with two
/// exceptions: orders that came back from a route after the last count, and orders that the index did not show yet at
/// the last count.
#[async_trait]
pub trait PendingBounds: Send + Sync {
    /// Adds new orders to the customer's bound if the bound is below `limit`. Otherwise nothing changes, and the answer
    /// is `false`. The orders of one call may take the bound above the limit.
    async fn take_room(
        &self,
        customer: UserId,
        orders: u32,
        limit: u32,
    ) -> Result<bool, StoreError>;

    /// Counts the customer's pending orders, and sets the bound to their number. Orders that are added meanwhile are in
    /// the new bound too. Only one caller counts at a time, and at most once a minute.
    async fn recount(&self, customer: UserId, now: Timestamp) -> Result<Recount, StoreError>;
}
