//! Imports: their records, their files, and the queue that continues them.

use async_trait::async_trait;
use domain::import::{ImportProfiles, KeptParts, LONGEST_DETAIL, SeenFile};
use domain::{Import, ImportId, ImportStatus, Order, OrderId, RowFault, UserId};
use thiserror::Error;

use super::StoreError;
use crate::messages::ImportKey;
use crate::refusal::Cause;

/// Rows that are stored together with the next version of the import, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The import after these rows. It is stored on the condition of its version.
    pub import: Import,
    /// The orders. Each order is stored on the condition that it is not stored yet, and that its customer has not used
    /// its `external_id`, or only for an order that failed or was cancelled. No two of these orders have
    /// the same `external_id`.
    pub orders: Vec<Order>,
    /// The rejected rows, sorted by row.
    pub faults: Vec<RowFault>,
}

impl Chunk {
    /// How many orders and `external_id`s fit into one chunk together. The store takes 100 items in one transaction.
    /// The import and its faults are two of them.
    pub const ROOM: usize = 98;
    /// How many rejected rows fit into one chunk. One item has all their faults.
    pub const MOST_FAULTS: usize = 500;
}

// An item has at most 400 KB. Besides its text, a fault has a row, a column, a code, and the names of these fields.
const _: () = assert!(Chunk::MOST_FAULTS * (LONGEST_DETAIL + 120) < 400_000);

/// The result of storing a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// The chunk is stored.
    Stored,
    /// The stored import has another version: another consumer has continued it, or an earlier attempt succeeded after
    /// all.
    Superseded,
    /// Nothing was stored, because of these orders.
    Refused {
        /// Orders that are stored already. This happens if the table of imports was restored from an older backup.
        there: Vec<OrderId>,
        /// Orders whose `external_id` their customer has used before, for an order that is not failed or cancelled.
        taken: Vec<OrderId>,
    },
}

/// A page of imports, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPage {
    /// The imports of this page.
    pub imports: Vec<Import>,
    /// The last import of this page, where the next page continues; `None` at the end. A page may be short and still
    /// not be the last.
    pub next: Option<ImportId>,
}

/// The stored imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// One record.
    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_import(&self, import: &Import) -> Result<(), StoreError>;

    /// A customer's imports that are older than `before`, newest first. The index is only a hint; the records decide.
    async fn imports_of(
        &self,
        customer: UserId,
        status: Option<ImportStatus>,
        before: Option<ImportId>,
        limit: usize,
    ) -> Result<ImportPage, StoreError>;

    /// The faults of rows, sorted by row. The answer has the faults of whole chunks after the row `after`, which is 0
    /// or the last row of an earlier answer. The answer has at least `limit` faults if there are that many.
    async fn row_faults(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError>;
}

/// The settings of imports that customers have stored by name.
#[async_trait]
pub trait ProfileStore: Send + Sync {
    /// A customer's profiles; with version 0 if none were stored.
    async fn profiles_of(&self, customer: UserId) -> Result<ImportProfiles, StoreError>;

    /// Writes a customer's profiles on the condition of their version.
    async fn put_profiles(&self, profiles: &ImportProfiles) -> Result<(), StoreError>;
}

/// The rows of an import. Apart from [`ImportStore`]: they become orders and claims, which other tables hold.
#[async_trait]
pub trait ImportChunks: Send + Sync {
    /// Stores a chunk. [`StoreError::Conflict`] if another writer uses one of its items at this moment; the same chunk
    /// may succeed the next time.
    async fn store_chunk(&self, chunk: &Chunk) -> Result<ChunkOutcome, StoreError>;
}

/// Why a file could not be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file does not exist, or is not the file that was first seen.
    #[error("the file was removed or replaced")]
    Gone,
    /// The parts that an earlier run kept do not exist any more. The file must be begun again.
    #[error("the parts of the file are gone")]
    PartsGone,
    /// The file store is unavailable.
    #[error("the file store is unavailable")]
    Unavailable(#[source] Cause),
}

/// The files of imports.
#[async_trait]
pub trait ImportFiles: Send + Sync {
    /// The file that was uploaded, if there is one.
    async fn seen(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError>;

    /// At most `length` bytes of the file from byte `from` on; fewer only at its end. The file must still be the one
    /// that was seen.
    async fn read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: u64,
    ) -> Result<Vec<u8>, FileError>;

    /// Begins the file of rejected rows, or continues it after the kept parts. The file appears when it is finished,
    /// and replaces an earlier one.
    async fn write_rejected(
        &self,
        key: ImportKey,
        kept: Option<KeptParts>,
    ) -> Result<Box<dyn WrittenFile>, FileError>;

    /// Begins the file with the rows of a workbook. It appears when it is finished, and replaces an earlier one.
    async fn write_unpacked(&self, key: ImportKey) -> Result<Box<dyn WrittenFile>, FileError>;

    /// The file with the rows of a workbook, if it is finished.
    async fn seen_unpacked(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError>;
}

/// A file while it is written.
#[async_trait]
pub trait WrittenFile: Send {
    /// Adds bytes to the file.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError>;

    /// Keeps the bytes that were added since the last call, once they are enough for a part. Returns all parts so far,
    /// so that another run can continue from them. If two runs continue from the same parts with the same rows, either
    /// of them may finish the file.
    async fn keep(&mut self) -> Result<Option<KeptParts>, FileError>;

    /// Finishes the file.
    async fn finish(self: Box<Self>) -> Result<(), FileError>;
}

/// Where and how a file is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadUrl {
    /// The signed URL.
    pub url: String,
    /// Headers that the client must send unchanged, because they are signed too.
    pub headers: Vec<(&'static str, String)>,
}

/// Signed URLs, with which a client reaches the file store directly.
#[async_trait]
pub trait FileUrls: Send + Sync {
    /// The URL for one upload of a file of exactly this size and of this content type.
    async fn upload(
        &self,
        key: ImportKey,
        size_bytes: u64,
        content_type: &'static str,
    ) -> Result<UploadUrl, FileError>;

    /// The URL for the download of the rejected rows.
    async fn rejected_rows(&self, key: ImportKey) -> Result<String, FileError>;
}
