//! Queues that keep their messages until a test takes them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use app::messages::{ImportKey, Notification, Wake};
use app::ports::{ImportQueue, NotificationQueue, QueueError, WakeQueue};
use async_trait::async_trait;

use super::away;

/// The optimization queue.
#[derive(Debug, Default)]
pub struct MemoryWakes {
    sent: Mutex<Vec<(Wake, u32)>>,
    away: AtomicBool,
}

impl MemoryWakes {
    /// The wake-ups since the last call, with their delays in seconds.
    pub fn take(&self) -> Vec<(Wake, u32)> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Makes the queue unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl WakeQueue for MemoryWakes {
    async fn wake(&self, wakes: &[Wake], delay_s: u32) -> Result<(), QueueError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(QueueError(away()));
        }
        let sent = wakes.iter().map(|wake| (wake.clone(), delay_s));
        self.sent.lock().unwrap().extend(sent);
        Ok(())
    }
}

/// The notification queue.
#[derive(Debug, Default)]
pub struct MemoryNotifications {
    sent: Mutex<Vec<Notification>>,
    away: AtomicBool,
}

impl MemoryNotifications {
    /// The notifications since the last call.
    pub fn take(&self) -> Vec<Notification> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Makes the queue unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl NotificationQueue for MemoryNotifications {
    async fn notify(&self, notifications: &[Notification]) -> Result<(), QueueError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(QueueError(away()));
        }
        self.sent.lock().unwrap().extend_from_slice(notifications);
        Ok(())
    }
}

/// The queue of imports that have rows left.
#[derive(Debug, Default)]
pub struct MemoryImportQueue {
    sent: Mutex<Vec<(ImportKey, u32)>>,
    away: AtomicBool,
}

impl MemoryImportQueue {
    /// The imports that were queued since the last call, with their delays in seconds.
    pub fn take(&self) -> Vec<(ImportKey, u32)> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Makes the queue unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl ImportQueue for MemoryImportQueue {
    async fn go_on(&self, key: ImportKey, delay_s: u32) -> Result<(), QueueError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(QueueError(away()));
        }
        self.sent.lock().unwrap().push((key, delay_s));
        Ok(())
    }
}
