//! Known answers of the geocoder.

use app::ports::{PlaceCache, PlaceCandidate, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::Timestamp;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{StoredPlaces, whole_seconds};
use super::keys;
use super::table::{self, number};

/// A geocoder's answers, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoPlaces {
    client: Client,
    table: ClaimsTable,
}

impl DynamoPlaces {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl PlaceCache for DynamoPlaces {
    async fn recall(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<PlaceCandidate>>, StoreError> {
        let key = index::key(KEY, keys::place_claim(key));
        let found = table::get(&self.client, self.table.as_str(), key).await?;
        let stored = found.map(table::from_item::<StoredPlaces>).transpose()?;
        let known = stored.filter(|stored| stored.counts_at(now));
        Ok(known.map(Into::into))
    }

    async fn remember(
        &self,
        key: &str,
        candidates: &[PlaceCandidate],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let stored = StoredPlaces::new(keys::place_claim(key), candidates, expires_at);
        let result = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&stored)?))
            .condition_expression("attribute_not_exists(#claim) OR expires_at_s <= :now")
            .expression_attribute_names("#claim", KEY)
            .expression_attribute_values(":now", number(whole_seconds(now)))
            .send()
            .await;
        // If the condition does not hold, another call has stored an answer, which is as good.
        written("PutItem", result).map(|_| ())
    }
}
