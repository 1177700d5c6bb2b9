//! The orders of a customer who was suspended, or whose suspension has ended.

use std::sync::Arc;
use std::time::Duration;

use domain::UserStatus;

use crate::messages::{CustomerChanged, OrdersWalk};
use crate::orders::{BulkChange, BulkStep, ChangeInBulk};
use crate::ports::{Clock, OrderListing, OrderStore, Queue, UserStore};
use crate::refusal::Refusal;

/// The orders of a page.
const PAGE: usize = 100;
/// No page begins with less time left than this. The next run does the rest.
const LAST_PAGE: Duration = Duration::from_secs(15);
/// The delay of the message that continues after an outage or lost races, in seconds.
const REST_S: u32 = 30;
/// All orders are looked at once more after this many seconds. By then, every process has ended that had read the
/// record before it changed: no function runs for longer than two minutes.
const ONCE_MORE_S: u32 = 180;

/// Lets the orders of a customer follow the customer's status: those that are not picked up wait while the customer is
/// suspended. The queue of imports carries its messages.
pub struct FollowCustomer {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Changes the orders and takes them off their routes.
    pub bulk: ChangeInBulk,
    /// Continues when the time is up.
    pub queue: Arc<dyn Queue<CustomerChanged>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The result of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowReport {
    /// The orders that were looked at.
    pub orders: usize,
    /// Whether this message has come to its end. If not, another one continues.
    pub is_over: bool,
}

impl FollowCustomer {
    /// Goes through the orders page by page, from the place in the message, until the end or until `time` is up. A
    /// message with the place then continues.
    ///
    /// Each page acts on the record as it is at that moment. So the messages of a suspension and of its end may come in
    /// any sequence. A message that comes twice finds its orders changed, and changes nothing.
    ///
    /// An order may slip through: the index shows a new order late, and a plan or a call may have read the record
    /// before it changed. So a last message goes through all orders once more, after the end of every such process. In
    /// the meantime no plan takes a pending order of a suspended customer, because plans read the record too.
    ///
    /// After a crash the queue delivers the message again. The pages since its place are looked at again.
    ///
    /// # Errors
    /// If a dependency stays unavailable and the run made no progress. The queue then delivers the message again.
    pub async fn run(
        &self,
        message: CustomerChanged,
        time: Duration,
    ) -> Result<FollowReport, Refusal> {
        let stop_at = self
            .clock
            .now()
            .checked_add(time.saturating_sub(LAST_PAGE))
            .ok();
        let mut report = FollowReport::default();
        let mut place = message;
        loop {
            match self.page(&place, &mut report).await {
                Ok(Some(next)) => place = next,
                Ok(None) => {
                    if !place.last {
                        let once_more = CustomerChanged {
                            walk: OrdersWalk::OnRoutes,
                            before: None,
                            last: true,
                            ..place
                        };
                        self.queue.send(&[once_more], ONCE_MORE_S).await?;
                    }
                    report.is_over = true;
                    return Ok(report);
                }
                // A message that makes progress must not come closer to the dead-letter queue.
                Err(Refusal::Unavailable(_) | Refusal::Contended) if report.orders > 0 => {
                    self.queue.send(&[place], REST_S).await?;
                    return Ok(report);
                }
                Err(refusal) => return Err(refusal),
            }
            if stop_at.is_some_and(|stop_at| self.clock.now() >= stop_at) {
                self.queue.send(&[place], 0).await?;
                return Ok(report);
            }
        }
    }

    /// Changes the orders of one page, and says where the next one begins. `None` at the end.
    async fn page(
        &self,
        place: &CustomerChanged,
        report: &mut FollowReport,
    ) -> Result<Option<CustomerChanged>, Refusal> {
        let id = place.customer_id;
        let customer = self.users.user(id).await?.ok_or(Refusal::NotFound)?;
        let by = place.changed_by;
        let step = match (customer.status, customer.suspended_at) {
            (UserStatus::Suspended, Some(since)) => BulkStep::Suspend { by, since },
            (UserStatus::Active, _) => BulkStep::Resume { by },
            (UserStatus::Suspended | UserStatus::Unconfirmed | UserStatus::PendingApproval, _) => {
                return Ok(None);
            }
        };
        let change = BulkChange {
            step,
            request_id: place.request_id.clone(),
        };
        let listing = OrderListing::Customer(id);
        let status = Some(place.walk.status());
        let page = self
            .orders
            .list_orders(listing, status, place.before, PAGE)
            .await?;
        let orders = self.orders.orders(&page.ids).await?;
        let orders = self.bulk.run(orders, &change).await?;
        let now = self.clock.now();
        if !orders.iter().all(|order| change.is_done(order, now)) {
            return Err(Refusal::Contended);
        }
        report.orders += orders.len();
        let walk = match page.next {
            Some(_) => Some(place.walk),
            None => place.walk.next(),
        };
        Ok(walk.map(|walk| CustomerChanged {
            walk,
            before: page.next,
            ..place.clone()
        }))
    }
}
