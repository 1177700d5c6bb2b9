//! Orders.

use std::collections::BTreeSet;

use app::ports::{OrderListing, OrderPage, OrderStore, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Order, OrderId, OrderStatus, Timestamp, Zone};
use settings::resources::OrdersTable;

use super::failures::away;
use super::items::StoredOrder;
use super::table::{self, text};
use super::{index, keys};

mod listing;
mod placement;

pub use placement::DynamoOrderPlacement;

/// The key of the table.
pub(super) const KEY: &str = "order_id";

/// Orders, in the table `Orders`.
#[derive(Debug, Clone)]
pub struct DynamoOrders {
    client: Client,
    table: OrdersTable,
}

impl DynamoOrders {
    /// On this table.
    pub fn new(client: &Client, table: &OrdersTable) -> Self {
        Self {
            client: client.clone(),
            table: table.clone(),
        }
    }
}

#[async_trait]
impl OrderStore for DynamoOrders {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        let item = table::get(&self.client, self.table.as_str(), index::key(KEY, id)).await?;
        item.map(table::read::<StoredOrder, Order>).transpose()
    }

    async fn orders(&self, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        let keys = table::distinct(ids).into_iter();
        let keys = keys.map(|id| index::key(KEY, id)).collect();
        let items = table::get_all(&self.client, self.table.as_str(), keys).await?;
        items
            .into_iter()
            .map(table::read::<StoredOrder, Order>)
            .collect()
    }

    async fn put_order(&self, order: &Order) -> Result<(), StoreError> {
        let stored = StoredOrder::from(order.clone());
        table::put_version(
            &self.client,
            self.table.as_str(),
            &stored,
            order.version,
            KEY,
        )
        .await
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
        // The index holds only pending orders, so that a scan reads little more than it returns.
        let scan = self
            .client
            .scan()
            .table_name(self.table.as_str())
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
