//! An import, as callers see it.

use domain::import::{ImportFailure, ImportSettings, Locating};
use domain::{Import, ImportId, ImportStatus, RowFault, Timestamp, UserId};
use serde::Serialize;

/// An import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportAnswer {
    import_id: ImportId,
    customer_id: UserId,
    filename: String,
    size_bytes: u64,
    status: ImportStatus,
    rows: u32,
    accepted: u32,
    rejected: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) addresses: Option<AddressesAnswer>,
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) errors: Option<Vec<RowFault>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rejected_rows_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ImportFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<ImportSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_guessed: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignored_columns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation: Option<CancellationAnswer>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// What became of the rows with an address to place on the map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct AddressesAnswer {
    located: u32,
    waiting: u32,
    pub(super) failed: u32,
    cancelled: u32,
}

impl AddressesAnswer {
    pub(super) fn of(import: &Import, locating: &Locating) -> Self {
        Self {
            located: locating.located,
            waiting: locating.waiting(import),
            failed: locating.failed,
            cancelled: locating.cancelled,
        }
    }
}

/// How far the cancellation of the orders of an import is.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct CancellationAnswer {
    cancelled: u32,
    kept: u32,
    progress: f64,
    only_pending: bool,
    requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
}

/// The share of the rows that are done, from 0 to 1.
fn four_decimals(done: u32, rows: u32) -> f64 {
    if rows == 0 {
        return 1.0;
    }
    (f64::from(done) / f64::from(rows) * 10_000.0).floor() / 10_000.0
}

impl From<Import> for ImportAnswer {
    fn from(import: Import) -> Self {
        let rows = import.rows();
        Self {
            import_id: import.id,
            customer_id: import.customer_id,
            rows,
            // Four decimals. A new value for each chunk of a million rows would be noise.
            progress: (import.progress() * 10_000.0).floor() / 10_000.0,
            size_bytes: match import.file {
                Some(file) if !file.is_unpacked => file.size_bytes,
                _ => import.size_bytes,
            },
            filename: import.filename,
            status: import.status,
            accepted: import.accepted,
            rejected: import.rejected,
            addresses: None,
            errors: None,
            rejected_rows_url: None,
            cancellation: import.cancellation.map(|it| CancellationAnswer {
                cancelled: it.cancelled,
                kept: it.kept,
                progress: four_decimals(it.row, rows),
                only_pending: it.only_pending,
                requested_at: it.requested_at,
                finished_at: it.finished_at,
            }),
            failure: import.failure,
            settings: None,
            encoding_guessed: import.told.encoding.as_ref().map(|_| import.told.is_guess),
            encoding: import.told.encoding,
            ignored_columns: import.told.ignored_columns,
            created_at: import.created_at,
            started_at: import.started_at,
            paused_at: import.paused_at,
            finished_at: import.finished_at,
            updated_at: import.updated_at,
        }
    }
}
