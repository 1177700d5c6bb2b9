//! The settings that a customer has stored by name, as callers see them.

use domain::Timestamp;
use domain::import::{ImportProfile, ImportProfiles, ImportSettings};
use serde::Serialize;

/// Settings with their name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportProfileAnswer {
    name: String,
    settings: ImportSettings,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ImportProfileAnswer {
    pub(super) fn of(name: &str, profile: ImportProfile) -> Self {
        Self {
            name: name.to_owned(),
            settings: profile.settings,
            version: profile.version,
            created_at: profile.created_at,
            updated_at: profile.updated_at,
        }
    }

    /// The version of the profile: its ETag.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// All profiles of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportProfilesAnswer {
    /// Sorted by name.
    pub profiles: Vec<ImportProfileAnswer>,
}

impl From<ImportProfiles> for ImportProfilesAnswer {
    fn from(stored: ImportProfiles) -> Self {
        let profiles = stored.profiles.into_iter();
        Self {
            profiles: profiles
                .map(|(name, profile)| ImportProfileAnswer::of(&name, profile))
                .collect(),
        }
    }
}
