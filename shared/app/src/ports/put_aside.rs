//! A place for changes that cannot be read.

use async_trait::async_trait;

use super::FileError;

/// Keeps records of streams that cannot be read. So the records behind them need not wait.
#[async_trait]
pub trait UnreadableChanges: Send + Sync {
    /// Keeps a record, as JSON, under the id that its stream gave it. A record that is kept already stays as it is.
    ///
    /// # Errors
    /// If the store of files is unavailable. The record must come again.
    async fn put_aside(&self, id: &str, record: String) -> Result<(), FileError>;
}
