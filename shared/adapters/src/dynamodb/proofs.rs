//! The records of pictures that prove pickups and deliveries, and the PINs of recipients.

use app::ports::{PinTry, ProofStore, RecipientPins, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use domain::{OrderId, OrderProofs, RecipientPin, Timestamp};
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{StoredPin, StoredProofs, whole_seconds};
use super::keys;
use super::table::{self, VersionCondition, number, text};

/// Records of pictures and PINs, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoProofs {
    client: Client,
    table: ClaimsTable,
}

impl DynamoProofs {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl ProofStore for DynamoProofs {
    async fn proofs(
        &self,
        order_id: OrderId,
        now: Timestamp,
    ) -> Result<Option<OrderProofs>, StoreError> {
        let key = index::key(KEY, keys::proofs_claim(order_id));
        let item = table::get(&self.client, self.table.as_str(), key).await?;
        let stored = item.map(table::from_item::<StoredProofs>).transpose()?;
        // DynamoDB deletes an item some days after its time.
        let kept = stored.filter(|stored| stored.expires_at_s > now.as_second());
        Ok(kept.map(Into::into))
    }

    async fn put_proofs(
        &self,
        proofs: &OrderProofs,
        forgotten_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let stored = StoredProofs::new(proofs, forgotten_at);
        let put = self
            .client
            .put_item()
            .table_name(self.table.as_str())
            .set_item(Some(table::to_item(&stored)?));
        let put = if proofs.version <= 1 {
            put.condition_expression("attribute_not_exists(#claim) OR expires_at_s <= :now")
                .expression_attribute_names("#claim", KEY)
                .expression_attribute_values(":now", number(now.as_second()))
        } else {
            let condition = VersionCondition::to_write(proofs.version, KEY);
            put.condition_expression(condition.expression)
                .set_expression_attribute_names(Some(condition.names))
                .set_expression_attribute_values(condition.values)
        };
        written("PutItem", put.send().await)?
            .map(|_| ())
            .ok_or(StoreError::Conflict)
    }
}

#[async_trait]
impl RecipientPins for DynamoProofs {
    async fn pin_or(
        &self,
        order_id: OrderId,
        fresh: &RecipientPin,
        forgotten_at: Timestamp,
    ) -> Result<RecipientPin, StoreError> {
        let key = index::key(KEY, keys::pin_claim(order_id));
        // An open page asks again and again, and a read costs less than a write.
        let found = table::get(&self.client, self.table.as_str(), key.clone()).await?;
        if let Some(item) = found {
            return Ok(table::from_item::<StoredPin>(item)?.pin);
        }
        let update = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(key))
            // Of two calls at the same moment, the second finds the PIN of the first.
            .update_expression("SET #pin = if_not_exists(#pin, :fresh), expires_at_s = :end")
            .expression_attribute_names("#pin", "pin")
            .expression_attribute_values(":fresh", text(fresh.digits()))
            .expression_attribute_values(":end", number(whole_seconds(forgotten_at)))
            .return_values(ReturnValue::AllNew);
        let answer = written("UpdateItem", update.send().await)?;
        let answer = answer.ok_or(StoreError::Conflict)?;
        let item = answer.attributes.unwrap_or_default();
        Ok(table::from_item::<StoredPin>(item)?.pin)
    }

    async fn count_try(&self, order_id: OrderId, most: u32) -> Result<PinTry, StoreError> {
        let key = index::key(KEY, keys::pin_claim(order_id));
        let update = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(key.clone()))
            .update_expression("ADD #tries :one")
            .condition_expression(
                "attribute_exists(#pin) AND (attribute_not_exists(#tries) OR #tries < :most)",
            )
            .expression_attribute_names("#pin", "pin")
            .expression_attribute_names("#tries", "tries")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(most))
            .return_values(ReturnValue::AllNew);
        if let Some(answer) = written("UpdateItem", update.send().await)? {
            let item = answer.attributes.unwrap_or_default();
            let stored = table::from_item::<StoredPin>(item)?;
            return Ok(PinTry::Counted {
                pin: stored.pin,
                left: most.saturating_sub(stored.tries),
            });
        }
        let found = table::get(&self.client, self.table.as_str(), key).await?;
        Ok(match found {
            Some(_) => PinTry::UsedUp,
            None => PinTry::NoPin,
        })
    }

    async fn forget_tries(&self, order_id: OrderId) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::pin_claim(order_id))))
            .update_expression("REMOVE #tries")
            // Without this condition, the update would make an item without a PIN.
            .condition_expression("attribute_exists(#pin)")
            .expression_attribute_names("#pin", "pin")
            .expression_attribute_names("#tries", "tries");
        written("UpdateItem", update.send().await)?;
        Ok(())
    }
}
