//! Tracking links.

use app::ports::{LinkUse, StoreError, TrackingLinks};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue, TransactWriteItem};
use domain::{OrderId, Timestamp};
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{StoredCurrentLink, StoredLink};
use super::keys;
use super::ledger::{action, incomplete};
use super::table::{self, number, text};
use super::transaction::transact;

/// Tracking links, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoTrackingLinks {
    client: Client,
    table: ClaimsTable,
}

impl DynamoTrackingLinks {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }

    async fn current(&self, order_id: OrderId) -> Result<Option<StoredCurrentLink>, StoreError> {
        let key = index::key(KEY, keys::tracking_of_claim(order_id));
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        item.map(table::from_item).transpose()
    }

    /// Counts a use if it is allowed, and tells the order.
    async fn count(
        &self,
        token_hash: &str,
        use_of_minute: Use,
        now: Timestamp,
    ) -> Result<Option<OrderId>, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::tracking_claim(token_hash))))
            .expression_attribute_names("#minute", "minute")
            .expression_attribute_values(":minute", number(now.as_second().div_euclid(60)))
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        let update = match use_of_minute {
            Use::First => update
                .update_expression("SET #minute = :minute, uses = :one")
                .condition_expression(
                    "expires_at_s > :now AND (attribute_not_exists(#minute) OR #minute <> :minute)",
                ),
            Use::Later(most) => update
                .update_expression("ADD uses :one")
                .condition_expression("expires_at_s > :now AND #minute = :minute AND uses < :most")
                .expression_attribute_values(":most", number(most)),
        };
        let Some(output) = written("UpdateItem", update.send().await)? else {
            return Ok(None);
        };
        let item = output.attributes.unwrap_or_default();
        Ok(Some(table::from_item::<StoredLink>(item)?.order_id))
    }
}

/// A use within a minute of the clock.
#[derive(Debug, Clone, Copy)]
enum Use {
    /// The first one.
    First,
    /// A later one, if there were fewer than this.
    Later(u32),
}

#[async_trait]
impl TrackingLinks for DynamoTrackingLinks {
    async fn replace(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let current = self.current(order_id).await?;
        let link = StoredLink::new(token_hash, order_id, expires_at);
        let new_current = StoredCurrentLink::new(token_hash, order_id, expires_at);
        // Nobody else can know the new token, so only a repetition of this call can find it stored.
        let put_link = Put::builder()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&link)?));
        // Another call may have replaced the link since the read. Then its link would stay valid beside ours.
        let put_current = Put::builder()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&new_current)?));
        let put_current = match &current {
            Some(current) => put_current
                .condition_expression("token_hash = :old")
                .expression_attribute_values(":old", text(&current.token_hash)),
            None => put_current
                .condition_expression("attribute_not_exists(#claim)")
                .expression_attribute_names("#claim", KEY),
        };
        let mut actions = vec![action(put_link)?, action(put_current)?];
        if let Some(old) = current.filter(|current| current.token_hash != token_hash) {
            let delete = Delete::builder()
                .table_name(self.table.as_str())
                .set_key(Some(index::key(KEY, keys::tracking_claim(&old.token_hash))))
                .build()
                .map_err(incomplete)?;
            actions.push(TransactWriteItem::builder().delete(delete).build());
        }
        transact(&self.client, actions)
            .await?
            .map_err(|_| StoreError::Conflict)
    }

    async fn add(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let result = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::tracking_claim(token_hash))))
            .update_expression("SET order_id = :order, expires_at_s = :expires")
            .condition_expression("attribute_not_exists(#claim)")
            .expression_attribute_names("#claim", KEY)
            .expression_attribute_values(":order", text(order_id))
            .expression_attribute_values(":expires", number(expires_at.as_second()))
            .send()
            .await;
        // Without the condition, the link is stored already.
        written("UpdateItem", result).map(drop)
    }

    async fn use_link(
        &self,
        token_hash: &str,
        most_a_minute: u32,
        now: Timestamp,
    ) -> Result<LinkUse, StoreError> {
        // The first use in a minute begins a new count. Another use at the same moment then counts as a later one.
        for use_of_minute in [
            Use::Later(most_a_minute),
            Use::First,
            Use::Later(most_a_minute),
        ] {
            if let Some(order_id) = self.count(token_hash, use_of_minute, now).await? {
                return Ok(LinkUse::Order(order_id));
            }
        }
        let key = index::key(KEY, keys::tracking_claim(token_hash));
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        let link = item.map(table::from_item::<StoredLink>).transpose()?;
        Ok(match link {
            Some(link) if link.expires_at_s > now.as_second() => LinkUse::TooOften,
            _ => LinkUse::Unknown,
        })
    }
}
