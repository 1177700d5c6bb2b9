//! The safety net: wakes zones with overdue orders.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{OrderId, Zone};
use jiff::SignedDuration;

use crate::messages::{Wake, WakeCause};
use crate::ports::{Clock, OrderStore, Queue, SweepPlace};
use crate::refusal::Refusal;

/// An order is overdue if no plan has looked at it for this long after it was due. Normally the order's own wake-up
/// comes earlier.
const GRACE: SignedDuration = SignedDuration::from_secs(30);
/// The number of orders in a page of the index. They have about a megabyte. DynamoDB reads no more for one answer.
const PAGE: usize = 5_000;
/// No page begins with less time left than this.
const LAST_PAGE: Duration = Duration::from_secs(15);

/// `sweep-pending-orders`: runs on a schedule.
pub struct SweepPendingOrders {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The place where the last run stopped.
    pub place: Arc<dyn SweepPlace>,
    /// Wakes the optimizer.
    pub wakes: Arc<dyn Queue<Wake>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The result of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepReport {
    /// The zones that were woken.
    pub zones: usize,
    /// The pages of the index that were read.
    pub pages: usize,
    /// Whether the run came to the end of the index. If not, the next run continues where this one stopped.
    pub is_over: bool,
    /// The oldest pending order among those that were read.
    pub oldest: Option<OrderId>,
}

impl SweepPendingOrders {
    /// Wakes each zone with overdue orders once. The run reads the index page by page. It begins where the last run
    /// stopped, and ends at the end of the index or when `time` is up. After each page it wakes the zones of the page
    /// and stores its place.
    ///
    /// Two runs at the same time send the same wake-ups, and this is harmless. The stored place is the place of one of
    /// them. At least one of the two has read each page before this place.
    ///
    /// # Errors
    /// If the store or the queue is unavailable. The next run continues with the same page.
    pub async fn run(&self, time: Duration) -> Result<SweepReport, Refusal> {
        let begun = self.clock.now();
        let stop_at = begun.checked_add(time.saturating_sub(LAST_PAGE)).ok();
        let mut woken = BTreeSet::new();
        let (mut pages, mut oldest) = (0, None);
        let mut after = self.place.reached().await?;
        loop {
            let page = self
                .orders
                .zones_overdue(begun - GRACE, after, PAGE)
                .await?;
            pages += 1;
            oldest = [oldest, page.oldest].into_iter().flatten().min();
            let zones = page.zones.into_iter().filter(|zone| woken.insert(*zone));
            let wakes: Vec<Wake> = zones.map(overdue).collect();
            self.wakes.send(&wakes, 0).await?;
            // Most sweeps have one page and write nothing.
            if page.next != after {
                self.place.reach(page.next).await?;
            }
            after = page.next;
            if after.is_none() || stop_at.is_some_and(|stop_at| self.clock.now() >= stop_at) {
                return Ok(SweepReport {
                    zones: woken.len(),
                    pages,
                    is_over: after.is_none(),
                    oldest,
                });
            }
        }
    }
}

fn overdue(zone: Zone) -> Wake {
    Wake {
        zone,
        cause: WakeCause::Overdue,
        order_id: None,
        agent_id: None,
    }
}
