//! The outboxes, and what people were told.

use std::collections::{BTreeMap, HashSet};

use app::messages::News;
use app::ports::{Outboxes, StoreError, Taken};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Timestamp, UserId};
use futures::future::try_join_all;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::{away, written};
use super::index;
use super::items::whole_seconds;
use super::keys;
use super::table::{self, Item, number, text, unreadable};

/// The most news in an outbox before further news is refused. Each call may add up to a hundred beyond it.
const MOST_NEWS: usize = 500;
/// An outbox is deleted after this many seconds without new news.
const KEPT_S: i64 = 30 * 86_400;
/// What a person was told is stored by the time of the news, in items for ten minutes each: few enough to write one for
/// most emails, and small enough to be cheap.
const BUCKET_S: i64 = 600;

const NEWS: &str = "news";
const NAMES: &str = "names";
const LEASE_UNTIL: &str = "lease_until";

/// The outboxes, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoOutboxes {
    client: Client,
    table: ClaimsTable,
}

impl DynamoOutboxes {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }

    fn update(&self, claim: String) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, claim)))
    }
}

#[async_trait]
impl Outboxes for DynamoOutboxes {
    async fn add(
        &self,
        user_id: UserId,
        news: &[News],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        // A set holds each text once, so a repeated call adds nothing.
        let result = self
            .update(keys::outbox_claim(user_id))
            .update_expression("ADD news :news SET expires_at_s = :expires")
            .condition_expression("attribute_not_exists(news) OR size(news) < :most")
            .expression_attribute_values(":news", AttributeValue::Ss(texts(news)?))
            .expression_attribute_values(":most", number(MOST_NEWS))
            .expression_attribute_values(":expires", number(whole_seconds(now) + KEPT_S))
            .send()
            .await;
        Ok(written("UpdateItem", result)?.is_some())
    }

    async fn take(
        &self,
        user_id: UserId,
        now: Timestamp,
        until: Timestamp,
        even_if_empty: bool,
    ) -> Result<Taken, StoreError> {
        let free = "(attribute_not_exists(lease_until) OR lease_until <= :now)";
        let condition = if even_if_empty {
            free.to_owned()
        } else {
            format!("{free} AND attribute_exists(news)")
        };
        let result = self
            .update(keys::outbox_claim(user_id))
            .update_expression("SET lease_until = :until, expires_at_s = :expires")
            .condition_expression(condition)
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .expression_attribute_values(":until", text(keys::sortable(until)))
            .expression_attribute_values(":expires", number(whole_seconds(now) + KEPT_S))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let held = match &result {
            Err(SdkError::ServiceError(refused)) => match refused.err() {
                UpdateItemError::ConditionalCheckFailedException(held) => held.item.clone(),
                _ => None,
            },
            _ => None,
        };
        if let Some(taken) = written("UpdateItem", result)? {
            let item = taken.attributes.unwrap_or_default();
            return Ok(Taken::Ours(read_news(&item)?));
        }
        let item = held.unwrap_or_default();
        if !even_if_empty && !item.contains_key(NEWS) {
            return Ok(Taken::Empty);
        }
        // Whoever is told no time tries again at once.
        let free_at = item
            .get(LEASE_UNTIL)
            .map(|_| table::attribute(&item, LEASE_UNTIL));
        Ok(Taken::Theirs(free_at.transpose()?.unwrap_or(now)))
    }

    async fn told(&self, user_id: UserId, news: &[News]) -> Result<HashSet<String>, StoreError> {
        let buckets = buckets(news).into_keys().map(|bucket| async move {
            let key = index::key(KEY, keys::told_claim(user_id, bucket));
            table::get(&self.client, self.table.as_str(), key).await
        });
        let items = try_join_all(buckets).await?.into_iter().flatten();
        Ok(items.flat_map(|item| set(&item, NAMES)).collect())
    }

    async fn remember(
        &self,
        user_id: UserId,
        news: &[News],
        forget_at: Timestamp,
    ) -> Result<(), StoreError> {
        // No condition: what was told was told, whoever has the outbox by now.
        let writes = buckets(news).into_iter().map(|(bucket, names)| {
            self.update(keys::told_claim(user_id, bucket))
                .update_expression("ADD #names :names SET expires_at_s = :forget_at")
                .expression_attribute_names("#names", NAMES)
                .expression_attribute_values(":names", AttributeValue::Ss(names))
                .expression_attribute_values(":forget_at", number(whole_seconds(forget_at)))
                .send()
        });
        let written = try_join_all(writes).await;
        written.map_err(|error| away("UpdateItem", error))?;
        Ok(())
    }

    async fn give_back(
        &self,
        user_id: UserId,
        until: Timestamp,
        done: &[News],
        free_at: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self
            .update(keys::outbox_claim(user_id))
            .condition_expression("lease_until = :until")
            .expression_attribute_values(":until", text(keys::sortable(until)))
            .expression_attribute_values(":free_at", text(keys::sortable(free_at)));
        let update = if done.is_empty() {
            update.update_expression("SET lease_until = :free_at")
        } else {
            update
                .update_expression("SET lease_until = :free_at DELETE news :done")
                .expression_attribute_values(":done", AttributeValue::Ss(texts(done)?))
        };
        written("UpdateItem", update.send().await).map(drop)
    }
}

/// Each piece of news as one text, always the same one. DynamoDB refuses a set with the same text twice.
fn texts(news: &[News]) -> Result<Vec<String>, StoreError> {
    let texts: Result<HashSet<String>, _> = news.iter().map(serde_json::to_string).collect();
    Ok(texts.map_err(unreadable)?.into_iter().collect())
}

fn read_news(item: &Item) -> Result<Vec<News>, StoreError> {
    let texts = set(item, NEWS).into_iter();
    let news: Result<Vec<News>, _> = texts.map(|text| serde_json::from_str(&text)).collect();
    // The cause tells a place and a type, and news contains ids only.
    news.map_err(unreadable)
}

fn set(item: &Item, name: &str) -> Vec<String> {
    let texts = item.get(name).and_then(|value| value.as_ss().ok());
    texts.cloned().unwrap_or_default()
}

/// The names of news by the ten minutes in which it happened.
fn buckets(news: &[News]) -> BTreeMap<i64, Vec<String>> {
    let mut buckets: BTreeMap<i64, HashSet<String>> = BTreeMap::new();
    for news in news {
        let bucket = news.at.as_second().div_euclid(BUCKET_S) * BUCKET_S;
        buckets.entry(bucket).or_default().insert(news.name());
    }
    let listed = |(bucket, names): (i64, HashSet<String>)| (bucket, names.into_iter().collect());
    buckets.into_iter().map(listed).collect()
}
