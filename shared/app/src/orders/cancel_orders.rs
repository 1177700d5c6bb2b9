//! `POST /orders/cancel`: cancels many orders.

use std::collections::HashMap;
use std::sync::Arc;

use domain::import::Cancellation;
use domain::{Actor, Import, ImportId, Order, OrderId, OrderStatus, Role, UserId};
use intake::{CancelFilter, CancelRequest, Faults, read_cancel_request};
use serde::Serialize;
use serde_json::Value;

use crate::caller::Caller;
use crate::imports::ImportAnswer;
use crate::messages::ImportKey;
use crate::orders::{BulkChange, BulkStep, ChangeInBulk};
use crate::ports::{Clock, ImportStore, Jitter, OrderListing, OrderStore, Queue, StoreError};
use crate::refusal::Refusal;
use crate::retry::Attempts;

/// One call cancels at most this many pending orders of a customer.
const MOST: usize = 100;
/// The queue gets a second message about an import after this many seconds, in case that the process dies before the
/// first one.
const SPARE_S: u32 = 60;

/// `POST /orders/cancel`
pub struct CancelOrders {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The imports.
    pub imports: Arc<dyn ImportStore>,
    /// Cancels the orders and takes them off their routes.
    pub bulk: ChangeInBulk,
    /// Continues imports.
    pub queue: Arc<dyn Queue<ImportKey>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
}

/// What became of the request.
#[derive(Debug, Clone, PartialEq)]
pub enum CancelOutcome {
    /// The answer for each order.
    Orders(CancelledAnswer),
    /// The orders of the import are cancelled in the background. The import shows the progress.
    Import(Box<ImportAnswer>),
}

/// The answer for each order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CancelledAnswer {
    /// In the sequence of the request.
    pub orders: Vec<CancelAnswer>,
    /// Whether the filter has found more orders. The same request cancels the next ones.
    pub more: bool,
}

/// What became of one order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CancelAnswer {
    order_id: OrderId,
    result: CancelResult,
    /// The status of the order. `None` if there is no such order for the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<OrderStatus>,
}

/// The result for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelResult {
    /// It is cancelled, by this call or by an earlier one.
    Cancelled,
    /// It is aboard, or it has ended.
    NotPossible,
    /// The others kept changing it. Another try is likely to succeed.
    Contended,
    /// There is no such order for the caller.
    NotFound,
}

