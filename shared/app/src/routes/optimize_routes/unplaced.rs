//! Orders that have to wait: because nobody can take them now, or because it is too early.

use domain::order::Waiting;
use domain::{Order, Timestamp, UnplacedReason};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::SignedDuration;

use super::OptimizeRoutes;
use crate::ports::StoreError;
use crate::refusal::Refusal;

/// The first pause.
const SHORTEST_PAUSE_S: i64 = 60;
/// The longest pause.
const LONGEST_PAUSE_S: i64 = 3_600;
/// So many orders are written at once.
const WRITES_AT_ONCE: usize = 16;

/// How long an order waits that could not be placed for the `attempts`th time: from a minute, twice as long each
/// time, to an hour.
pub(super) fn pause_after(attempts: u32) -> SignedDuration {
    let doublings = attempts.saturating_sub(1).min(16);
    SignedDuration::from_secs((SHORTEST_PAUSE_S << doublings).min(LONGEST_PAUSE_S))
}

/// Whether an order's first window opens by then. Without a pickup window it is the drop-off's that counts: nobody
/// drives a parcel about for a day.
pub(super) fn opens_within(order: &Order, by: Timestamp) -> bool {
    first_opening(order).is_none_or(|opens| opens <= by)
}

fn first_opening(order: &Order) -> Option<Timestamp> {
    let window = order.pickup.window.or(order.dropoff.window);
    window.map(|window| window.start)
}

impl OptimizeRoutes {
    /// Notes why orders were not placed, and when to try again.
    pub(super) async fn note_unplaced(
        &self,
        unplaced: Vec<(Order, UnplacedReason)>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let notes = unplaced.into_iter().map(|(order, reason)| {
            let attempts = order.waiting.map_or(0, |waiting| waiting.attempts) + 1;
            let waiting = Waiting {
                retry_at: now + pause_after(attempts),
                attempts,
                reason: Some(reason),
            };
            order.waits(waiting, now)
        });
        self.write_all(notes.collect()).await
    }

    /// Lets orders wait until their first window comes within the horizon.
    pub(super) async fn postpone(&self, early: Vec<Order>, now: Timestamp) -> Result<(), Refusal> {
        let notes = early.into_iter().filter_map(|order| {
            let waiting = Waiting {
                retry_at: first_opening(&order)? - self.settings.horizon,
                attempts: 0,
                reason: None,
            };
            (order.waiting != Some(waiting)).then(|| order.waits(waiting, now))
        });
        self.write_all(notes.collect()).await
    }

    /// Who loses a race here has nothing to say any more: the order was cancelled, or placed by somebody else.
    async fn write_all(&self, orders: Vec<Order>) -> Result<(), Refusal> {
        let writes = orders.into_iter().map(|order| async move {
            match self.orders.put_order(&order).await {
                Ok(()) | Err(StoreError::Conflict) => Ok(()),
                Err(error) => Err(Refusal::from(error)),
            }
        });
        stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect()
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_minute_to_an_hour() {
        let minutes: Vec<i64> = (1..=8).map(|n| pause_after(n).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause_after(u32::MAX).as_mins(), 60);
    }
}
