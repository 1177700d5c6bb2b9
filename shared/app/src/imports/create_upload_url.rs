//! `POST /upload-url`: a signed URL for the upload of a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Import, ImportId, Role};
use intake::{MOST_WORKBOOK_BYTES, WORKBOOK_TYPE};
use serde::Serialize;
use serde_json::Value;

use crate::caller::Caller;
use crate::messages::ImportKey;
use crate::ports::{Clock, FileUrls, Ids, ImportStore, ProfileStore, UserStore};
use crate::refusal::Refusal;

/// The longest time from the answer to the start of the upload, in seconds.
pub const UPLOAD_EXPIRES_S: u64 = 600;

/// `POST /upload-url`
pub struct CreateUploadUrl {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// The settings that customers have stored by name.
    pub profiles: Arc<dyn ProfileStore>,
    /// Signs URLs.
    pub urls: Arc<dyn FileUrls>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// The largest size of a file, in bytes.
    pub most_bytes: u64,
}

/// How the client uploads the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UploadAnswer {
    import_id: ImportId,
    url: String,
    method: &'static str,
    headers: BTreeMap<&'static str, String>,
    expires_in: u64,
}

impl CreateUploadUrl {
    /// Makes an import that waits for its file, and signs the URL for that file.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, [`Refusal::FileTooLarge`] for a file beyond the limit,
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, body: &Value) -> Result<UploadAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        let now = self.clock.now();
        // The import keeps the settings of the profile. A later change of the profile does not change them.
        let profiles = match intake::profile_in(body) {
            Some(_) => Some(self.profiles.profiles_of(caller.user_id).await?),
            None => None,
        };
        let new = intake::read_new_import(body, profiles.as_ref(), now)?;
        let is_workbook = new.filename.to_lowercase().ends_with(".xlsx");
        let (content_type, most_bytes) = if is_workbook {
            (WORKBOOK_TYPE, self.most_bytes.min(MOST_WORKBOOK_BYTES))
        } else {
            ("text/csv", self.most_bytes)
        };
        if new.size_bytes > most_bytes {
            return Err(Refusal::FileTooLarge { most_bytes });
        }
        let size_bytes = new.size_bytes;
        let key = ImportKey {
            customer_id: caller.user_id,
            import_id: self.ids.import_id(),
        };
        let import = Import::awaited(key.import_id, caller.user_id, new, now);
        // The record is written first, so that no file exists without its import.
        self.imports.put_import(&import).await?;
        let upload = self.urls.upload(key, size_bytes, content_type).await?;
        Ok(UploadAnswer {
            import_id: key.import_id,
            url: upload.url,
            method: "PUT",
            headers: upload.headers.into_iter().collect(),
            expires_in: UPLOAD_EXPIRES_S,
        })
    }
}
