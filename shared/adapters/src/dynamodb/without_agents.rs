//! Notes of zones without agents nearby.

use std::collections::HashSet;

use app::ports::{StoreError, ZonesWithoutAgents};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Timestamp, Zone};
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::away;
use super::index;
use super::items::StoredNoAgents;
use super::keys;
use super::table;

/// Notes of zones without agents nearby, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoZonesWithoutAgents {
    client: Client,
    table: ClaimsTable,
}

impl DynamoZonesWithoutAgents {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl ZonesWithoutAgents for DynamoZonesWithoutAgents {
    async fn note(&self, zone: Zone, until: Timestamp) -> Result<(), StoreError> {
        // No condition: the last plan knows best.
        let note = StoredNoAgents::new(zone, until);
        self.client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&note)?))
            .send()
            .await
            .map_err(|error| away("PutItem", error))?;
        Ok(())
    }

    async fn among(&self, zones: &[Zone], now: Timestamp) -> Result<Vec<Zone>, StoreError> {
        let zones: HashSet<&Zone> = zones.iter().collect();
        let keys = zones.into_iter().map(|zone| keys::no_agents_claim(*zone));
        let keys = keys.map(|claim| index::key(KEY, claim)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        let notes = items.into_iter().map(table::from_item::<StoredNoAgents>);
        let notes: Vec<StoredNoAgents> = notes.collect::<Result<_, _>>()?;
        Ok(notes.iter().filter_map(|note| note.zone_at(now)).collect())
    }
}
