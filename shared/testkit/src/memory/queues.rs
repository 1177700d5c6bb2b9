//! Queues that keep their messages until a test takes them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use app::messages::{CustomerChanged, ImportKey, LocateImport, Notification, Wake};
use app::ports::{Queue, QueueError};
use async_trait::async_trait;

use super::away;

/// A queue in memory.
#[derive(Debug)]
pub struct MemoryQueue<M> {
    sent: Mutex<Vec<(M, u32)>>,
    away: AtomicBool,
}

/// The optimization queue.
pub type MemoryWakes = MemoryQueue<Wake>;
/// The notification queue.
pub type MemoryNotifications = MemoryQueue<Notification>;
/// The queue of imports that have rows left.
pub type MemoryImportQueue = MemoryQueue<ImportKey>;
/// The queue of imports with addresses to place.
pub type MemoryLocateQueue = MemoryQueue<LocateImport>;
/// The messages about customers whose orders follow a suspension.
pub type MemoryCustomers = MemoryQueue<CustomerChanged>;

impl<M> Default for MemoryQueue<M> {
    fn default() -> Self {
        Self {
            sent: Mutex::default(),
            away: AtomicBool::default(),
        }
    }
}

impl<M> MemoryQueue<M> {
    /// The messages since the last call, with their delays in seconds.
    pub fn take(&self) -> Vec<(M, u32)> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// The messages since the last call.
    pub fn take_messages(&self) -> Vec<M> {
        let sent = self.take().into_iter();
        sent.map(|(message, _)| message).collect()
    }

    /// Makes the queue unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl<M: Clone + Send + Sync> Queue<M> for MemoryQueue<M> {
    async fn send(&self, messages: &[M], delay_s: u32) -> Result<(), QueueError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(QueueError(away()));
        }
        let sent = messages.iter().map(|message| (message.clone(), delay_s));
        self.sent.lock().unwrap().extend(sent);
        Ok(())
    }
}
