//! The safety net: wakes zones in which orders have been due for a while.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::messages::{Wake, WakeCause};
use crate::ports::{Clock, OrderStore, WakeQueue};
use crate::refusal::Refusal;

/// An order is overdue when nothing has looked at it for so long after it was due: in the ordinary course
/// its own wake-up has long come.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// Runs on a schedule.
pub struct SweepPendingOrders {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Wakes the optimizer.
    pub wakes: Arc<dyn WakeQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SweepPendingOrders {
    /// Wakes each zone with overdue orders once, and says how many there were. Running twice wakes twice,
    /// which changes nothing.
    ///
    /// # Errors
    /// When store or queue are away; the next run does it all again.
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
        self.wakes.wake(&wakes, 0).await?;
        Ok(wakes.len())
    }
}
