//! Orders.

use std::collections::BTreeSet;
use std::time::Duration;

use app::ports::{IdempotencyKey, OrderListing, OrderPage, OrderStore, Placement, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::{Order, OrderId, OrderStatus, Timestamp, Zone};

use super::failures::away;
use super::items::{StoredExternalId, StoredOrder, StoredOrderKey};
use super::ledger::action;
use super::table::{self, number, text};
use super::transaction::{Cancelled, transact};
use super::{claims, index, keys};

mod listing;

/// The table's key.
pub(super) const KEY: &str = "order_id";

/// So often placing is tried when others use the same key at the same moment.
const PLACE_ATTEMPTS: u32 = 6;
const PLACE_PAUSE_MS: u64 = 20;

/// Orders, in the table `Orders`; their `Idempotency-Key`s in `Idempotency`.
#[derive(Debug, Clone)]
pub struct DynamoOrders {
    client: Client,
    table: String,
    keys_table: Option<String>,
}

impl DynamoOrders {
    /// On the tables of those names.
    pub fn new(
        client: Client,
        orders_table: impl Into<String>,
        idempotency_table: impl Into<String>,
    ) -> Self {
        Self {
            client,
            table: orders_table.into(),
            keys_table: Some(idempotency_table.into()),
        }
    }

    /// For functions that never place an order with a key, and so need no table for keys.
    pub fn without_keys(client: Client, orders_table: impl Into<String>) -> Self {
        Self {
            client,
            table: orders_table.into(),
            keys_table: None,
        }
    }

    /// Claims a key that nobody has used yet, or whose time is over.
    fn claim_key(
        &self,
        key: &IdempotencyKey,
        order: &Order,
    ) -> Result<TransactWriteItem, StoreError> {
        let claim = StoredOrderKey::new(key, order.id);
        action(
            Put::builder()
                .table_name(self.keys_table()?)
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
        let item = table::get(&self.client, self.keys_table()?, claim).await?;
        let stored = item.map(table::from_item::<StoredOrderKey>).transpose()?;
        Ok(stored.filter(|stored| stored.counts_at(now)))
    }

    fn keys_table(&self) -> Result<&str, StoreError> {
        let none = || StoreError::Unavailable("no table for Idempotency-Keys is configured".into());
        self.keys_table.as_deref().ok_or_else(none)
    }

    /// `None` when others are at the same key right now.
    async fn try_to_place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Placement>, StoreError> {
        let stored = StoredOrder::from(order.clone());
        let put = table::version_put(&self.table, &stored, order.version, KEY)?;
        let mut actions = vec![action(put)?];
        if let Some(key) = key {
            actions.push(self.claim_key(key, order)?);
        }
        if let (Some(named), Some(table)) = (StoredExternalId::of(order), &self.keys_table) {
            // Without a condition: an order that is placed by itself may be called what another one is. Imports, which
            // refuse that, are to know the name.
            let item = table::to_item(&named)?;
            let put = Put::builder().table_name(table).set_item(Some(item));
            actions.push(action(put)?);
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
impl OrderStore for DynamoOrders {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let item = table::get(&self.client, &self.table, index::key(KEY, id)).await?;
        item.map(table::read::<StoredOrder, Order>).transpose()
    }

    async fn orders(&self, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        let keys = table::distinct(ids).into_iter();
        let keys = keys.map(|id| index::key(KEY, id)).collect();
        let items = table::get_all(&self.client, &self.table, keys).await?;
        items
            .into_iter()
            .map(table::read::<StoredOrder, Order>)
            .collect()
    }

    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError> {
        for attempt in 0..PLACE_ATTEMPTS {
            match self.try_to_place(order, key).await {
                Ok(Some(placement)) => return Ok(placement),
                Ok(None) => {}
                // Nobody else knows the id: it is an earlier attempt of ours that was still under way and has landed.
                Err(StoreError::Conflict) if attempt > 0 => return Ok(Placement::Placed),
                Err(error) => return Err(error),
            }
            let pause = rand::random_range(1..=PLACE_PAUSE_MS << attempt);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Err(StoreError::Conflict)
    }

    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError> {
        Ok(self.used_before(key, now).await?.map(Placement::from))
    }

    async fn put_order(&self, order: &Order) -> Result<(), StoreError> {
        let stored = StoredOrder::from(order.clone());
        table::put_version(&self.client, &self.table, &stored, order.version, KEY).await
    }

    async fn list_orders(
        &self,
        listing: OrderListing,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        match listing {
            OrderListing::Customer(customer) => {
                self.of_customer(customer, status, before, limit).await
            }
            OrderListing::All => self.of_everybody(status, before, limit).await,
        }
    }

    async fn pending_in(
        &self,
        zone: Zone,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError> {
        self.pending(zone, due_by, limit).await
    }

    async fn zones_overdue(&self, due_by: Timestamp) -> Result<BTreeSet<Zone>, StoreError> {
        // The index holds pending orders alone, so that a scan of it reads little else than what it looks for.
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .index_name("pending-orders")
            .filter_expression("retry_key < :bound")
            .projection_expression("pending_zone")
            .expression_attribute_values(":bound", text(keys::retry_key_bound(due_by)));
        let mut pages = scan.into_paginator().send();
        let mut zones = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| away("Scan", error))?;
            for item in page.items.unwrap_or_default() {
                let key: String = table::attribute(&item, "pending_zone")?;
                let zone = keys::zone_of_pending(&key);
                zones
                    .insert(zone.ok_or_else(|| StoreError::Unreadable("no zone in a key".into()))?);
            }
        }
        Ok(zones)
    }
}
