//! Imports: files of orders, and the account of what became of their rows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::{Faults, Fields};
use crate::ids::{ImportId, UserId};

/// So many faults of rows are told with an import; the rest is in the file of rejected rows.
pub const TOLD_FAULTS: usize = 100;
/// So much is told of what is wrong with a row, in bytes: enough to name all its columns.
pub const LONGEST_DETAIL: usize = 600;
const LONGEST_FILENAME: usize = 200;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    /// Its file has not come yet.
    AwaitingUpload,
    /// Its rows are being read.
    Processing,
    /// All rows are orders.
    Completed,
    /// All rows were read, and some of them were rejected.
    CompletedWithErrors,
    /// The file is not one that could be read to its end. The rows that were accepted before stay.
    Failed,
}

impl ImportStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::AwaitingUpload,
        Self::Processing,
        Self::Completed,
        Self::CompletedWithErrors,
        Self::Failed,
    ];

    /// Its name, as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "awaiting_upload",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::CompletedWithErrors => "completed_with_errors",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::AwaitingUpload | Self::Processing)
    }
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// Which row: the first one after the header is 1; empty lines do not count.
    pub row: u32,
    /// The column, unless it is the row as a whole.
    pub column: Option<String>,
    /// For programs: `missing`, `not_a_number`, `decimal_comma`, `invalid`, `too_few_cells` and so on.
    pub code: String,
    /// For people: what is wrong with that column, then with others.
    pub detail: String,
}

/// Why a file could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFailure {
    /// For programs: `empty_file`, `missing_column`, `encoding` and so on.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// The file, as it was first seen. All of it is read as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFile {
    /// Names its content.
    pub etag: String,
    /// In bytes.
    pub size_bytes: u64,
}

/// The parts of a file that is written over several runs: the files' store has them, and makes one file of them at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptParts {
    /// What the files' store calls the unfinished file.
    pub upload_id: String,
    /// Names the content of each part, in their order.
    pub etags: Vec<String>,
}

/// The file of rejected rows as far as it is written, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRejects {
    /// What is written.
    pub parts: KeptParts,
    /// The last row in it.
    pub row: u32,
    /// The next row of the uploaded file begins here or later, in bytes.
    pub offset: u64,
}

/// A file of orders.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Whose it is.
    pub customer_id: UserId,
    /// What the customer calls the file.
    pub filename: String,
    /// How large the customer says that it is, in bytes.
    pub size_bytes: u64,
    /// Where it stands.
    pub status: ImportStatus,
    /// The file, once it has come.
    pub file: Option<SeenFile>,
    /// So far it has been read, in bytes: the next row begins here or later.
    pub offset: u64,
    /// The rows that became orders.
    pub accepted: u32,
    /// The rows that did not.
    pub rejected: u32,
    /// The file of rejected rows while it is written, once a part of it is.
    pub rejects: Option<KeptRejects>,
    /// How often that file was begun again, since its parts were gone.
    pub rejects_begun_again: u32,
    /// Why it failed, if it did.
    pub failure: Option<ImportFailure>,
    /// When the upload was asked for.
    pub created_at: Timestamp,
    /// When reading began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; a write is made on the condition that it is still the one that was read.
    pub version: u64,
}

impl Import {
    /// A new import, whose file is to be uploaded.
    pub fn awaited(id: ImportId, customer_id: UserId, new: NewImport, now: Timestamp) -> Self {
        Self {
            id,
            customer_id,
            filename: new.filename,
            size_bytes: new.size_bytes,
            status: ImportStatus::AwaitingUpload,
            file: None,
            offset: 0,
            accepted: 0,
            rejected: 0,
            rejects: None,
            rejects_begun_again: 0,
            failure: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
            version: 1,
        }
    }

    /// How many rows have been read.
    pub fn rows(&self) -> u32 {
        self.accepted + self.rejected
    }

