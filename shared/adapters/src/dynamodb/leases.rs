//! Leases on zones.

use app::ports::{Dirty, StoreError, ZoneLeases};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{Timestamp, Zone};
use settings::resources::ClaimsTable;

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::StoredLease;
use super::keys;
use super::owned;
use super::table::{self, text};

/// Leases on zones, in the table `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoLeases {
    client: Client,
    table: ClaimsTable,
}

impl DynamoLeases {
    /// On this table.
    pub fn new(client: &Client, table: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl ZoneLeases for DynamoLeases {
    async fn take(
        &self,
        zone: Zone,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        // Requests to a holder that died stay valid.
        let claim = keys::zone_claim(zone);
        owned::take(&self.client, &self.table, claim, owner, now, until).await
    }

    async fn mark_dirty(
        &self,
        zone: Zone,
        everything: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = if everything {
            "SET dirty = :yes, everything = :yes"
        } else {
            "SET dirty = :yes"
        };
        let result = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::zone_claim(zone))))
            .update_expression(update)
            .condition_expression("attribute_exists(#claim) AND lease_until > :now")
            .expression_attribute_names("#claim", KEY)
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .send()
            .await;
        Ok(written("UpdateItem", result)?.is_some())
    }

    async fn give_back(&self, zone: Zone, owner: &str) -> Result<Option<Dirty>, StoreError> {
        // Most leases have no marks. Then one write ends the lease.
        let no_marks = "attribute_not_exists(dirty)";
        let claim = keys::zone_claim(zone);
        if owned::delete_if(&self.client, &self.table, claim, owner, Some(no_marks)).await? {
            return Ok(None);
        }
        // The lease is over, whatever the time of a reader is. Others take it now instead of marking it.
        let result = self
            .client
            .update_item()
            .table_name(self.table.as_str())
            .set_key(Some(index::key(KEY, keys::zone_claim(zone))))
            .update_expression("SET lease_until = :over")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":over", text(keys::sortable(Timestamp::UNIX_EPOCH)))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let Some(lease) = written("UpdateItem", result)?.and_then(|answer| answer.attributes)
        else {
            return Ok(None);
        };
        Ok(table::from_item::<StoredLease>(lease)?.into())
    }

    async fn settle(&self, zone: Zone, owner: &str) -> Result<(), StoreError> {
        let claim = keys::zone_claim(zone);
        let deleted = owned::delete_if(&self.client, &self.table, claim, owner, None).await;
        deleted.map(drop)
    }
}
