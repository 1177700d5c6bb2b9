//! Leases on zones.

use app::ports::{Dirty, StoreError, ZoneLeases};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{Timestamp, Zone};

use super::claims::KEY;
use super::failures::written;
use super::index;
use super::items::{SECONDS_KEPT, StoredLease, whole_seconds};
use super::keys;
use super::table::{self, number, text};

/// Leases on zones, in the table `Idempotency`.
#[derive(Debug, Clone)]
pub struct DynamoLeases {
    client: Client,
    table: String,
}

impl DynamoLeases {
    /// On the table of that name.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
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
        // An update and not a put: what others asked of a holder who died is still asked for. The owner's own
        // lease is theirs to take, so that the repetition of a request whose answer was lost does not lock it out.
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(index::key(KEY, keys::zone_claim(zone))))
            .update_expression("SET #owner = :owner, lease_until = :until, expires_at_s = :expires")
            .condition_expression(
                "attribute_not_exists(#claim) OR lease_until <= :now OR #owner = :owner",
            )
            .expression_attribute_names("#claim", KEY)
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .expression_attribute_values(":until", text(keys::sortable(until)))
            .expression_attribute_values(":expires", number(whole_seconds(until) + SECONDS_KEPT))
            .send()
            .await;
        Ok(written("UpdateItem", result)?.is_some())
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
            .table_name(&self.table)
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
        // Over for everybody, whatever their clock says: nobody marks it any more, they take it.
        let result = self
            .client
            .update_item()
            .table_name(&self.table)
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
        let result = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(index::key(KEY, keys::zone_claim(zone))))
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", text(owner))
            .send()
            .await;
        written("DeleteItem", result).map(drop)
    }
}
