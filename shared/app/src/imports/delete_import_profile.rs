//! `DELETE /import-profiles/{name}`: forgets the settings under a name.

use std::sync::Arc;

use domain::Role;

use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::{Jitter, ProfileStore, StoreError, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// `DELETE /import-profiles/{name}`
pub struct DeleteImportProfile {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The profiles.
    pub profiles: Arc<dyn ProfileStore>,
    /// For the pauses between attempts.
    pub jitter: Arc<dyn Jitter>,
}

impl DeleteImportProfile {
    /// Deletes the caller's profile. Imports that were made with it keep their settings.
    ///
    /// A race: the condition is the version of the customer's profiles. If another write was faster, the call reads
    /// again and decides again. A repeated call finds no profile.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the caller has no such profile; [`Refusal::PreconditionFailed`];
    /// [`Refusal::AccountSuspended`].
    pub async fn run(
        &self,
        caller: &Caller,
        name: &str,
        if_match: Option<&IfMatch>,
    ) -> Result<(), Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let stored = self.profiles.profiles_of(caller.user_id).await?;
            let known = stored.profiles.get(name).ok_or(Refusal::NotFound)?;
            IfMatch::check(if_match, known.version)?;
            let left = stored.without(name).ok_or(Refusal::NotFound)?;
            match self.profiles.put_profiles(&left).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
