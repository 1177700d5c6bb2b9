//! The delivery times that customers were told.

use app::ports::{Promise, Promises, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{OrderId, Timestamp};
use futures::future::try_join_all;
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{StoredPromise, whole_seconds};
use super::keys;
use super::table::{self, distinct, number, text};

/// The delivery times that customers were told, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoPromises {
    client: Client,
    table: ClaimsTable,
}

impl DynamoPromises {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }

    async fn store(&self, promise: &Promise, forget_at: Timestamp) -> Result<(), StoreError> {
        let claim = keys::promise_claim(promise.order_id);
        let result = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, claim)))
            .update_expression(
                "SET order_id = :order, customer_id = :customer, expected = :expected, told_at = :told_at, \
                 expires_at_s = :forget_at",
            )
            // Another email may have told a later time meanwhile.
            .condition_expression("attribute_not_exists(told_at) OR told_at < :told_at")
            .expression_attribute_values(":order", text(promise.order_id))
            .expression_attribute_values(":customer", text(promise.customer_id))
            .expression_attribute_values(":expected", text(promise.expected))
            .expression_attribute_values(":told_at", text(keys::sortable(promise.told_at)))
            .expression_attribute_values(":forget_at", number(whole_seconds(forget_at)))
            .send()
            .await;
        written("UpdateItem", result).map(drop)
    }
}

#[async_trait]
impl Promises for DynamoPromises {
    async fn promised(&self, orders: &[OrderId]) -> Result<Vec<Promise>, StoreError> {
        let claims = distinct(orders).into_iter().map(keys::promise_claim);
        let keys = claims.map(|claim| index::key(KEY, claim)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        let stored = items.into_iter().map(table::from_item::<StoredPromise>);
        stored.map(|promise| Ok(promise?.into())).collect()
    }

    async fn promise(&self, promises: &[Promise], forget_at: Timestamp) -> Result<(), StoreError> {
        let writes = promises.iter().map(|it| self.store(it, forget_at));
        try_join_all(writes).await.map(drop)
    }
}
