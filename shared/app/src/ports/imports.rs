//! Imports: their records, their files, and the message that goes on with one.

use async_trait::async_trait;
use domain::import::{KeptParts, LONGEST_DETAIL, SeenFile};
use domain::{Import, ImportId, ImportStatus, Order, OrderId, RowFault, UserId};
use thiserror::Error;

use super::{QueueError, StoreError};
use crate::messages::ImportKey;
use crate::refusal::Cause;

/// Rows that are stored together with the import's next version, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// The import after these rows, on the condition of its version.
    pub import: Import,
    /// The orders, each on the condition that it is not there yet, and that nobody has used its `external_id`.
    /// No two of them have the same one.
    pub orders: Vec<Order>,
    /// The rows that were rejected, in their order.
    pub faults: Vec<RowFault>,
}

impl Chunk {
    /// How many orders and `external_id`s fit into one chunk together: the store takes 100 items in one transaction, and
    /// the import and its faults are two.
    pub const ROOM: usize = 98;
    /// How many rejected rows fit into one chunk: what is wrong with them is one item.
    pub const MOST_FAULTS: usize = 500;
}

// An item has at most 400 KB. Beside its words, a fault has a row, a column and a code, with their names.
const _: () = assert!(Chunk::MOST_FAULTS * (LONGEST_DETAIL + 120) < 400_000);

/// How storing a chunk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// It is stored.
    Stored,
    /// The import has another version by now: somebody else has gone on with it, or an earlier attempt was made after all.
    Superseded,
    /// Nothing was stored, since these stand in the way.
    Refused {
        /// Orders that are there already, as a store that was set back to an earlier state would have them.
        there: Vec<OrderId>,
        /// Orders whose `external_id` their customer has used before.
        taken: Vec<OrderId>,
    },
}

/// A page of imports, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPage {
    /// Those found.
    pub imports: Vec<Import>,
    /// Where to go on; `None` at the end. A page may be short and still not the last.
    pub next: Option<ImportId>,
}

/// Imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// One record.
    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_import(&self, import: &Import) -> Result<(), StoreError>;

    /// A customer's imports before `before` in time, newest first. Which ones is a hint; the records decide.
    async fn imports_of(
        &self,
        customer: UserId,
        status: Option<ImportStatus>,
        before: Option<ImportId>,
        limit: usize,
    ) -> Result<ImportPage, StoreError>;

    /// Stores a chunk. [`StoreError::Conflict`] where others are at one of its items at this moment: the same chunk may be
    /// stored the next time.
    async fn store_chunk(&self, chunk: &Chunk) -> Result<ChunkOutcome, StoreError>;

    /// What was wrong with rows, in the order of the rows: those of the first chunks after the row `after`, which is 0 or
    /// the last one of an earlier answer. At least `limit` where there are so many.
    async fn row_faults(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError>;
}

/// Why a file could not be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// It is not there, or not the one that was first seen.
    #[error("the file is gone, or another one by now")]
    Gone,
    /// The parts that an earlier run has kept are not there any more: the file is to be begun again.
    #[error("the parts of the file are gone")]
    PartsGone,
    /// The files' store is away.
    #[error("the files' store is away")]
    Unavailable(#[source] Cause),
}

/// The files of imports.
#[async_trait]
pub trait ImportFiles: Send + Sync {
    /// The file that was uploaded, if there is one.
    async fn seen(&self, key: ImportKey) -> Result<Option<SeenFile>, FileError>;

    /// At most `length` bytes of it from byte `from` on; fewer only at its end. It must still be the one that was seen.
    async fn read(
        &self,
        key: ImportKey,
        file: &SeenFile,
        from: u64,
        length: u64,
    ) -> Result<Vec<u8>, FileError>;

    /// Begins the file of rejected rows, or goes on with it where it was kept. It is there once it is finished, in place
    /// of an earlier one.
    async fn write_rejected(
        &self,
        key: ImportKey,
        kept: Option<KeptParts>,
    ) -> Result<Box<dyn RejectedFile>, FileError>;
}

/// The file of rejected rows while it is written.
#[async_trait]
pub trait RejectedFile: Send {
    /// Adds to it.
    async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError>;

    /// Keeps what was added since the last time, once that is enough for a part. What is given back are all parts so far,
    /// with which another run can go on. Of two that go on from the same parts with the same rows, either may finish.
    async fn keep(&mut self) -> Result<Option<KeptParts>, FileError>;

    /// Ends it.
    async fn finish(self: Box<Self>) -> Result<(), FileError>;
}

/// Where and how a file is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadUrl {
    /// The address, signed.
    pub url: String,
    /// Headers that must be sent as they are here: they are signed too.
    pub headers: Vec<(&'static str, String)>,
}

/// Signed addresses of files, with which a client reaches the files' store itself.
#[async_trait]
pub trait FileUrls: Send + Sync {
    /// For one upload of a CSV of exactly this size.
    async fn upload(&self, key: ImportKey, size_bytes: u64) -> Result<UploadUrl, FileError>;

    /// For the download of the rejected rows.
    async fn rejected_rows(&self, key: ImportKey) -> Result<String, FileError>;
}

/// The queue of imports that have rows left.
#[async_trait]
pub trait ImportQueue: Send + Sync {
    /// Hands an import to whoever is next, to be seen after `delay_s` seconds (0 to 900).
    async fn go_on(&self, key: ImportKey, delay_s: u32) -> Result<(), QueueError>;
}
