//! New orders, with the claims that go with them.

use std::time::Duration;

use app::back_off::{BackOff, Pauses};
use app::ports::{IdempotencyKey, OrderPlacement, Placement, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{Order, Timestamp};
use settings::resources::{ClaimsTable, OrdersTable};

use super::KEY;
use crate::dynamodb::items::{StoredExternalId, StoredOrder, StoredOrderKey};
use crate::dynamodb::ledger::action;
use crate::dynamodb::table::{self, number};
use crate::dynamodb::transaction::{Cancelled, transact};
use crate::dynamodb::{claims, index, keys};
use crate::system::RandomJitter;

/// Six attempts to place an order while others use the same key.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(20),
    longest: Duration::from_millis(320),
    most: 5,
};

/// New orders, in the table `Orders`; their `Idempotency-Key`s and external ids in `Claims`.
#[derive(Debug, Clone)]
pub struct DynamoOrderPlacement {
    client: Client,
    orders: OrdersTable,
    claims: ClaimsTable,
}

impl DynamoOrderPlacement {
    /// On these tables.
    pub fn new(client: &Client, orders: &OrdersTable, claims: &ClaimsTable) -> Self {
        Self {
            client: client.clone(),
            orders: orders.clone(),
            claims: claims.clone(),
        }
    }

    /// Claims a key that is not used yet or has expired.
    fn claim_key(
        &self,
        key: &IdempotencyKey,
        order: &Order,
    ) -> Result<TransactWriteItem, StoreError> {
        let claim = StoredOrderKey::new(key, order.id);
        action(
            Put::builder()
                .table_name(self.claims.as_str())
                .set_item(Some(table::to_item(&claim)?))
                .condition_expression("attribute_not_exists(#claim) OR expires_at_s <= :now")
                .expression_attribute_names("#claim", claims::KEY)
                .expression_attribute_values(":now", number(order.created_at.as_second())),
        )
    }

    async fn used_before(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<StoredOrderKey>, StoreError> {
        let claim = index::key(claims::KEY, keys::order_key_claim(key.caller, &key.key));
        let item = table::get(&self.client, self.claims.as_str(), claim).await?;
        let stored = item.map(table::from_item::<StoredOrderKey>).transpose()?;
        Ok(stored.filter(|stored| stored.counts_at(now)))
    }

    /// `None` while another call uses the same key.
    async fn try_to_place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Placement>, StoreError> {
        let stored = StoredOrder::from(order.clone());
        let put = table::version_put(self.orders.as_str(), &stored, order.version, KEY)?;
        let mut actions = vec![action(put)?];
        if let Some(key) = key {
            actions.push(self.claim_key(key, order)?);
        }
        if let Some(named) = StoredExternalId::of(order) {
            // Without a condition: a single order may have the external id of another one. An import refuses that, and
            // so must know the id.
            let item = table::to_item(&named)?;
            let put = Put::builder().table_name(self.claims.as_str());
            actions.push(action(put.set_item(Some(item)))?);
        }
        // A transaction even for the order alone: its client token makes the SDK's retries harmless.
        match (transact(&self.client, actions).await?, key) {
            (Ok(()), _) => Ok(Some(Placement::Placed)),
            (Err(Cancelled::Contended), _) => Ok(None),
            (Err(Cancelled::Refused(_)), Some(key)) => {
                let used = self.used_before(key, order.created_at).await?;
                used.map(|used| Some(used.into()))
                    .ok_or(StoreError::Conflict)
            }
            (Err(Cancelled::Refused(_)), None) => Err(StoreError::Conflict),
        }
    }
}

#[async_trait]
impl OrderPlacement for DynamoOrderPlacement {
    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError> {
        let mut back_off = BackOff::new(PAUSES, &RandomJitter);
        let mut is_first = true;
        loop {
            match self.try_to_place(order, key).await {
                Ok(Some(placement)) => return Ok(placement),
                Ok(None) => {}
                // Only we know the id. So an earlier attempt of ours, which was still on its way, has arrived.
                Err(StoreError::Conflict) if !is_first => return Ok(Placement::Placed),
                Err(error) => return Err(error),
            }
            is_first = false;
            if !back_off.pause().await {
                return Err(StoreError::Conflict);
            }
        }
    }

    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError> {
        Ok(self.used_before(key, now).await?.map(Placement::from))
    }
}
