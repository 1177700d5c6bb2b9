//! Where agents were last seen.

use app::ports::{LocationStore, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{AgentLocation, Timestamp, UserId};
use settings::resources::LocationsTable;

use super::failures::written;
use super::index;
use super::items::{StoredLocation, whole_seconds};
use super::table::{self, distinct, number, text};

const KEY: &str = "agent_id";

/// Locations, in the table `Locations`.
#[derive(Debug, Clone)]
pub struct DynamoLocations {
    client: Client,
    table: LocationsTable,
}

impl DynamoLocations {
    /// On this table.
    pub fn new(client: &Client, table: &LocationsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl LocationStore for DynamoLocations {
    async fn locations(
        &self,
        agents: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<AgentLocation>, StoreError> {
        let keys = distinct(agents).into_iter().map(|id| index::key(KEY, id));
        let items = table::get_all(&self.client, self.table.as_str(), keys.collect()).await?;
        let mut found = Vec::with_capacity(items.len());
        for item in items {
            let location = AgentLocation::from(table::from_item::<StoredLocation>(item)?);
            // DynamoDB deletes an item some days after its time.
            if !location.is_forgotten(now) {
                found.push(location);
            }
        }
        Ok(found)
    }

    async fn put_location(
        &self,
        location: &AgentLocation,
        before: Option<&AgentLocation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&StoredLocation::from(location))?));
        let put = match before {
            Some(before) => put
                .condition_expression("#at = :before")
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":before", text(before.last.at)),
            None => put
                .condition_expression("attribute_not_exists(#key) OR expires_at_s <= :now")
                .expression_attribute_names("#key", KEY)
                .expression_attribute_values(":now", number(whole_seconds(now))),
        };
        written("PutItem", put.send().await)?
            .map(|_| ())
            .ok_or(StoreError::Conflict)
    }
}
