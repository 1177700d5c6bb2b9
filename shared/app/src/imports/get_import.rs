//! `GET /imports/{import_id}`: one import with its first faults.

use std::sync::Arc;

use domain::import::TOLD_FAULTS;
use domain::{ImportId, ImportStatus, Role};

use super::answer::{AddressesAnswer, ImportAnswer};
use super::ingest_orders::FILE_CHANGED;
use crate::caller::Caller;
use crate::messages::ImportKey;
use crate::ports::{FileUrls, ImportStore, LocatingStore, UserStore};
use crate::refusal::Refusal;

/// `GET /imports/{import_id}`
pub struct GetImport {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// How far their addresses are placed.
    pub locating: Arc<dyn LocatingStore>,
    /// Signs URLs.
    pub urls: Arc<dyn FileUrls>,
}

impl GetImport {
    /// One import with its first faults, for its customer and for dispatchers.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if there is no such import, or if it belongs to another customer;
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, import_id: &str) -> Result<ImportAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer])?;
        if role != Role::Dispatcher {
            caller.as_customer(self.users.as_ref()).await?;
        }
        let id: ImportId = import_id.parse().map_err(|_| Refusal::NotFound)?;
        let import = self.imports.import(id).await?.ok_or(Refusal::NotFound)?;
        if role != Role::Dispatcher && import.customer_id != caller.user_id {
            return Err(Refusal::NotFound);
        }
        let rejected = import.rejected;
        // If the uploaded file was removed or replaced, or the import was cancelled, there is no file of rejected rows.
        let failure = import.failure.as_ref().map(|failure| failure.code.as_str());
        let written = import.status.is_over()
            && import.status != ImportStatus::Cancelled
            && failure != Some(FILE_CHANGED);
        let key = ImportKey {
            customer_id: import.customer_id,
            import_id: id,
        };
        let settings = Some(import.settings.clone()).filter(|settings| !settings.is_empty());
        let addresses = match import.to_place {
            0 => None,
            _ => Some(AddressesAnswer::of(
                &import,
                &self.locating.locating(id).await?,
            )),
        };
        let unplaced = addresses.as_ref().map_or(0, |addresses| addresses.failed);
        let mut answer = ImportAnswer::from(import);
        answer.settings = settings;
        answer.addresses = addresses;
        let mut errors = match rejected {
            0 => Vec::new(),
            _ => self.imports.row_faults(id, 0, TOLD_FAULTS).await?,
        };
        if unplaced > 0 {
            errors.extend(self.locating.unplaced_rows(id, 0, TOLD_FAULTS).await?);
            errors.sort_by_key(|fault| fault.row);
        }
        errors.truncate(TOLD_FAULTS);
        answer.errors = Some(errors);
        if rejected + unplaced > 0 && written {
            answer.rejected_rows_url = Some(self.urls.rejected_rows(key).await?);
        }
        Ok(answer)
    }
}
