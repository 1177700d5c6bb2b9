//! `GET /import-profiles`: the caller's profiles.

use std::sync::Arc;

use domain::Role;

use super::profile_answer::ImportProfilesAnswer;
use crate::caller::Caller;
use crate::ports::{ProfileStore, UserStore};
use crate::refusal::Refusal;

/// `GET /import-profiles`
pub struct ListImportProfiles {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The profiles.
    pub profiles: Arc<dyn ProfileStore>,
}

impl ListImportProfiles {
    /// All profiles of the caller, sorted by name. There are few, so there are no pages.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles; [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller) -> Result<ImportProfilesAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        Ok(self.profiles.profiles_of(caller.user_id).await?.into())
    }
}
