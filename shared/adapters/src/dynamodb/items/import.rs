//! Imports: one item for an import, and one for each chunk with rejected rows.

use domain::import::{
    Cancellation, Chain, ImportFailure, ImportSettings, KeptParts, KeptRejects, Locating, SeenFile,
    ToldByFile,
};
use domain::{Actor, Import, ImportId, ImportStatus, RowFault, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use super::known_place::StoredCandidate;
use crate::dynamodb::keys;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredImport {
    import_id: ImportId,
    item: String,
    /// Key of `imports-by-customer`. Only this item has it, so that the index holds only imports.
    customer_id: UserId,
    filename: String,
    size_bytes: u64,
    status: ImportStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_unpacked: bool,
    /// JSON. Absent if the customer sent none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settings: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    encoding_guessed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ignored_columns: Vec<String>,
    offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pickup_at: Option<u64>,
    accepted: u32,
    rejected: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    takes_addresses: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    to_place: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rejects: Option<StoredRejects>,
    #[serde(default)]
    rejects_begun_again: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<StoredFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancellation: Option<StoredCancellation>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
    version: u64,
}

/// The file of rejected rows while it is being written.
#[derive(Clone, Serialize, Deserialize)]
struct StoredRejects {
    upload_id: String,
    etags: Vec<String>,
    row: u32,
    /// Absent in an item of an earlier version of Waybill: then it is the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rejected_after: Option<u32>,
    #[serde(default, skip_serializing_if = "is_zero")]
    unplaced_after: u32,
    offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pickup_at: Option<u64>,
}

impl From<KeptRejects> for StoredRejects {
    fn from(kept: KeptRejects) -> Self {
        Self {
            upload_id: kept.parts.upload_id,
            etags: kept.parts.etags,
            row: kept.row,
            rejected_after: Some(kept.rejected_after),
            unplaced_after: kept.unplaced_after,
            offset: kept.offset,
            pickup_at: kept.pickup_at,
        }
    }
}

impl From<StoredRejects> for KeptRejects {
    fn from(stored: StoredRejects) -> Self {
        Self {
            parts: KeptParts {
                upload_id: stored.upload_id,
                etags: stored.etags,
            },
            row: stored.row,
            rejected_after: stored.rejected_after.unwrap_or(stored.row),
            unplaced_after: stored.unplaced_after,
            offset: stored.offset,
            pickup_at: stored.pickup_at,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredFailure {
    code: String,
    detail: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredCancellation {
    by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    only_pending: bool,
    requested_at: Timestamp,
    row: u32,
    cancelled: u32,
    kept: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
}

impl From<Cancellation> for StoredCancellation {
    fn from(it: Cancellation) -> Self {
        Self {
            by: it.by,
            reason: it.reason,
            only_pending: it.only_pending,
            requested_at: it.requested_at,
            row: it.row,
            cancelled: it.cancelled,
            kept: it.kept,
            finished_at: it.finished_at,
        }
    }
}

impl From<StoredCancellation> for Cancellation {
    fn from(stored: StoredCancellation) -> Self {
        Self {
            by: stored.by,
            reason: stored.reason,
            only_pending: stored.only_pending,
            requested_at: stored.requested_at,
            row: stored.row,
            cancelled: stored.cancelled,
            kept: stored.kept,
            finished_at: stored.finished_at,
        }
    }
}

impl From<Import> for StoredImport {
    fn from(import: Import) -> Self {
        let is_unpacked = import.file.as_ref().is_some_and(|file| file.is_unpacked);
        let (etag, file_bytes) = import.file.map(|file| (file.etag, file.size_bytes)).unzip();
        Self {
            import_id: import.id,
            item: keys::IMPORT_ITEM.to_owned(),
            customer_id: import.customer_id,
            filename: import.filename,
            size_bytes: import.size_bytes,
            status: import.status,
            etag,
            file_bytes,
            is_unpacked,
            settings: settings_text(&import.settings),
            encoding: import.told.encoding,
            encoding_guessed: import.told.is_guess,
            ignored_columns: import.told.ignored_columns,
            offset: import.offset,
            pickup_at: import.pickup_at,
            accepted: import.accepted,
            rejected: import.rejected,
            takes_addresses: import.takes_addresses,
            to_place: import.to_place,
            read_at: import.read_at,
            rejects: import.rejects.map(StoredRejects::from),
            rejects_begun_again: import.rejects_begun_again,
            failure: import.failure.map(|failure| StoredFailure {
                code: failure.code,
                detail: failure.detail,
            }),
            cancellation: import.cancellation.map(StoredCancellation::from),
            created_at: import.created_at,
            started_at: import.started_at,
            paused_at: import.paused_at,
            finished_at: import.finished_at,
            updated_at: import.updated_at,
            version: import.version,
        }
    }
}

impl TryFrom<StoredImport> for Import {
    type Error = BrokenItem;

    fn try_from(stored: StoredImport) -> Result<Self, BrokenItem> {
        if stored.version == 0 {
            return Err(BrokenItem("version 0"));
        }
        let file = match (stored.etag, stored.file_bytes) {
            (Some(etag), Some(size_bytes)) => Some(SeenFile {
                etag,
                size_bytes,
                is_unpacked: stored.is_unpacked,
            }),
            (None, None) => None,
            _ => return Err(BrokenItem("etag without file_bytes, or the reverse")),
        };
        Ok(Self {
            id: stored.import_id,
            customer_id: stored.customer_id,
            filename: stored.filename,
            size_bytes: stored.size_bytes,
            status: stored.status,
            file,
            settings: settings_of(stored.settings.as_deref())?,
            told: ToldByFile {
                encoding: stored.encoding,
                is_guess: stored.encoding_guessed,
                ignored_columns: stored.ignored_columns,
            },
            offset: stored.offset,
            pickup_at: stored.pickup_at,
            accepted: stored.accepted,
            rejected: stored.rejected,
            takes_addresses: stored.takes_addresses,
            to_place: stored.to_place,
            read_at: stored.read_at,
            rejects: stored.rejects.map(KeptRejects::from),
            rejects_begun_again: stored.rejects_begun_again,
            failure: stored.failure.map(|failure| ImportFailure {
                code: failure.code,
                detail: failure.detail,
            }),
            cancellation: stored.cancellation.map(Cancellation::from),
            created_at: stored.created_at,
            started_at: stored.started_at,
            paused_at: stored.paused_at,
            finished_at: stored.finished_at,
            updated_at: stored.updated_at,
            version: stored.version,
        })
    }
}

/// Settings as JSON. `None` if nothing is set.
fn settings_text(settings: &ImportSettings) -> Option<String> {
    if settings.is_empty() {
        return None;
    }
    serde_json::to_string(settings).ok()
}

fn settings_of(text: Option<&str>) -> Result<ImportSettings, BrokenItem> {
    let settings = text.map(serde_json::from_str).transpose();
    Ok(settings
        .map_err(|_| BrokenItem("settings that cannot be read"))?
        .unwrap_or_default())
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// How far the addresses of an import are placed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredLocating {
    import_id: ImportId,
    item: String,
    row: u32,
    located: u32,
    failed: u32,
    cancelled: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    fruitless: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alive_until: Option<Timestamp>,
    version: u64,
}

impl From<Locating> for StoredLocating {
    fn from(locating: Locating) -> Self {
        Self {
            import_id: locating.import_id,
            item: keys::LOCATING_ITEM.to_owned(),
            row: locating.row,
            located: locating.located,
            failed: locating.failed,
            cancelled: locating.cancelled,
            fruitless: locating.fruitless,
            chain: locating.chain.map(|chain| chain.id),
            alive_until: locating.chain.map(|chain| chain.alive_until),
            version: locating.version,
        }
    }
}

impl TryFrom<StoredLocating> for Locating {
    type Error = BrokenItem;

    fn try_from(stored: StoredLocating) -> Result<Self, BrokenItem> {
        let chain = match (stored.chain, stored.alive_until) {
            (Some(id), Some(alive_until)) => Some(Chain { id, alive_until }),
            (None, None) => None,
            _ => return Err(BrokenItem("a chain without alive_until, or the reverse")),
        };
        Ok(Self {
            import_id: stored.import_id,
            row: stored.row,
            located: stored.located,
            failed: stored.failed,
            cancelled: stored.cancelled,
            fruitless: stored.fruitless,
            chain,
            version: stored.version,
        })
    }
}

/// The faults of the rejected rows of a chunk, or of the rows whose orders failed.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredRowFaults {
    import_id: ImportId,
    item: String,
    faults: Vec<StoredRowFault>,
}

#[derive(Serialize, Deserialize)]
struct StoredRowFault {
    row: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    code: String,
    detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<StoredCandidate>,
}

impl StoredRowFaults {
    /// The faults of a chunk. `None` if no row was rejected.
    pub(crate) fn of(import_id: ImportId, faults: &[RowFault]) -> Option<Self> {
        Self::under(import_id, faults, keys::rejected_item)
    }

    /// The faults of rows whose orders failed. `None` if there are none.
    pub(crate) fn of_unplaced(import_id: ImportId, faults: &[RowFault]) -> Option<Self> {
        Self::under(import_id, faults, keys::unplaced_item)
    }

    fn under(import_id: ImportId, faults: &[RowFault], item: fn(u32) -> String) -> Option<Self> {
        let first = faults.first()?;
        let faults = faults.iter().cloned().map(|fault| StoredRowFault {
            row: fault.row,
            column: fault.column,
            code: fault.code,
            detail: fault.detail,
            candidates: fault.candidates.iter().map(Into::into).collect(),
        });
        Some(Self {
            import_id,
            item: item(first.row),
            faults: faults.collect(),
        })
    }

    pub(crate) fn into_faults(self) -> impl Iterator<Item = RowFault> {
        self.faults.into_iter().map(|fault| RowFault {
            row: fault.row,
            column: fault.column,
            code: fault.code,
            detail: fault.detail,
            candidates: fault.candidates.into_iter().map(Into::into).collect(),
        })
    }
}