    /// The share that is done, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let size = self.file.as_ref().map_or(0, |file| file.size_bytes);
        match self.status {
            status if status.is_over() => 1.0,
            ImportStatus::Processing if size > 0 => (self.offset.min(size) as f64) / (size as f64),
            _ => 0.0,
        }
    }

    /// The import whose file has come.
    #[must_use]
    pub fn begun(&self, file: SeenFile, now: Timestamp) -> Self {
        Self {
            status: ImportStatus::Processing,
            file: Some(file),
            started_at: Some(now),
            ..self.changed(now)
        }
    }

    /// The import some rows further on, read up to `offset`.
    #[must_use]
    pub fn advanced(&self, offset: u64, accepted: u32, rejected: u32, now: Timestamp) -> Self {
        Self {
            offset,
            accepted: self.accepted + accepted,
            rejected: self.rejected + rejected,
            ..self.changed(now)
        }
    }

    /// The import whose file of rejected rows is written so far.
    #[must_use]
    pub fn keeping(&self, rejects: KeptRejects, now: Timestamp) -> Self {
        Self {
            rejects: Some(rejects),
            ..self.changed(now)
        }
    }

    /// The import whose file of rejected rows is to be begun again.
    #[must_use]
    pub fn beginning_rejects_again(&self, now: Timestamp) -> Self {
        Self {
            rejects: None,
            rejects_begun_again: self.rejects_begun_again + 1,
            ..self.changed(now)
        }
    }

    /// The import at its end: read through, or failed.
    #[must_use]
    pub fn finished(&self, failure: Option<ImportFailure>, now: Timestamp) -> Self {
        let status = match &failure {
            Some(_) => ImportStatus::Failed,
            None if self.rejected > 0 => ImportStatus::CompletedWithErrors,
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

    fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }
}

/// What a customer sends to upload a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// What the customer calls it.
    pub filename: String,
    /// How large it is, in bytes.
    pub size_bytes: u64,
}

impl NewImport {
    /// Reads the body of `POST /upload-url`.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &Value) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&["filename", "size_bytes"]);
        let filename = fields.required_text("filename", LONGEST_FILENAME);
        if !fields.has("size_bytes") {
            fields.fault("size_bytes", "is missing");
        }
        // However large: which size is too large is said by the limit.
        let size_bytes = fields.whole_number("size_bytes", 1..=u64::MAX);
        let read = (|| {
            Some(Self {
                filename: filename?.to_owned(),
                size_bytes: size_bytes?,
            })
        })();
        faults.or(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2030-05-06T08:00:00Z".parse().unwrap()
    }

    fn import() -> Import {
        let new = NewImport::read(&json!({"filename": "may.csv", "size_bytes": 1000})).unwrap();
        let id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let customer = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        Import::awaited(id, customer, new, now())
    }

    fn begun() -> Import {
        let file = SeenFile {
            etag: "\"a\"".to_owned(),
            size_bytes: 800,
        };
        import().begun(file, now())
    }

    #[test]
    fn progress_is_the_share_of_the_file_that_came() {
        assert_eq!(import().progress(), 0.0);
        let half = begun().advanced(400, 3, 1, now());
        assert_eq!((half.progress(), half.rows()), (0.5, 4));
        assert_eq!(half.finished(None, now()).progress(), 1.0);
    }

    #[test]
    fn an_end_says_how_it_went() {
        let good = begun().advanced(800, 4, 0, now()).finished(None, now());
        assert_eq!(good.status, ImportStatus::Completed);
        let mixed = begun().advanced(800, 3, 1, now()).finished(None, now());
        assert_eq!(mixed.status, ImportStatus::CompletedWithErrors);
        let failure = ImportFailure {
            code: "encoding".to_owned(),
            detail: "is not UTF-8".to_owned(),
        };
        let failed = begun().finished(Some(failure), now());
        assert_eq!(failed.status, ImportStatus::Failed);
        assert_eq!(failed.version, 3);
    }

    #[test]
    fn every_fault_of_an_upload_is_named() {
        let body = json!({"filename": "a\nb", "size_bytes": 0, "size": 1});
        let faults = NewImport::read(&body).unwrap_err().into_vec();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["#/size", "#/filename", "#/size_bytes"]);
        let faults = NewImport::read(&json!({})).unwrap_err().into_vec();
        assert_eq!(faults.len(), 2);
    }
}
