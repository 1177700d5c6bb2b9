//! Queues of work for later.

use async_trait::async_trait;
use thiserror::Error;

use crate::refusal::Cause;

/// The queue is unavailable.
#[derive(Debug, Error)]
#[error("the queue is unavailable")]
pub struct QueueError(#[source] pub Cause);

/// A queue with one kind of messages: `Queue<Wake>` wakes the optimizer, `Queue<Notification>` has news for people,
/// `Queue<ImportKey>` names imports that have rows left, and `Queue<CustomerChanged>` names customers whose orders
/// follow a suspension.
#[async_trait]
pub trait Queue<M>: Send + Sync {
    /// Sends messages. The consumer sees them after `delay_s` seconds (0 to 900).
    async fn send(&self, messages: &[M], delay_s: u32) -> Result<(), QueueError>;
}
