//! Imports: files of orders, and the result of each row.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::ids::{ImportId, UserId};
use crate::place::PlaceCandidate;
use crate::user::Actor;

mod locating;
mod profiles;
mod settings;

pub use locating::{Chain, Locating};
pub use profiles::{
    ImportProfile, ImportProfiles, LONGEST_PROFILE_NAME, MOST_PROFILES, TooManyProfiles,
};
pub use settings::{DateOrder, DecimalMark, ImportSettings, MOST_SETTINGS_BYTES, Preset};

/// An answer about an import names at most this many faults. The file of rejected rows has all of them.
pub const TOLD_FAULTS: usize = 100;
/// The longest text about the faults of a row, in bytes. It has room for the names of all columns.
pub const LONGEST_DETAIL: usize = 600;

/// The status of an import.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ImportStatus {
    /// The file is not uploaded yet.
    AwaitingUpload,
    /// The backend reads the rows.
    Processing,
    /// All rows are orders.
    Completed,
    /// All rows were read, and some were rejected.
    CompletedWithErrors,
    /// The file could not be read to its end. The orders from its rows stay.
    Failed,
    /// The import was cancelled before it was over. The rows after that are not read.
    Cancelled,
}

impl ImportStatus {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the import has ended.
    pub fn is_over(self) -> bool {
        match self {
            Self::AwaitingUpload | Self::Processing => false,
            Self::Completed | Self::CompletedWithErrors | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// Why a row was rejected, or why its order failed before its addresses were placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowFault {
    /// The number of the row: 1 for the first one after the header. Empty lines do not count.
    pub row: u32,
    /// The column. `None` for a fault of the row as a whole.
    pub column: Option<String>,
    /// The kind of fault, for programs: `missing`, `not_a_number`, `decimal_comma`, `invalid`, `too_few_cells` and
    /// others.
    pub code: String,
    /// The fault in that column in words for a person, then the faults in other columns.
    pub detail: String,
    /// The places that the address in that column may mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<PlaceCandidate>,
}

/// Why a file could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFailure {
    /// The kind of fault, for programs: `empty_file`, `missing_column`, `encoding` and others.
    pub code: String,
    /// The fault in words for a person.
    pub detail: String,
}

/// The version of the file that the first run found. All runs read this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFile {
    /// The ETag of the content.
    pub etag: String,
    /// The size in bytes.
    pub size_bytes: u64,
    /// Whether this is not the uploaded file but the file with the rows of an uploaded workbook.
    #[serde(default)]
    pub is_unpacked: bool,
}

/// The parts of a file that several runs write. S3 keeps the parts and joins them at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptParts {
    /// The id of the multipart upload.
    pub upload_id: String,
    /// The ETags of the parts, in order.
    pub etags: Vec<String>,
}

/// The file of rejected rows so far, and where the next run continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRejects {
    /// The parts that are written.
    pub parts: KeptParts,
    /// The last row in the parts.
    pub row: u32,
    /// The faults of rejected rows are read from here on: the faults after this row, without those up to `row`.
    pub rejected_after: u32,
    /// The same for the faults of rows whose orders failed.
    pub unplaced_after: u32,
    /// The next row begins at this byte of the uploaded file, or later.
    pub offset: u64,
    /// The row with the pickup of the last row begins at this byte.
    pub pickup_at: Option<u64>,
}

/// What the beginning of a file tells, apart from its rows. It stays the same for all runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToldByFile {
    /// The encoding, if it is not UTF-8 or if it was guessed.
    pub encoding: Option<String>,
    /// Whether the encoding was guessed.
    pub is_guess: bool,
    /// The columns that are not read.
    pub ignored_columns: Vec<String>,
}

/// A request to cancel the orders of an import, with its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// The side that asked.
    pub by: Actor,
    /// The reason for the history of the orders.
    pub reason: Option<String>,
    /// Whether orders on routes stay as they are.
    pub only_pending: bool,
    /// The time of the request.
    pub requested_at: Timestamp,
    /// The orders of all rows up to this one are done.
    pub row: u32,
    /// The number of orders that are cancelled.
    pub cancelled: u32,
    /// The number of orders that stay as they are: they are aboard or have ended, or they are on routes and only
    /// pending orders are cancelled.
    pub kept: u32,
    /// The time at which the last order was done.
    pub finished_at: Option<Timestamp>,
}

