//! Settings of imports that a customer has stored by name.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ImportSettings;
use crate::ids::UserId;

/// The most profiles of a customer. All of them are one record.
pub const MOST_PROFILES: usize = 20;
/// The longest name of a profile, in characters.
pub const LONGEST_PROFILE_NAME: usize = 50;

/// Settings with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProfile {
    /// How files are read.
    pub settings: ImportSettings,
    /// The version of the customer's profiles that changed this one last. A profile that is deleted and stored again
    /// never gets an old version again.
    pub version: u64,
    /// When the profile was first stored.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The customer has [`MOST_PROFILES`] profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyProfiles;

/// All profiles of a customer: one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProfiles {
    /// Whose they are.
    pub customer_id: UserId,
    /// By their names.
    pub profiles: BTreeMap<String, ImportProfile>,
    /// Each write raises it. 0 if nothing is stored yet.
    pub version: u64,
}

impl ImportProfiles {
    /// No profiles yet.
    pub fn none(customer_id: UserId) -> Self {
        Self {
            customer_id,
            profiles: BTreeMap::new(),
            version: 0,
        }
    }

    /// Whether a profile may have this name: ASCII letters, digits, `.`, `_` and `-`, and a letter or a digit first.
    pub fn is_name(name: &str) -> bool {
        let may_be = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        name.len() <= LONGEST_PROFILE_NAME
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(may_be)
    }

    /// The profiles with these settings under this name. `None` if they are stored already.
    ///
    /// # Errors
    /// [`TooManyProfiles`] for a new profile beyond the limit.
    pub fn with(
        &self,
        name: &str,
        settings: ImportSettings,
        now: Timestamp,
    ) -> Result<Option<Self>, TooManyProfiles> {
        let known = self.profiles.get(name);
        if known.is_some_and(|known| known.settings == settings) {
            return Ok(None);
        }
        if known.is_none() && self.profiles.len() >= MOST_PROFILES {
            return Err(TooManyProfiles);
        }
        let version = self.version + 1;
        let profile = ImportProfile {
            settings,
            version,
            created_at: known.map_or(now, |known| known.created_at),
            updated_at: now,
        };
        let mut profiles = self.profiles.clone();
        profiles.insert(name.to_owned(), profile);
        Ok(Some(Self {
            customer_id: self.customer_id,
            profiles,
            version,
        }))
    }

    /// The profiles without this one. `None` if there is none of this name.
    #[must_use]
    pub fn without(&self, name: &str) -> Option<Self> {
        let mut profiles = self.profiles.clone();
        profiles.remove(name)?;
        Some(Self {
            customer_id: self.customer_id,
            profiles,
            version: self.version + 1,
        })
    }
}
