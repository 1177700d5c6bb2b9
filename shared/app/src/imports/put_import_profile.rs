//! `PUT /import-profiles/{name}`: stores settings of imports by name.

use std::sync::Arc;

use domain::Role;
use domain::import::{MOST_PROFILES, TooManyProfiles};
use intake::Faults;
use serde_json::Value;

use super::profile_answer::ImportProfileAnswer;
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::{Clock, Jitter, ProfileStore, StoreError, UserStore};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// `PUT /import-profiles/{name}`
pub struct PutImportProfile {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The profiles.
    pub profiles: Arc<dyn ProfileStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the pauses between attempts.
    pub jitter: Arc<dyn Jitter>,
}

impl PutImportProfile {
    /// Stores the settings, and says whether the name is new. Settings under a known name replace the old ones.
    /// Settings that are stored already are not written again, so a repeated call gets the same answer.
    ///
    /// A race: the condition is the version of the customer's profiles. If another write was faster, the call reads
    /// again and decides again. With `If-Match`, the call is refused if the other write changed this profile.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a bad name, for bad settings and for one profile too many; [`Refusal::NotFound`] if
    /// `If-Match` expects a profile and there is none; [`Refusal::PreconditionFailed`]; [`Refusal::AccountSuspended`].
    pub async fn run(
        &self,
        caller: &Caller,
        name: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<(ImportProfileAnswer, bool), Refusal> {
        caller.acting_as(&[Role::Customer])?;
        caller.as_customer(self.users.as_ref()).await?;
        let now = self.clock.now();
        let settings = intake::read_import_profile(name, body, now)?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let stored = self.profiles.profiles_of(caller.user_id).await?;
            let known = stored.profiles.get(name);
            if if_match.is_some() && known.is_none() {
                return Err(Refusal::NotFound);
            }
            let changed = match stored.with(name, settings.clone(), now) {
                Ok(changed) => changed,
                Err(TooManyProfiles) => {
                    let detail = format!(
                        "has settings for one more profile than {MOST_PROFILES}; delete one first"
                    );
                    return Err(Faults::one("#", detail).into());
                }
            };
            let (Some(changed), known) = (changed, known) else {
                // The answer of an earlier call was lost, and the call is repeated. Its If-Match is too old.
                let same = known.cloned().ok_or(Refusal::NotFound)?;
                return Ok((ImportProfileAnswer::of(name, same), false));
            };
            if let Some(known) = known {
                IfMatch::check(if_match, known.version)?;
            }
            match self.profiles.put_profiles(&changed).await {
                Ok(()) => {
                    let is_new = known.is_none();
                    let profile = changed.profiles.get(name).cloned();
                    let profile = profile.ok_or(Refusal::NotFound)?;
                    return Ok((ImportProfileAnswer::of(name, profile), is_new));
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}
