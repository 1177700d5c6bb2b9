//! Queues of work for later.

use async_trait::async_trait;
use thiserror::Error;

use crate::messages::{Notification, Wake};
use crate::refusal::Cause;

/// The queue is unavailable.
#[derive(Debug, Error)]
#[error("the queue is unavailable")]
pub struct QueueError(#[source] pub Cause);

/// Wakes the optimizer.
#[async_trait]
pub trait WakeQueue: Send + Sync {
    /// Sends wake-ups, to be seen after `delay_s` seconds (0 to 900).
    async fn wake(&self, wakes: &[Wake], delay_s: u32) -> Result<(), QueueError>;
}

/// The queue of news for customers and agents.
#[async_trait]
pub trait NotificationQueue: Send + Sync {
    /// Sends notifications.
    async fn notify(&self, notifications: &[Notification]) -> Result<(), QueueError>;
}
