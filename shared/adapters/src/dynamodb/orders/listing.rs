//! Orders by customer, by status and by zone: ids from the indexes.

use app::ports::{OrderPage, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{OrderId, OrderStatus, Timestamp, UserId, Zone};
use futures::future::try_join_all;

use super::{DynamoOrders, KEY};
use crate::dynamodb::index::{self, IndexPage, IndexQuery};
use crate::dynamodb::keys;
use crate::dynamodb::table::{Item, attribute, text};

/// With a status, DynamoDB looks at this many of a customer's orders for one answer …
const FILTERED_PAGE: usize = 500;
/// … and after this many answers the page ends, even if it is short.
const FILTERED_PAGES: usize = 4;

/// The ids from one partition, newest first.
struct Found {
    ids: Vec<OrderId>,
    /// The last order that was looked at, if there are more.
    looked_to: Option<OrderId>,
}

impl DynamoOrders {
    /// The orders of one customer. They are in one partition. A status is a filter with limits: a caller that asks for
    /// a rare status gets short pages and not a long wait.
    pub(super) async fn of_customer(
        &self,
        customer: UserId,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        let mut query = self.newest("orders-by-customer", "customer_id", text(customer), before);
        query.page = Some(limit.saturating_add(1));
        if let Some(status) = status {
            query.filter = Some("#status = :status");
            query.names.push(("#status", "status"));
            query.values.push((":status", text(status.name())));
            query.page = Some(FILTERED_PAGE);
        }
        let mut found = Found {
            ids: Vec::new(),
            looked_to: None,
        };
        let mut start = None;
        for _ in 0..FILTERED_PAGES {
            let page = query.answer(start).await?;
            found.ids.extend(index::ids::<OrderId>(&page.items, KEY)?);
            found.looked_to = looked_to(&page)?;
            start = page.last_key;
            if start.is_none() || found.ids.len() > limit {
                break;
            }
        }
        Ok(merged(vec![found], limit))
    }

    /// The orders of all customers: all shards are queried at once, and the answers are merged.
    pub(super) async fn of_everybody(
        &self,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        let shards = keys::shards().map(|shard| async move {
            let mut query = match status {
                Some(status) => {
                    let partition = text(keys::status_shard(status, shard));
                    self.newest("orders-by-status", "status_shard", partition, before)
                }
                None => {
                    let partition = text(keys::list_shard(shard));
                    self.newest("orders-by-shard", "list_shard", partition, before)
                }
            };
            query.page = Some(limit.saturating_add(1));
            let page = query.answer(None).await?;
            Ok::<_, StoreError>(Found {
                ids: index::ids(&page.items, KEY)?,
                looked_to: looked_to(&page)?,
            })
        });
        Ok(merged(try_join_all(shards).await?, limit))
    }

    /// Ids of orders that wait in a zone, with the longest due ones first.
    pub(super) async fn pending(
        &self,
        zone: Zone,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let shards = keys::shards().map(|shard| async move {
            let mut values = vec![(":zone", text(keys::pending_zone(zone, shard)))];
            let condition = match due_by {
                Some(due_by) => {
                    values.push((":bound", text(keys::retry_key_bound(due_by))));
                    "pending_zone = :zone AND retry_key < :bound"
                }
                None => "pending_zone = :zone",
            };
            let query = IndexQuery {
                client: &self.client,
                table: self.table.as_str(),
                index: "pending-orders",
                condition,
                filter: None,
                names: Vec::new(),
                values,
                ascending: true,
                page: Some(limit),
            };
            query.take(limit).await
        });
        let mut waiting: Vec<(String, OrderId)> = Vec::new();
        for item in try_join_all(shards).await?.into_iter().flatten() {
            waiting.push(by_retry_time(&item)?);
        }
        waiting.sort_unstable();
        waiting.truncate(limit);
        Ok(waiting.into_iter().map(|(_, id)| id).collect())
    }

    /// A query of a partition sorted by order id, newest first.
    fn newest(
        &self,
        index: &'static str,
        partition_key: &'static str,
        partition: AttributeValue,
        before: Option<OrderId>,
    ) -> IndexQuery<'_> {
        let mut values = vec![(":partition", partition)];
        let condition = match before {
            Some(before) => {
                values.push((":before", text(before)));
                "#partition = :partition AND order_id < :before"
            }
            None => "#partition = :partition",
        };
        IndexQuery {
            client: &self.client,
            table: self.table.as_str(),
            index,
            condition,
            filter: None,
            names: vec![("#partition", partition_key)],
            values,
            ascending: false,
            page: None,
        }
    }
}

/// The last order that an answer looked at, if the partition has more.
fn looked_to(page: &IndexPage) -> Result<Option<OrderId>, StoreError> {
    let last_key = page.last_key.as_ref();
    last_key.map(|key| attribute(key, KEY)).transpose()
}

/// The due time of an order in sortable form, and its id.
fn by_retry_time(item: &Item) -> Result<(String, OrderId), StoreError> {
    Ok((attribute(item, "retry_key")?, attribute(item, KEY)?))
}

/// One page from the ids of all partitions. If a partition was not read to its end, the page has nothing older than
/// that point: a newer order of that partition could be missing in between.
fn merged(partitions: Vec<Found>, limit: usize) -> OrderPage {
    let horizon = partitions.iter().filter_map(|found| found.looked_to).max();
    let mut ids: Vec<OrderId> = partitions
        .into_iter()
        .flat_map(|found| found.ids)
        .filter(|id| horizon.is_none_or(|horizon| *id >= horizon))
        .collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    let next = if ids.len() > limit {
        ids.truncate(limit);
        ids.last().copied()
    } else {
        horizon
    };
    OrderPage { ids, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> OrderId {
        OrderId(Uuid::from_u128(number))
    }

    fn found(ids: &[u128], looked_to: Option<u128>) -> Found {
        Found {
            ids: ids.iter().copied().map(id).collect(),
            looked_to: looked_to.map(id),
        }
    }

    #[test]
    fn nothing_is_left_out_where_a_partition_has_more() {
        let page = merged(vec![found(&[9, 7], Some(7)), found(&[8, 2], None)], 10);
        assert_eq!(page.ids, [id(9), id(8), id(7)]);
        assert_eq!(page.next, Some(id(7)));
    }

    #[test]
    fn a_full_page_goes_on_after_its_last_order() {
        let page = merged(vec![found(&[9, 7], None), found(&[8, 2], None)], 3);
        assert_eq!(page.ids, [id(9), id(8), id(7)]);
        assert_eq!(page.next, Some(id(7)));
    }

    #[test]
    fn the_last_page_says_so() {
        let page = merged(vec![found(&[9], None), found(&[], None)], 1);
        assert_eq!((page.ids, page.next), (vec![id(9)], None));
    }

    #[test]
    fn a_page_without_a_match_goes_on_where_it_stopped() {
        let page = merged(vec![found(&[], Some(500))], 10);
        assert_eq!((page.ids, page.next), (vec![], Some(id(500))));
    }
}
