//! Cancels the orders of an import.

use std::time::Duration;

use domain::{Import, Order, OrderId, OrderStatus};

use super::{Run, StopReason};
use crate::orders::{BulkChange, BulkStep};
use crate::ports::StoreError;
use crate::refusal::Refusal;

/// The orders of this many rows are read at once. DynamoDB reads no more for one request.
const ROWS: u32 = 100;

impl Run<'_> {
    /// Cancels the orders of an import, from the row that its record names. The ids of the orders follow from the
    /// numbers of the rows, so no index is needed. The orders of some rows are cancelled, and then the record is
    /// written. After a crash in between, the next run finds these orders cancelled and counts them.
    ///
    /// No row is left out: as long as an order can still be cancelled, the record stays at the rows before it.
    pub(super) async fn cancel(&mut self, mut import: Import) -> Result<StopReason, Refusal> {
        loop {
            let Some(cancellation) = import
                .cancellation
                .clone()
                .filter(|_| import.is_cancelling())
            else {
                return Ok(StopReason::Over(import.status));
            };
            let only_pending = cancellation.only_pending;
            let cancel = BulkChange {
                step: BulkStep::Cancel {
                    only_pending,
                    by: cancellation.by,
                    reason: cancellation.reason,
                },
                request_id: None,
            };
            let last = import.rows().min(cancellation.row + ROWS);
            let rows = cancellation.row + 1..=last;
            let ids: Vec<OrderId> = rows.map(|row| import.id.order_in_row(row)).collect();
            let bulk = &self.on.bulk;
            self.report.store_requests += 2;
            let orders = bulk.orders.orders(&ids).await?;
            let orders = bulk.run(orders, &cancel).await?;
            let (mut cancelled, mut kept) = (0, 0);
            for order in &orders {
                match after(order, only_pending) {
                    After::Cancelled => cancelled += 1,
                    After::Kept => kept += 1,
                    After::StillOpen => return Err(Refusal::Contended),
                }
            }
            let through = import.cancelled_through(last, cancelled, kept, self.on.clock.now());
            match self.on.imports.put_import(&through).await {
                Ok(()) => {}
                Err(StoreError::Conflict) => {
                    return Ok(StopReason::Outpaced {
                        perhaps_by_us: false,
                    });
                }
                Err(error) => return Err(error.into()),
            }
            self.report.cancelled_rows += last - cancellation.row;
            import = through;
            if import.is_cancelling() && self.time_left() == Duration::ZERO {
                return Ok(StopReason::OutOfTime);
            }
        }
    }
}

/// What became of an order.
enum After {
    Cancelled,
    Kept,
    StillOpen,
}

fn after(order: &Order, only_pending: bool) -> After {
    match order.status {
        OrderStatus::Cancelled => After::Cancelled,
        OrderStatus::Pending => After::StillOpen,
        OrderStatus::Assigned if !only_pending => After::StillOpen,
        OrderStatus::Assigned
        | OrderStatus::InProgress
        | OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Undelivered
        | OrderStatus::Returning
        | OrderStatus::Returned => After::Kept,
    }
}