impl CancelOrders {
    /// Cancels up to 100 orders at once, or begins to cancel the orders of an import.
    ///
    /// Each order is cancelled for itself, together with its stops. After a crash some orders are cancelled and the
    /// others are not, and the request can be repeated: an order that is cancelled already counts as cancelled.
    ///
    /// An import stops with one write of its record: no further row becomes an order. The message queue then cancels
    /// its orders. One message is sent before the write, with a delay, and one after it. So a crash between the two
    /// leaves a message that finds the record.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::NotFound`] for an import that is not the caller's;
    /// [`Refusal::AccountSuspended`].
    pub async fn run(&self, caller: &Caller, body: &Value) -> Result<CancelOutcome, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer])?;
        if role == Role::Customer {
            caller.as_customer(self.bulk.users.as_ref()).await?;
        }
        let CancelRequest {
            order_ids,
            filter,
            reason,
        } = read_cancel_request(body, role)?;
        let by = Actor::from(role);
        let cancel = |reason| BulkChange {
            step: BulkStep::Cancel {
                only_pending: filter.is_some(),
                by,
                reason,
            },
            request_id: caller.request_id.clone(),
        };
        let whose = (role != Role::Dispatcher).then_some(caller.user_id);
        match filter {
            None => self.named(&order_ids, whose, &cancel(reason)).await,
            Some(CancelFilter::Import {
                import_id,
                only_pending,
            }) => {
                self.import(import_id, only_pending, whose, (by, reason))
                    .await
            }
            Some(CancelFilter::Pending { customer_id }) => {
                let customer = whose
                    .or(customer_id)
                    .ok_or_else(|| Faults::one("#/filter/customer_id", "is missing"))?;
                self.pending_of(customer, &cancel(reason)).await
            }
        }
    }

    async fn named(
        &self,
        ids: &[OrderId],
        whose: Option<UserId>,
        cancel: &BulkChange,
    ) -> Result<CancelOutcome, Refusal> {
        let mut orders = self.orders.orders(ids).await?;
        orders.retain(|order| whose.is_none_or(|whose| order.customer_id == whose));
        let orders = self.bulk.run(orders, cancel).await?;
        Ok(CancelOutcome::Orders(answer(ids, orders, false)))
    }

    async fn pending_of(
        &self,
        customer: UserId,
        cancel: &BulkChange,
    ) -> Result<CancelOutcome, Refusal> {
        let mut found = Vec::new();
        let mut before = None;
        // The index may show orders that are cancelled already, and a page may be short.
        loop {
            let page = self.orders.list_orders(
                OrderListing::Customer(customer),
                Some(OrderStatus::Pending),
                before,
                MOST,
            );
            let page = page.await?;
            let orders = self.orders.orders(&page.ids).await?;
            found.extend(orders.into_iter().filter(|order| {
                order.status == OrderStatus::Pending && order.customer_id == customer
            }));
            before = page.next;
            if before.is_none() || found.len() >= MOST {
                break;
            }
        }
        let more = before.is_some() || found.len() > MOST;
        found.sort_unstable_by_key(|order| std::cmp::Reverse(order.id));
        found.truncate(MOST);
        let ids: Vec<OrderId> = found.iter().map(|order| order.id).collect();
        let orders = self.bulk.run(found, cancel).await?;
        Ok(CancelOutcome::Orders(answer(&ids, orders, more)))
    }

    async fn import(
        &self,
        id: ImportId,
        only_pending: bool,
        whose: Option<UserId>,
        (by, reason): (Actor, Option<String>),
    ) -> Result<CancelOutcome, Refusal> {
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let import = self.imports.import(id).await?.ok_or(Refusal::NotFound)?;
            if whose.is_some_and(|whose| import.customer_id != whose) {
                return Err(Refusal::NotFound);
            }
            let key = ImportKey {
                customer_id: import.customer_id,
                import_id: id,
            };
            if import.cancels_as_much(only_pending) {
                // The process that wrote this may have died before it sent the message.
                if import.is_cancelling() {
                    self.queue.send(&[key], 0).await?;
                }
                return Ok(began(import));
            }
            self.queue.send(&[key], SPARE_S).await?;
            let now = self.clock.now();
            let cancellation = Cancellation {
                by,
                reason: reason.clone(),
                only_pending,
                requested_at: now,
                row: 0,
                cancelled: 0,
                kept: 0,
                finished_at: None,
            };
            let cancelling = import.cancelling(cancellation, now);
            match self.imports.put_import(&cancelling).await {
                Ok(()) => {
                    self.queue.send(&[key], 0).await?;
                    return Ok(began(cancelling));
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn began(import: Import) -> CancelOutcome {
    CancelOutcome::Import(Box::new(ImportAnswer::from(import)))
}

fn answer(ids: &[OrderId], orders: Vec<Order>, more: bool) -> CancelledAnswer {
    let orders: HashMap<OrderId, Order> =
        orders.into_iter().map(|order| (order.id, order)).collect();
    let answers = ids.iter().map(|id| {
        let status = orders.get(id).map(|order| order.status);
        let result = match status {
            Some(OrderStatus::Cancelled) => CancelResult::Cancelled,
            Some(OrderStatus::Pending | OrderStatus::Assigned) => CancelResult::Contended,
            Some(
                OrderStatus::InProgress
                | OrderStatus::Delivered
                | OrderStatus::Failed
                | OrderStatus::Undelivered
                | OrderStatus::Returning
                | OrderStatus::Returned,
            ) => CancelResult::NotPossible,
            None => CancelResult::NotFound,
        };
        CancelAnswer {
            order_id: *id,
            result,
            status,
        }
    });
    CancelledAnswer {
        orders: answers.collect(),
        more,
    }
}
