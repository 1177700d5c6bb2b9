//! Looking at imports.

use std::sync::Arc;

use domain::import::{ImportFailure, TOLD_FAULTS};
use domain::{Import, ImportId, ImportStatus, Role, RowFault, Timestamp, UserId};
use serde::Serialize;

use super::ingest::FILE_CHANGED;
use crate::caller::Caller;
use crate::messages::ImportKey;
use crate::paging::{PageQuery, cursor_after};
use crate::ports::{FileUrls, ImportStore};
use crate::refusal::Refusal;

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
    progress: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<RowFault>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_rows_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ImportFailure>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl From<Import> for ImportAnswer {
    fn from(import: Import) -> Self {
        Self {
            import_id: import.id,
            customer_id: import.customer_id,
            rows: import.rows(),
            // Four decimals: a step for each chunk of a million rows would be noise.
            progress: (import.progress() * 10_000.0).floor() / 10_000.0,
            size_bytes: import
                .file
                .map_or(import.size_bytes, |file| file.size_bytes),
            filename: import.filename,
            status: import.status,
            accepted: import.accepted,
            rejected: import.rejected,
            errors: None,
            rejected_rows_url: None,
            failure: import.failure,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
            updated_at: import.updated_at,
        }
    }
}

/// `GET /imports/{import_id}`
pub struct ShowImport {
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// Signs addresses.
    pub urls: Arc<dyn FileUrls>,
}

impl ShowImport {
    /// One import with its first faults, to its customer and to dispatchers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not there or not the caller's.
    pub async fn run(&self, caller: &Caller, import_id: &str) -> Result<ImportAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer])?;
        let id: ImportId = import_id.parse().map_err(|_| Refusal::NotFound)?;
        let import = self.imports.import(id).await?.ok_or(Refusal::NotFound)?;
        if role != Role::Dispatcher && import.customer_id != caller.user_id {
            return Err(Refusal::NotFound);
        }
        let rejected = import.rejected;
        // Of a file that went away there is no file of rejected rows either.
        let failure = import.failure.as_ref().map(|failure| failure.code.as_str());
        let written = import.status.is_over() && failure != Some(FILE_CHANGED);
        let key = ImportKey {
            customer_id: import.customer_id,
            import_id: id,
        };
        let mut answer = ImportAnswer::from(import);
        let mut errors = match rejected {
            0 => Vec::new(),
            _ => self.imports.row_faults(id, 0, TOLD_FAULTS).await?,
        };
        errors.truncate(TOLD_FAULTS);
        answer.errors = Some(errors);
        if rejected > 0 && written {
            answer.rejected_rows_url = Some(self.urls.rejected_rows(key).await?);
        }
        Ok(answer)
    }
}

/// A page of imports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportsAnswer {
    /// Newest first, without their faults.
    pub imports: Vec<ImportAnswer>,
    /// For the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// `GET /imports`
pub struct ListImports {
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
}

impl ListImports {
    /// The caller's imports, newest first.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a query that cannot be understood.
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<ImportsAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        let page = query.read(&ImportStatus::ALL.map(|status| (status.name(), status)))?;
        let found = self
            .imports
            .imports_of(caller.user_id, page.status, page.after, page.limit)
            .await?;
        // The index is a hint: an import may have moved on since.
        let imports = found
            .imports
            .into_iter()
            .filter(|import| page.status.is_none_or(|status| import.status == status));
        Ok(ImportsAnswer {
            imports: imports.map(ImportAnswer::from).collect(),
            next_cursor: found.next.map(cursor_after),
        })
    }
}
