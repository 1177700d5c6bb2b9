//! Reading and writing items of one table.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::hash::Hash;
use std::time::Duration;

use app::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put};
use futures::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failures::{away, written};
use crate::failure::{CallFailed, UnreadableItem};

pub(super) type Item = HashMap<String, AttributeValue>;

/// DynamoDB's limit for one BatchGetItem.
const BATCH: usize = 100;
/// Rounds in which a batch must have given all of its items.
const BATCH_ROUNDS: u32 = 6;
/// The first pause between them; each next one is twice as long, and a random part of it is waited.
const BATCH_PAUSE_MS: u64 = 50;

/// A text as an attribute.
pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number as an attribute.
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// An item for something stored.
pub(super) fn to_item<S: Serialize>(stored: &S) -> Result<Item, StoreError> {
    serde_dynamo::to_item(stored).map_err(|error| unreadable(UnreadableItem::of::<S>(&error)))
}

/// What is stored in an item.
pub(super) fn from_item<S: DeserializeOwned>(item: Item) -> Result<S, StoreError> {
    serde_dynamo::from_item(item).map_err(|error| unreadable(UnreadableItem::of::<S>(&error)))
}

/// A domain value out of an item.
pub(super) fn read<S, T>(item: Item) -> Result<T, StoreError>
where
    S: DeserializeOwned,
    T: TryFrom<S, Error: Error + Send + Sync + 'static>,
{
    from_item::<S>(item)?.try_into().map_err(unreadable)
}

/// An item that does not hold what it should. The cause ends in the log: it must not quote what is stored.
pub(super) fn unreadable(cause: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unreadable(cause.into())
}

/// The text of an attribute that a key is read from.
pub(super) fn attribute<T>(item: &Item, name: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: Error + Send + Sync + 'static>,
{
    let text = item.get(name).and_then(|value| value.as_s().ok());
    let text = text.ok_or_else(|| StoreError::Unreadable(format!("no text in {name}").into()))?;
    let parsed = text.parse();
    parsed.map_err(|_| StoreError::Unreadable(format!("{name} cannot be read").into()))
}

/// Each once, in the order in which they come: BatchGetItem refuses a key that is named twice.
pub(super) fn distinct<T: Copy + Eq + Hash>(ids: &[T]) -> Vec<T> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// One item, as the last write left it.
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

/// Many items, as the last writes left them, in no particular order. The keys must differ.
pub(super) async fn get_all(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
) -> Result<Vec<Item>, StoreError> {
    let batches = keys.chunks(BATCH);
    let answers = batches.map(|keys| get_batch(client, table, keys.to_vec()));
    Ok(try_join_all(answers).await?.into_iter().flatten().collect())
}

/// A batch is answered in part where it is large or the table throttles; the rest is asked for again.
async fn get_batch(
    client: &Client,
    table: &str,
    mut keys: Vec<Item>,
) -> Result<Vec<Item>, StoreError> {
    let mut found = Vec::new();
    for round in 0..BATCH_ROUNDS {
        if round > 0 {
            let most = BATCH_PAUSE_MS << round;
            let pause = rand::random_range(BATCH_PAUSE_MS..=most);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
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
    }
    let failed = CallFailed::because("BatchGetItem", "keys stay unprocessed");
    Err(StoreError::Unavailable(failed.into()))
}

/// The condition under which a record's next version is written.
pub(super) struct VersionCondition {
    pub(super) expression: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Option<Item>,
}

impl VersionCondition {
    /// For writing a version: the first one where nothing is, any other one over its predecessor.
    pub(super) fn to_write(version: u64, key: &str) -> Self {
        if version <= 1 {
            return Self {
                // By a placeholder: `item`, the routes' sort key, is a reserved word.
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

/// Writes a record on the condition of its version.
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

/// The same as a part of a transaction.
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
