//! The place of the sweep.

use app::ports::{PendingPlace, StoreError, SweepPlace};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::away;
use super::index;
use super::items::StoredSweepPlace;
use super::keys;
use super::table;

/// The place of the sweep, an item of the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoSweepPlace {
    client: Client,
    table: ClaimsTable,
}

impl DynamoSweepPlace {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl SweepPlace for DynamoSweepPlace {
    async fn reached(&self) -> Result<Option<PendingPlace>, StoreError> {
        let key = index::key(KEY, keys::SWEEP_CLAIM);
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        let stored = item.map(table::from_item::<StoredSweepPlace>).transpose()?;
        Ok(stored.and_then(Option::from))
    }

    async fn reach(&self, place: Option<PendingPlace>) -> Result<(), StoreError> {
        // No condition: any place is right, and the last one saves most of the work.
        self.client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&StoredSweepPlace::from(place))?))
            .send()
            .await
            .map_err(|error| away("PutItem", error))?;
        Ok(())
    }
}
