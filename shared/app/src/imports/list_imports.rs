//! `GET /imports`: the caller's imports.

use std::sync::Arc;

use domain::{ImportStatus, Role, VariantArray};
use serde::Serialize;

use super::answer::ImportAnswer;
use crate::caller::Caller;
use crate::paging::{PageQuery, cursor_after};
use crate::ports::{ImportStore, UserStore};
use crate::refusal::Refusal;

/// A page of imports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImportsAnswer {
    /// Newest first, without their faults.
    pub imports: Vec<ImportAnswer>,
    /// The cursor of the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// `GET /imports`
pub struct ListImports {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
}

impl ListImports {
    /// The caller's imports, newest first.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] if the query is not valid; [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<ImportsAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        let page = query.read(ImportStatus::VARIANTS)?;
        let found = self
            .imports
            .imports_of(caller.user_id, page.status, page.after, page.limit)
            .await?;
        // The index is only a hint: an import's status may have changed since.
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
