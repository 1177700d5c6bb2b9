//! How many pending orders a customer has.

use std::time::Duration;

use app::ports::{PendingBounds, Recount, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, Select};
use domain::{Timestamp, UserId};
use settings::resources::{ClaimsTable, OrdersTable};

use super::claims::KEY;
use super::failures::{away, written};
use super::index;
use super::items::StoredPendingBound;
use super::keys;
use super::table::{self, number, text};

/// The shortest time between the beginnings of two counts of a customer's orders.
const PAUSE: Duration = Duration::from_secs(60);
/// If a count takes longer, its process has died.
const LONGEST_COUNT: Duration = Duration::from_secs(30);

/// Bounds on the pending orders of customers, in the table `Claims`. The index `pending-by-customer` of the table
/// `Orders` counts them.
#[derive(Debug, Clone)]
pub struct DynamoPendingBounds {
    client: Client,
    claims: ClaimsTable,
    orders: OrdersTable,
}

impl DynamoPendingBounds {
    /// On these tables.
    pub fn new(client: &Client, claims: &ClaimsTable, orders: &OrdersTable) -> Self {
        Self {
            client: client.clone(),
            claims: claims.clone(),
            orders: orders.clone(),
        }
    }

    /// A change of the customer's bound.
    fn update(&self, customer: UserId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.claims.as_str())
            .set_key(Some(index::key(KEY, keys::pending_bound_claim(customer))))
    }

    /// Begins a count, and returns the bound at its beginning. `None` if a count is under way or has just ended.
    async fn begin(&self, customer: UserId, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let result = self
            .update(customer)
            .update_expression("SET count_began_at = :now")
            .condition_expression(
                "(attribute_not_exists(counted_at) OR counted_at <= :lately) \
                 AND (attribute_not_exists(count_began_at) OR count_began_at <= :given_up)",
            )
            .expression_attribute_values(":now", text(keys::sortable(now)))
            .expression_attribute_values(":lately", text(keys::sortable(now - PAUSE)))
            .expression_attribute_values(":given_up", text(keys::sortable(now - LONGEST_COUNT)))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        let item = written("UpdateItem", result)?.and_then(|answer| answer.attributes);
        let stored = item
            .map(table::from_item::<StoredPendingBound>)
            .transpose()?;
        Ok(stored.map(|stored| stored.bound))
    }

    /// Ends the count that began at this moment, and adds the difference to the bound. `false` if another count has
    /// begun.
    async fn end(
        &self,
        customer: UserId,
        began_at: Timestamp,
        difference: i64,
    ) -> Result<bool, StoreError> {
        let result = self
            .update(customer)
            .update_expression(
                "SET counted_at = :began ADD bound :difference REMOVE count_began_at",
            )
            .condition_expression("count_began_at = :began")
            .expression_attribute_values(":began", text(keys::sortable(began_at)))
            .expression_attribute_values(":difference", number(difference))
            .send()
            .await;
        Ok(written("UpdateItem", result)?.is_some())
    }

    async fn pending(&self, customer: UserId) -> Result<i64, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(self.orders.as_str())
            .index_name("pending-by-customer")
            .key_condition_expression("pending_customer = :customer")
            .expression_attribute_values(":customer", text(customer))
            .select(Select::Count)
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| away("Query", error))?;
            count += i64::from(page.count);
        }
        Ok(count)
    }
}

#[async_trait]
impl PendingBounds for DynamoPendingBounds {
    async fn take_room(
        &self,
        customer: UserId,
        orders: u32,
        limit: u32,
    ) -> Result<bool, StoreError> {
        // A customer without an item has not placed an order since bounds exist.
        let result = self
            .update(customer)
            .update_expression("ADD bound :orders")
            .condition_expression("attribute_not_exists(bound) OR bound < :limit")
            .expression_attribute_values(":orders", number(orders))
            .expression_attribute_values(":limit", number(limit))
            .send()
            .await;
        Ok(written("UpdateItem", result)?.is_some())
    }

    async fn recount(&self, customer: UserId, now: Timestamp) -> Result<Recount, StoreError> {
        let Some(bound) = self.begin(customer, now).await? else {
            let key = index::key(KEY, keys::pending_bound_claim(customer));
            let item = table::get(&self.client, self.claims.as_str(), key).await?;
            let stored = item
                .map(table::from_item::<StoredPendingBound>)
                .transpose()?;
            let under_way = stored.is_some_and(|stored| stored.count_began_at.is_some());
            return Ok(if under_way {
                Recount::UnderWay
            } else {
                Recount::Fresh
            });
        };
        let pending = self.pending(customer).await?;
        let ended = self.end(customer, now, pending - bound).await?;
        Ok(if ended {
            Recount::Done
        } else {
            Recount::UnderWay
        })
    }
}
