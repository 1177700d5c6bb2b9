//! Reading and writing items of one table.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::hash::Hash;
use std::time::Duration;

use app::back_off::{BackOff, Pauses};
use app::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put};
use futures::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failures::{away, written};
use crate::failure::{CallFailed, UnreadableItem};
use crate::system::RandomJitter;

pub(super) type Item = HashMap<String, AttributeValue>;

/// The most keys in one BatchGetItem, set by DynamoDB.
const BATCH: usize = 100;
/// A batch with a partial answer is asked for again, five times at most.
const BATCH_PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_millis(1_600),
    most: 5,
};

/// A text as an attribute.
pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number as an attribute.
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The item of a stored value.
pub(super) fn to_item<S: Serialize>(stored: &S) -> Result<Item, StoreError> {
    serde_dynamo::to_item(stored).map_err(|error| unreadable(UnreadableItem::of::<S>(&error)))
}

/// The stored value in an item.
pub(super) fn from_item<S: DeserializeOwned>(item: Item) -> Result<S, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| unreadable(UnreadableItem::of::<S>(&error)))
}

/// The domain value in an item.
pub(super) fn read<S, T>(item: Item) -> Result<T, StoreError>
where
    S: DeserializeOwned,
    T: TryFrom<S, Error: Error + Send + Sync + 'static>,
{
    from_item::<S>(item)?.try_into().map_err(unreadable)
}

/// An item with unexpected content. The cause goes to the log and must not quote the item.
pub(super) fn unreadable(cause: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreadable(cause.into())
}

/// The value of a text attribute.
pub(super) fn attribute<T>(item: &Item, name: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: Error + Send + Sync + 'static>,
{
    let text = item.get(name).and_then(|value| value.as_s().ok());
    let text = text.ok_or_else(|| StoreError::Unreadable(format!("no text in {name}").into()))?;
    let parsed = text.parse();
    parsed.map_err(|_| StoreError::Unreadable(format!("{name} cannot be read").into()))
}

/// Each id once, in the given order: BatchGetItem refuses a key that is named twice.
pub(super) fn distinct<T: Copy + Eq + Hash>(ids: &[T]) -> Vec<T> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// One item, with a consistent read.
pub(super) async fn get(
    client: &Client,
    table: &str,
    key: Item,
) -> Result<Option<Item>, StoreError> {
    let answer = client
        .get_item()
        .table_name(table)
        .set_key(Some(key))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| away("GetItem", error))?;
    Ok(answer.item)
}

/// Many items, with consistent reads, in no particular order. The keys must differ.
pub(super) async fn get_all(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
) -> Result<Vec<Item>, StoreError> {
    let batches = keys.chunks(BATCH);
    let answers = batches.map(|keys| get_batch(client, table, keys.to_vec()));
    Ok(try_join_all(answers).await?.into_iter().flatten().collect())
}

/// A large batch, or a throttled table, gives a partial answer. The rest is asked for again.
async fn get_batch(
    client: &Client,
    table: &str,
    mut keys: Vec<Item>,
) -> Result<Vec<Item>, StoreError> {
    let mut found = Vec::new();
    let mut back_off = BackOff::new(BATCH_PAUSES, &RandomJitter);
    loop {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .build()
            .map_err(|error| StoreError::Unavailable(error.into()))?;
        let answer = client
            .batch_get_item()
            .request_items(table, wanted)
            .send()
            .await
            .map_err(|error| away("BatchGetItem", error))?;
        found.extend(
            answer
                .responses
                .into_iter()
                .flat_map(HashMap::into_values)
                .flatten(),
        );
        let left = answer.unprocessed_keys.unwrap_or_default();
        keys = left.into_values().flat_map(|left| left.keys).collect();
        if keys.is_empty() {
            return Ok(found);
        }
        if !back_off.pause().await {
            let failed = CallFailed::because("BatchGetItem", "keys stay unprocessed");
            return Err(StoreError::Unavailable(failed.into()));
        }
    }
}

/// The condition for writing the next version of a record.
pub(super) struct VersionCondition {
    pub(super) expression: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Option<Item>,
}

impl VersionCondition {
    /// To write a version: the first one if there is no record, any other one over its predecessor.
    pub(super) fn to_write(version: u64, key: &str) -> Self {
        if version <= 1 {
            return Self {
                // A placeholder, because `item`, the sort key of routes, is a reserved word.
                expression: "attribute_not_exists(#key)".to_owned(),
                names: HashMap::from([("#key".to_owned(), key.to_owned())]),
                values: None,
            };
        }
        Self::stands(version - 1)
    }

    /// That the record has this version.
    pub(super) fn stands(version: u64) -> Self {
        Self {
            expression: "#version = :version".to_owned(),
            names: HashMap::from([("#version".to_owned(), "version".to_owned())]),
            values: Some(HashMap::from([(":version".to_owned(), number(version))])),
        }
    }
}

/// Writes a record if the condition on its version holds.
pub(super) async fn put_version<S: Serialize>(
    client: &Client,
    table: &str,
    stored: &S,
    version: u64,
    key: &str,
) -> Result<(), StoreError> {
    let condition = VersionCondition::to_write(version, key);
    let result = client
        .put_item()
        .table_name(table)
        .set_item(Some(to_item(stored)?))
        .condition_expression(condition.expression)
        .set_expression_attribute_names(Some(condition.names))
        .set_expression_attribute_values(condition.values)
        .send()
        .await;
    written("PutItem", result)?
        .map(|_| ())
        .ok_or(StoreError::Conflict)
}

/// The same write as a part of a transaction.
pub(super) fn version_put<S: Serialize>(
    table: &str,
    stored: &S,
    version: u64,
    key: &str,
) -> Result<PutBuilder, StoreError> {
    let condition = VersionCondition::to_write(version, key);
    Ok(Put::builder()
        .table_name(table)
        .set_item(Some(to_item(stored)?))
        .condition_expression(condition.expression)
        .set_expression_attribute_names(Some(condition.names))
        .set_expression_attribute_values(condition.values))
}
