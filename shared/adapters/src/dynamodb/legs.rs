//! Legs of a road network, kept for a day.

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

/// So many items are written at once.
const WRITES_AT_ONCE: usize = 16;

/// Legs of a road network, in the table `Idempotency`: an item for each place.
///
/// Not one for each pair: a zone of a hundred places has ten thousand pairs, which cost as many reads with each plan,
/// against a hundred. And a place that is new to a zone writes its own item and no other.
#[derive(Debug, Clone)]
pub struct DynamoLegs {
    client: Client,
    table: String,
}

impl DynamoLegs {
    /// On the table of that name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
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
        let items = table::get_all(&self.client, &self.table, keys).await?;
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
        // No condition: whoever writes last has asked last, and what is lost of the other's is asked for again.
        let stored: Vec<StoredLegs> = (legs.iter())
            .map(|legs| StoredLegs::new(legs, until))
            .collect();
        let writes = stored.into_iter().map(|stored| async move {
            let put = self.client.put_item().table_name(&self.table);
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