/// An import: one file of orders.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// The customer.
    pub customer_id: UserId,
    /// The customer's name for the file.
    pub filename: String,
    /// The size of the file in bytes, as the customer announced it.
    pub size_bytes: u64,
    /// The status.
    pub status: ImportStatus,
    /// The file, once it is uploaded.
    pub file: Option<SeenFile>,
    /// How the file is to be read.
    pub settings: ImportSettings,
    /// What the beginning of the file told, once it is read.
    pub told: ToldByFile,
    /// All bytes before this one are read. The next row begins here or later.
    pub offset: u64,
    /// The row with the pickup of the rows from here on begins at this byte, in a file that has pickups as rows.
    pub pickup_at: Option<u64>,
    /// The number of rows that became orders.
    pub accepted: u32,
    /// The number of rows that were rejected.
    pub rejected: u32,
    /// Whether a row may have addresses alone: whether there was a geocoder when the first run began.
    pub takes_addresses: bool,
    /// The number of rows that became orders with an address to place.
    pub to_place: u32,
    /// The time at which all rows were read, and the import began to wait until their addresses are placed.
    pub read_at: Option<Timestamp>,
    /// The unfinished file of rejected rows, once a part of it is written.
    pub rejects: Option<KeptRejects>,
    /// The number of times that this file was started again because its parts were gone.
    pub rejects_begun_again: u32,
    /// Why the import failed.
    pub failure: Option<ImportFailure>,
    /// The request to cancel its orders, with the progress.
    pub cancellation: Option<Cancellation>,
    /// The time of the request for the upload.
    pub created_at: Timestamp,
    /// The time at which the first run began.
    pub started_at: Option<Timestamp>,
    /// The time at which the import began to wait, because the customer has too many pending orders.
    pub paused_at: Option<Timestamp>,
    /// The time at which the import ended.
    pub finished_at: Option<Timestamp>,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes. A write succeeds only if the stored version is the one that was read.
    pub version: u64,
}

impl Import {
    /// A new import that waits for its file.
    pub fn awaited(id: ImportId, customer_id: UserId, new: NewImport, now: Timestamp) -> Self {
        Self {
            id,
            customer_id,
            filename: new.filename,
            size_bytes: new.size_bytes,
            status: ImportStatus::AwaitingUpload,
            file: None,
            settings: new.settings,
            told: ToldByFile::default(),
            offset: 0,
            pickup_at: None,
            accepted: 0,
            rejected: 0,
            takes_addresses: false,
            to_place: 0,
            read_at: None,
            rejects: None,
            rejects_begun_again: 0,
            failure: None,
            cancellation: None,
            created_at: now,
            started_at: None,
            paused_at: None,
            finished_at: None,
            updated_at: now,
            version: 1,
        }
    }

    /// The number of rows that were read.
    pub fn rows(&self) -> u32 {
        self.accepted + self.rejected
    }

