//! Orders.

use std::collections::{BTreeSet, HashMap};

use app::ports::{OrderListing, OrderPage, OrderStore, OverduePage, PendingPlace, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use domain::{Order, OrderId, OrderStatus, Timestamp, Zone};
use settings::resources::OrdersTable;

use super::failures::away;
use super::items::StoredOrder;
use super::table::{self, Item, text};
use super::{index, keys};

mod listing;
mod placement;

pub use placement::DynamoOrderPlacement;

/// The key of the table.
pub(super) const KEY: &str = "order_id";
/// The keys of the index `pending-orders`.
const ZONE: &str = "pending_zone";
const RETRY: &str = "retry_key";

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

    async fn zones_overdue(
        &self,
        due_by: Timestamp,
        after: Option<PendingPlace>,
        limit: usize,
    ) -> Result<OverduePage, StoreError> {
        // The index holds only pending orders. For one answer, DynamoDB reads at most a megabyte. It bills what it
        // reads, so a filter would save nothing, and would hide the oldest order.
        let answer = self
            .client
            .scan()
            .table_name(self.table.as_str())
            .index_name("pending-orders")
            .projection_expression("pending_zone, retry_key")
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(index_key))
            .send()
            .await
            .map_err(|error| away("Scan", error))?;
        let bound = keys::retry_key_bound(due_by);
        let (mut zones, mut oldest) = (BTreeSet::new(), None);
        for item in answer.items.unwrap_or_default() {
            let retry_key: String = table::attribute(&item, RETRY)?;
            if retry_key < bound {
                zones.insert(zone_of(&item)?);
            }
            let order = keys::time_and_order(&retry_key).map(|(_, order)| order);
            oldest = [oldest, order].into_iter().flatten().min();
        }
        let last_key = answer.last_evaluated_key.filter(|key| !key.is_empty());
        Ok(OverduePage {
            zones,
            next: last_key.as_ref().map(place_of).transpose()?,
            oldest,
        })
    }
}

/// The key of an order in the index `pending-orders`, with its key in the table.
fn index_key(place: PendingPlace) -> Item {
    let shard = keys::shard(place.order_id);
    HashMap::from([
        (KEY.to_owned(), text(place.order_id)),
        (ZONE.to_owned(), text(keys::pending_zone(place.zone, shard))),
        (
            RETRY.to_owned(),
            text(keys::retry_key(place.due_at, place.order_id)),
        ),
    ])
}

fn place_of(key: &Item) -> Result<PendingPlace, StoreError> {
    let retry_key: String = table::attribute(key, RETRY)?;
    let (due_at, order_id) = keys::time_and_order(&retry_key)
        .ok_or_else(|| StoreError::Unreadable("no time and order in a key".into()))?;
    Ok(PendingPlace {
        zone: zone_of(key)?,
        due_at,
        order_id,
    })
}

fn zone_of(item: &Item) -> Result<Zone, StoreError> {
    let key: String = table::attribute(item, ZONE)?;
    keys::zone_of_pending(&key).ok_or_else(|| StoreError::Unreadable("no zone in a key".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::build::{an_order, at};

    #[test]
    fn the_key_of_a_place_is_the_key_of_its_order() {
        let order = an_order(7).placed_at("2030-05-06T08:00:00.250Z").build();
        let place = PendingPlace {
            zone: order.zone.unwrap(),
            due_at: at("2030-05-06T08:00:00.250Z"),
            order_id: order.id,
        };
        let key = index_key(place);
        let item = table::to_item(&StoredOrder::from(order)).unwrap();
        for name in [KEY, ZONE, RETRY] {
            assert_eq!(key.get(name), item.get(name), "{name}");
        }
        assert_eq!(place_of(&key).unwrap(), place);
    }
}
