//! Queries on the indexes. They return ids; the records decide.

use std::collections::HashMap;
use std::str::FromStr;

use app::ports::StoreError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::failures::away;
use super::table::{Item, attribute};

/// A query on one partition of an index.
pub(super) struct IndexQuery<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    pub(super) index: &'static str,
    /// The condition on the partition and perhaps on the sort key.
    pub(super) condition: &'static str,
    /// The filter on the items that match the condition.
    pub(super) filter: Option<&'static str>,
    pub(super) names: Vec<(&'static str, &'static str)>,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
    pub(super) ascending: bool,
    /// The number of items that DynamoDB reads for one answer.
    pub(super) page: Option<usize>,
}

/// An answer to a query.
pub(super) struct IndexPage {
    pub(super) items: Vec<Item>,
    /// The start of the next answer.
    pub(super) last_key: Option<Item>,
}

impl IndexQuery<'_> {
    /// One answer.
    pub(super) async fn answer(&self, start: Option<Item>) -> Result<IndexPage, StoreError> {
        let mut query = self
            .client
            .query()
            .table_name(self.table)
            .index_name(self.index)
            .key_condition_expression(self.condition)
            .set_filter_expression(self.filter.map(str::to_owned))
            .scan_index_forward(self.ascending)
            .set_exclusive_start_key(start)
            .set_limit(
                self.page
                    .map(|page| i32::try_from(page).unwrap_or(i32::MAX)),
            );
        for (name, attribute) in &self.names {
            query = query.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in &self.values {
            query = query.expression_attribute_values(*name, value.clone());
        }
        let answer = query.send().await.map_err(|error| away("Query", error))?;
        Ok(IndexPage {
            items: answer.items.unwrap_or_default(),
            last_key: answer.last_evaluated_key.filter(|key| !key.is_empty()),
        })
    }

    /// At most `limit` items, from as many answers as needed.
    pub(super) async fn take(&self, limit: usize) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.answer(start).await?;
            items.extend(page.items);
            start = page.last_key;
            if items.len() >= limit || start.is_none() {
                items.truncate(limit);
                return Ok(items);
            }
        }
    }
}

/// The ids in a list of keys.
pub(super) fn ids<T>(items: &[Item], name: &'static str) -> Result<Vec<T>, StoreError>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    items.iter().map(|item| attribute(item, name)).collect()
}

/// A key of one attribute.
pub(super) fn key(name: &str, value: impl ToString) -> Item {
    HashMap::from([(name.to_owned(), AttributeValue::S(value.to_string()))])
}
