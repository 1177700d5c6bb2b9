//! The profiles of a customer: one item.

use std::collections::BTreeMap;

use domain::import::{
    ImportProfile, ImportProfiles, ImportSettings, LONGEST_PROFILE_NAME, MOST_PROFILES,
    MOST_SETTINGS_BYTES,
};
use domain::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use crate::dynamodb::keys;

// An item has at most 400 KB. Besides its name and its settings, a profile has two times and a version.
const _: () = assert!(MOST_PROFILES * (MOST_SETTINGS_BYTES + LONGEST_PROFILE_NAME + 200) < 390_000);

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredProfiles {
    /// The customer. The table's hash key has the name that it has for imports.
    import_id: UserId,
    item: String,
    profiles: BTreeMap<String, StoredProfile>,
    version: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredProfile {
    /// JSON.
    settings: String,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<ImportProfiles> for StoredProfiles {
    fn from(profiles: ImportProfiles) -> Self {
        let stored = profiles.profiles.into_iter().map(|(name, profile)| {
            let stored = StoredProfile {
                // Settings are texts and numbers, which are JSON in any case.
                settings: serde_json::to_string(&profile.settings).unwrap_or_default(),
                version: profile.version,
                created_at: profile.created_at,
                updated_at: profile.updated_at,
            };
            (name, stored)
        });
        Self {
            import_id: profiles.customer_id,
            item: keys::PROFILES_ITEM.to_owned(),
            profiles: stored.collect(),
            version: profiles.version,
        }
    }
}

impl TryFrom<StoredProfiles> for ImportProfiles {
    type Error = BrokenItem;

    fn try_from(stored: StoredProfiles) -> Result<Self, BrokenItem> {
        if stored.version == 0 {
            return Err(BrokenItem("version 0"));
        }
        let profiles = stored.profiles.into_iter().map(|(name, stored)| {
            let settings = serde_json::from_str::<ImportSettings>(&stored.settings)
                .map_err(|_| BrokenItem("settings that cannot be read"))?;
            let profile = ImportProfile {
                settings,
                version: stored.version,
                created_at: stored.created_at,
                updated_at: stored.updated_at,
            };
            Ok((name, profile))
        });
        Ok(Self {
            customer_id: stored.import_id,
            profiles: profiles.collect::<Result<_, BrokenItem>>()?,
            version: stored.version,
        })
    }
}
