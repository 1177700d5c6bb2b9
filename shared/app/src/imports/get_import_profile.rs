//! `GET /import-profiles/{name}`: the settings under a name.

use std::sync::Arc;

use domain::Role;

use super::profile_answer::ImportProfileAnswer;
use crate::caller::Caller;
use crate::ports::{ProfileStore, UserStore};
use crate::refusal::Refusal;

/// `GET /import-profiles/{name}`
pub struct GetImportProfile {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The profiles.
    pub profiles: Arc<dyn ProfileStore>,
}

impl GetImportProfile {
    /// The caller's profile with this name.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the caller has no such profile; [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, name: &str) -> Result<ImportProfileAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        let mut stored = self.profiles.profiles_of(caller.user_id).await?;
        let profile = stored.profiles.remove(name).ok_or(Refusal::NotFound)?;
        Ok(ImportProfileAnswer::of(name, profile))
    }
}