    /// The share of the file that is read, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let size = self.file.as_ref().map_or(0, |file| file.size_bytes);
        match self.status {
            ImportStatus::Completed | ImportStatus::CompletedWithErrors | ImportStatus::Failed => {
                1.0
            }
            ImportStatus::Processing | ImportStatus::Cancelled if size > 0 => {
                (self.offset.min(size) as f64) / (size as f64)
            }
            ImportStatus::Processing | ImportStatus::AwaitingUpload | ImportStatus::Cancelled => {
                0.0
            }
        }
    }

    /// The import after its file was uploaded. `takes_addresses` says whether a row may have addresses alone. All runs
    /// read the file with the same answer.
    #[must_use]
    pub fn begun(&self, file: SeenFile, takes_addresses: bool, now: Timestamp) -> Self {
        Self {
            status: ImportStatus::Processing,
            file: Some(file),
            takes_addresses,
            started_at: Some(now),
            ..self.changed(now)
        }
    }

    /// The import of a workbook after its rows were written to a file of their own.
    #[must_use]
    pub fn unpacked(&self, rows: SeenFile, now: Timestamp) -> Self {
        Self {
            file: Some(rows),
            ..self.changed(now)
        }
    }

    /// The import after more rows, read up to a place. `to_place` of the accepted ones have an address to place.
    #[must_use]
    pub fn advanced(
        &self,
        to: Reached,
        (accepted, to_place): (u32, u32),
        rejected: u32,
        now: Timestamp,
    ) -> Self {
        Self {
            offset: to.offset,
            pickup_at: to.pickup_at,
            accepted: self.accepted + accepted,
            rejected: self.rejected + rejected,
            to_place: self.to_place + to_place,
            ..self.changed(now)
        }
    }

    /// The import as it waits until its customer has fewer pending orders. Every other change ends the pause.
    #[must_use]
    pub fn paused(&self, now: Timestamp) -> Self {
        Self {
            paused_at: Some(now),
            ..self.changed(now)
        }
    }

    /// The import with a further part of the file of rejected rows.
    #[must_use]
    pub fn keeping(&self, rejects: KeptRejects, now: Timestamp) -> Self {
        Self {
            rejects: Some(rejects),
            ..self.changed(now)
        }
    }

    /// The import whose file of rejected rows must be started again.
    #[must_use]
    pub fn beginning_rejects_again(&self, now: Timestamp) -> Self {
        Self {
            rejects: None,
            rejects_begun_again: self.rejects_begun_again + 1,
            ..self.changed(now)
        }
    }

    /// The import whose rows are all read. It waits until their addresses are placed.
    #[must_use]
    pub fn read(&self, now: Timestamp) -> Self {
        Self {
            read_at: Some(now),
            ..self.changed(now)
        }
    }

    /// The import at its end: completed, or failed. `unplaced` is the number of orders that failed before their
    /// addresses were placed.
    #[must_use]
    pub fn finished(&self, failure: Option<ImportFailure>, unplaced: u32, now: Timestamp) -> Self {
        let status = match &failure {
            Some(_) => ImportStatus::Failed,
            None if self.rejected + unplaced > 0 => ImportStatus::CompletedWithErrors,
            None => ImportStatus::Completed,
        };
        Self {
            status,
            failure,
            rejects: None,
            finished_at: Some(now),
            ..self.changed(now)
        }
    }

    /// Whether the orders of the import are being cancelled.
    pub fn is_cancelling(&self) -> bool {
        let cancellation = self.cancellation.as_ref();
        cancellation.is_some_and(|it| it.finished_at.is_none())
    }

    /// Whether an earlier request cancels all that a new one would. A request for pending orders alone does not cancel
    /// those on routes.
    pub fn cancels_as_much(&self, only_pending: bool) -> bool {
        let cancellation = self.cancellation.as_ref();
        cancellation.is_some_and(|it| only_pending || !it.only_pending)
    }

    /// The import whose orders are to be cancelled. No further row becomes an order: a consumer that reads rows at this
    /// moment loses against this version.
    #[must_use]
    pub fn cancelling(&self, cancellation: Cancellation, now: Timestamp) -> Self {
        let mut changed = self.changed(now);
        if !self.status.is_over() {
            changed.status = ImportStatus::Cancelled;
            changed.rejects = None;
            changed.finished_at = Some(now);
        }
        let is_empty = self.rows() == 0;
        changed.cancellation = Some(Cancellation {
            finished_at: is_empty.then_some(now),
            ..cancellation
        });
        changed
    }

    /// The import after the orders of the rows up to `row` were cancelled or stay as they are.
    #[must_use]
    pub fn cancelled_through(&self, row: u32, cancelled: u32, kept: u32, now: Timestamp) -> Self {
        let rows = self.rows();
        let mut changed = self.changed(now);
        if let Some(cancellation) = &mut changed.cancellation {
            cancellation.row = row;
            cancellation.cancelled += cancelled;
            cancellation.kept += kept;
            cancellation.finished_at = (row >= rows).then_some(now);
        }
        changed
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self {
            paused_at: None,
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

/// The place in a file up to which its rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// The byte at which the next row begins, or an empty line before it.
    pub offset: u64,
    /// The byte at which the row with the present pickup begins, if there is such a row.
    pub pickup_at: Option<u64>,
}

impl Reached {
    /// A place in a file without pickups as rows.
    pub fn at(offset: u64) -> Self {
        Self {
            offset,
            pickup_at: None,
        }
    }
}

/// What a customer sends to upload a file of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// The customer's name for the file.
    pub filename: String,
    /// The size of the file in bytes.
    pub size_bytes: u64,
    /// How the file is to be read.
    pub settings: ImportSettings,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2030-05-06T08:00:00Z".parse().unwrap()
    }

    fn import() -> Import {
        let new = NewImport {
            filename: "may.csv".to_owned(),
            size_bytes: 1000,
            settings: ImportSettings::default(),
        };
        let id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let customer = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        Import::awaited(id, customer, new, now())
    }

    fn begun() -> Import {
        let file = SeenFile {
            etag: "\"a\"".to_owned(),
            size_bytes: 800,
            is_unpacked: false,
        };
        import().begun(file, false, now())
    }

    #[test]
    fn progress_is_the_share_of_the_file_that_came() {
        assert_eq!(import().progress(), 0.0);
        let half = begun().advanced(Reached::at(400), (3, 0), 1, now());
        assert_eq!((half.progress(), half.rows()), (0.5, 4));
        assert_eq!(half.finished(None, 0, now()).progress(), 1.0);
    }

    #[test]
    fn more_rows_end_a_pause() {
        let paused = begun().paused(now());
        assert_eq!(paused.paused_at, Some(now()));
        assert_eq!(
            paused
                .advanced(Reached::at(400), (3, 0), 1, now())
                .paused_at,
            None
        );
        assert_eq!(paused.finished(None, 0, now()).paused_at, None);
    }

    #[test]
    fn an_end_says_how_it_went() {
        let good = begun()
            .advanced(Reached::at(800), (4, 0), 0, now())
            .finished(None, 0, now());
        assert_eq!(good.status, ImportStatus::Completed);
        let mixed = begun()
            .advanced(Reached::at(800), (3, 0), 1, now())
            .finished(None, 0, now());
        assert_eq!(mixed.status, ImportStatus::CompletedWithErrors);
        let failure = ImportFailure {
            code: "encoding".to_owned(),
            detail: "is not UTF-8".to_owned(),
        };
        let failed = begun().finished(Some(failure), 0, now());
        assert_eq!(failed.status, ImportStatus::Failed);
        assert_eq!(failed.version, 3);
    }
}
