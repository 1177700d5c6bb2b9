//! What recipients were told, and who wants no messages.

use async_trait::async_trait;
use domain::{Moment, OrderId, Timestamp};

use super::StoreError;

/// The result of beginning a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The caller may send until the lease ends.
    Ours,
    /// Another consumer is sending a message about the order. The order is free at this time.
    Theirs(Timestamp),
    /// The recipient was told of the moment, or got as many messages as a parcel may have.
    Over,
}

/// The messages about each order. One consumer at a time sends a message about an order, with a lease.
#[async_trait]
pub trait RecipientMessages: Send + Sync {
    /// Takes the lease for a message, unless the moment was told, the order has
    /// [`MOST_MESSAGES`](crate::recipients::MOST_MESSAGES), or somebody else has the lease. If the holder dies, the
    /// lease ends by itself, and the message can begin again.
    async fn begin(
        &self,
        order_id: OrderId,
        moment: Moment,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError>;

    /// Stores that a message was sent, and gives back the lease that ends at `until`. `told_until` is the end of the
    /// window in the message; the first one stays. A holder that has lost the lease stores it all the same: the message
    /// was sent.
    async fn sent(
        &self,
        order_id: OrderId,
        moment: Moment,
        until: Timestamp,
        told_until: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// The ends of the windows that the recipients of these orders were told first. Orders without one are left out.
    async fn told_until(&self, orders: &[OrderId])
    -> Result<Vec<(OrderId, Timestamp)>, StoreError>;

    /// Counts a text message of a month, such as `2030-05`, before it is sent. Returns whether it may be sent: whether
    /// the month has had fewer than `most`. A crash after the count loses one text of the month.
    async fn count_text(&self, month: &str, most: u32, now: Timestamp) -> Result<bool, StoreError>;

    /// Stores that nobody is to be told anything at an address or a phone number, by its pseudonym. Nothing changes if
    /// it is stored.
    async fn stop(&self, pseudonym: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Whether an address or a phone number wants no messages.
    async fn is_stopped(&self, pseudonym: &str) -> Result<bool, StoreError>;
}

/// Names for texts that are too private to be stored. The same text has the same name. Nobody finds the text from the
/// name without the company's key, not even by trying all phone numbers.
#[async_trait]
pub trait Pseudonyms: Send + Sync {
    /// HMAC-SHA256 of a text with the company's key, in 64 hexadecimal digits.
    ///
    /// # Errors
    /// If the key cannot be read.
    async fn of(&self, text: &str) -> Result<String, StoreError>;
}
