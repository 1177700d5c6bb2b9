//! The settings of imports that customers have stored by name.

use std::collections::HashMap;

use app::ports::{ProfileStore, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::UserId;
use domain::import::ImportProfiles;
use settings::resources::ImportsTable;

use super::items::StoredProfiles;
use super::keys;
use super::table::{self, text};

const KEY: &str = "import_id";

/// Profiles, in the table `Imports`.
#[derive(Debug, Clone)]
pub struct DynamoProfiles {
    client: Client,
    table: ImportsTable,
}

impl DynamoProfiles {
    /// On this table.
    pub fn new(client: &Client, table: &ImportsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl ProfileStore for DynamoProfiles {
    async fn profiles_of(&self, customer: UserId) -> Result<ImportProfiles, StoreError> {
        let key = HashMap::from([
            (KEY.to_owned(), text(customer)),
            ("item".to_owned(), text(keys::PROFILES_ITEM)),
        ]);
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        let found = item.map(table::read::<StoredProfiles, ImportProfiles>);
        Ok(found
            .transpose()?
            .unwrap_or_else(|| ImportProfiles::none(customer)))
    }

    async fn put_profiles(&self, profiles: &ImportProfiles) -> Result<(), StoreError> {
        let stored = StoredProfiles::from(profiles.clone());
        let table = self.table.as_str();
        table::put_version(&self.client, table, &stored, profiles.version, KEY).await
    }
}
