//! What recipients were told, and who wants no messages.

use app::ports::{Begun, RecipientMessages, StoreError};
use app::recipients::MOST_MESSAGES;
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::{Moment, OrderId, Timestamp};
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::whole_seconds;
use super::keys;
use super::table::{self, distinct, number, text};

/// What was told of an order is remembered for this many seconds after the last message.
const KEPT_S: i64 = 30 * 86_400;
/// The count of a month is kept for this many seconds after its last text: longer than the month.
const COUNTED_S: i64 = 62 * 86_400;
const TOLD: &str = "told";
const TOLD_UNTIL: &str = "told_until";

/// What recipients were told, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoRecipientMessages {
    client: Client,
    table: ClaimsTable,
}

impl DynamoRecipientMessages {
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
impl RecipientMessages for DynamoRecipientMessages {
    async fn begin(
        &self,
        order_id: OrderId,
        moment: Moment,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError> {
        let result = self
            .update(keys::messages_claim(order_id))
            .update_expression("SET lease_until = :until, order_id = :order, expires_at_s = :expires")
            .condition_expression(
                "(attribute_not_exists(lease_until) OR lease_until <= :now) AND \
                 (attribute_not_exists(told) OR (NOT contains(told, :moment) AND size(told) < :most))",
            )
            .expression_attribute_values(":until", text(keys::sortable(until)))
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .expression_attribute_values(":order", text(order_id))
            .expression_attribute_values(":moment", text(moment.name()))
            .expression_attribute_values(":most", number(MOST_MESSAGES))
            .expression_attribute_values(":expires", number(whole_seconds(now) + KEPT_S))
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
        if written("UpdateItem", result)?.is_some() {
            return Ok(Begun::Ours);
        }
        let item = held.unwrap_or_default();
        let told = item.get(TOLD).and_then(|told| told.as_ss().ok());
        let is_over = told.is_some_and(|told| {
            told.len() >= MOST_MESSAGES || told.iter().any(|name| name == moment.name())
        });
        if is_over {
            return Ok(Begun::Over);
        }
        let free_at: Timestamp = table::attribute(&item, "lease_until")?;
        Ok(Begun::Theirs(free_at))
    }

    async fn sent(
        &self,
        order_id: OrderId,
        moment: Moment,
        until: Timestamp,
        told_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        // No condition: the message was sent, whoever has the lease by now.
        let update = self
            .update(keys::messages_claim(order_id))
            .expression_attribute_values(
                ":moments",
                AttributeValue::Ss(vec![moment.name().to_owned()]),
            );
        let update = match told_until {
            Some(at) => update
                .update_expression(
                    "SET told_until = if_not_exists(told_until, :told_until) ADD told :moments",
                )
                .expression_attribute_values(":told_until", text(at)),
            None => update.update_expression("ADD told :moments"),
        };
        written("UpdateItem", update.send().await)?;
        // The lease of somebody else stays. After a crash before this step, the lease ends by itself.
        let given_back = self
            .update(keys::messages_claim(order_id))
            .update_expression("REMOVE lease_until")
            .condition_expression("lease_until = :until")
            .expression_attribute_values(":until", text(keys::sortable(until)));
        written("UpdateItem", given_back.send().await).map(drop)
    }

    async fn told_until(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<(OrderId, Timestamp)>, StoreError> {
        let claims = distinct(orders).into_iter().map(keys::messages_claim);
        let keys = claims.map(|claim| index::key(KEY, claim)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        let told = items.iter().filter(|item| item.contains_key(TOLD_UNTIL));
        told.map(|item| {
            let order_id: OrderId = table::attribute(item, "order_id")?;
            Ok((order_id, table::attribute(item, TOLD_UNTIL)?))
        })
        .collect()
    }

    async fn count_text(&self, month: &str, most: u32, now: Timestamp) -> Result<bool, StoreError> {
        if most == 0 {
            return Ok(false);
        }
        let result = self
            .update(keys::texts_claim(month))
            .update_expression("ADD sent :one SET expires_at_s = :expires")
            .condition_expression("attribute_not_exists(sent) OR sent < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(most))
            .expression_attribute_values(":expires", number(whole_seconds(now) + COUNTED_S))
            .send()
            .await;
        // The SDK tries again after an answer that was lost. Then a text counts twice, and one less is sent.
        Ok(written("UpdateItem", result)?.is_some())
    }

    async fn stop(&self, pseudonym: &str, now: Timestamp) -> Result<(), StoreError> {
        let result = self
            .update(keys::no_messages_claim(pseudonym))
            .update_expression("SET stopped_at = :now")
            // Otherwise the wish is stored already.
            .condition_expression("attribute_not_exists(stopped_at)")
            .expression_attribute_values(":now", text(now))
            .send()
            .await;
        written("UpdateItem", result).map(drop)
    }

    async fn is_stopped(&self, pseudonym: &str) -> Result<bool, StoreError> {
        let key = index::key(KEY, keys::no_messages_claim(pseudonym));
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        Ok(item.is_some())
    }
}
