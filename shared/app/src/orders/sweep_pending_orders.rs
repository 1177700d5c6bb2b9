//! The safety net: wakes zones with overdue orders.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::messages::{Wake, WakeCause};
use crate::ports::{Clock, OrderStore, Queue};
use crate::refusal::Refusal;

/// An order is overdue if no plan has looked at it for this long after it was due. Normally the order's own wake-up
/// comes earlier.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// `sweep-pending-orders`: runs on a schedule.
pub struct SweepPendingOrders {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Wakes the optimizer.
    pub wakes: Arc<dyn Queue<Wake>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SweepPendingOrders {
    /// Wakes each zone with overdue orders once, and returns the number of zones. A second run sends the same wake-ups,
    /// which changes nothing.
    ///
    /// # Errors
    /// If the store or the queue is unavailable. The next run does everything again.
    pub async fn run(&self) -> Result<usize, Refusal> {
        let due_by = self.clock.now() - GRACE;
        let zones = self.orders.zones_overdue(due_by).await?;
        let wakes: Vec<Wake> = zones
            .into_iter()
            .map(|zone| Wake {
                zone,
                cause: WakeCause::Overdue,
                order_id: None,
                agent_id: None,
            })
            .collect();
        self.wakes.send(&wakes, 0).await?;
        Ok(wakes.len())
    }
}
