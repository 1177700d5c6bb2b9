//! The turns to ask the geocoder, and the claims of those who ask.

use app::ports::{GeocoderTurns, StoreError, Turn};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;
use jiff::SignedDuration;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::keys;
use super::owned;
use super::table::{self, Item, number};

/// The time of the next turn, in milliseconds since 1970.
const NEXT: &str = "next_at_ms";
/// So many others may take a turn between a read and a write.
const ATTEMPTS: u32 = 8;

/// The turns to ask the geocoder, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoGeocoderTurns {
    client: Client,
    table: ClaimsTable,
}

impl DynamoGeocoderTurns {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }

    /// The time of the next turn, as it is stored.
    async fn next(&self) -> Result<Option<i64>, StoreError> {
        let found = table::get(&self.client, self.table.as_str(), turns_key()).await?;
        Ok(found.as_ref().and_then(milliseconds))
    }

    /// Sets the time of the next turn, if it still is as it was read. A lost answer costs a turn.
    async fn set_next(&self, from: Option<i64>, to: i64) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(turns_key()))
            .update_expression("SET next_at_ms = :to")
            .expression_attribute_values(":to", number(to));
        let update = match from {
            None => update.condition_expression("attribute_not_exists(next_at_ms)"),
            Some(from) => update
                .condition_expression("next_at_ms = :from")
                .expression_attribute_values(":from", number(from)),
        };
        Ok(written("UpdateItem", update.send().await)?.is_some())
    }
}

fn turns_key() -> Item {
    index::key(KEY, keys::GEOCODER_TURNS_CLAIM)
}

fn milliseconds(item: &Item) -> Option<i64> {
    let next = item
        .get(NEXT)
        .and_then(|it| AttributeValue::as_n(it).ok())?;
    next.parse().ok()
}

fn time_of(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(table::unreadable)
}

#[async_trait]
impl GeocoderTurns for DynamoGeocoderTurns {
    async fn take_turn(
        &self,
        apart: SignedDuration,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Turn, StoreError> {
        for _ in 0..ATTEMPTS {
            let stored = self.next().await?;
            let turn = stored.map_or(now.as_millisecond(), |it| it.max(now.as_millisecond()));
            if time_of(turn)? > now + within {
                return Ok(Turn::NotBefore(time_of(turn)?));
            }
            let next = turn + i64::try_from(apart.as_millis()).unwrap_or(i64::MAX / 4);
            if self.set_next(stored, next).await? {
                return Ok(Turn::At(time_of(turn)?));
            }
        }
        Err(StoreError::Conflict)
    }

    async fn rest_until(&self, time: Timestamp) -> Result<(), StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(turns_key()))
            .update_expression("SET next_at_ms = :to")
            .condition_expression("attribute_not_exists(next_at_ms) OR next_at_ms < :to")
            .expression_attribute_values(":to", number(time.as_millisecond()))
            .send()
            .await;
        // If the condition does not hold, the rest is longer already.
        written("UpdateItem", result).map(drop)
    }

    async fn claim(
        &self,
        key: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let claim = keys::asking_claim(key);
        owned::take(&self.client, &self.table, claim, owner, now, until).await
    }

    async fn give_up(&self, key: &str, owner: &str) -> Result<(), StoreError> {
        let claim = keys::asking_claim(key);
        let deleted = owned::delete_if(&self.client, &self.table, claim, owner, None).await;
        deleted.map(drop)
    }
}
