//! Unreadable changes that are kept in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use app::ports::{FileError, UnreadableChanges};
use async_trait::async_trait;

use super::away;

/// Keeps unreadable changes.
#[derive(Debug, Default)]
pub struct MemoryAside {
    kept: Mutex<BTreeMap<String, String>>,
    away: AtomicBool,
}

impl MemoryAside {
    /// The records by their ids.
    pub fn kept(&self) -> BTreeMap<String, String> {
        self.kept.lock().unwrap().clone()
    }

    /// Makes the place unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }
}

#[async_trait]
impl UnreadableChanges for MemoryAside {
    async fn put_aside(&self, id: &str, record: String) -> Result<(), FileError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(FileError::Unavailable(away()));
        }
        let mut kept = self.kept.lock().unwrap();
        kept.entry(id.to_owned()).or_insert(record);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_keeps_the_contract() {
        let aside = MemoryAside::default();
        crate::contracts::put_aside::run(&aside, async |id| aside.kept().remove(id)).await;
    }
}
