//! Legs of a road network, kept for a day.

use settings::resources::ClaimsTable;
use std::collections::HashMap;

use app::ports::{LegCache, PlaceLegs, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Coordinates, Timestamp};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::claims::KEY;
use super::failures::away;
use super::index;
use super::items::StoredLegs;
use super::keys;
use super::table::{self, Item};

/// The number of items that are written at once.
const WRITES_AT_ONCE: usize = 16;

/// Legs of a road network, in the table `Claims`, with one item for each place.
///
/// One item for each pair would be too many: a zone of a hundred places has ten thousand pairs, and each plan would
/// read all of them. With one item for each place, a plan reads a hundred, and a new place writes one item.
#[derive(Debug, Clone)]
pub struct DynamoLegs {
    client: Client,
    table: ClaimsTable,
}

impl DynamoLegs {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl LegCache for DynamoLegs {
    async fn kept(
        &self,
        places: &[Coordinates],
        now: Timestamp,
    ) -> Result<Vec<PlaceLegs>, StoreError> {
        let claims: HashMap<String, Item> = places
            .iter()
            .map(|place| keys::legs_claim(*place))
            .map(|claim| (claim.clone(), index::key(KEY, claim)))
            .collect();
        let keys = claims.into_values().collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        let stored: Vec<StoredLegs> = items
            .into_iter()
            .map(table::from_item)
            .collect::<Result<_, _>>()?;
        let stored = stored.into_iter().filter(|legs| legs.counts_at(now));
        stored
            .map(|legs| legs.try_into().map_err(table::unreadable))
            .collect()
    }

    async fn keep(&self, legs: &[PlaceLegs], until: Timestamp) -> Result<(), StoreError> {
        // No condition: the last writer asked last. Lost legs are asked for again.
        let stored: Vec<StoredLegs> = (legs.iter())
            .map(|legs| StoredLegs::new(legs, until))
            .collect();
        let writes = stored.into_iter().map(|stored| async move {
            let put = self.client.put_item().table_name(self.table.as_str());
            put.set_item(Some(table::to_item(&stored)?))
                .send()
                .await
                .map_err(|error| away("PutItem", error))?;
            Ok(())
        });
        stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect()
            .await
    }
}
