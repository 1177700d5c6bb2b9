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
/// An order has expired this long after its last chance.
const JUST_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// So many orders are written at once.
const WRITES_AT_ONCE: usize = 16;

/// How long an order waits that could not be placed for the `attempts`th time: from a minute, twice as long each
/// time, to an hour. Where no agent is on duty, the pause is an hour: an agent who comes on duty ends it.
pub(super) fn pause_after(attempts: u32, reason: UnplacedReason) -> SignedDuration {
    if reason == UnplacedReason::NoAgentOnDuty {
        return SignedDuration::from_secs(LONGEST_PAUSE_S);
    }
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
            let pause_ends = now + pause_after(attempts, reason);
            // An order that expires during the pause is looked at when that happens.
            let expires = order.last_chance().map(|last| last + JUST_AFTER);
            let waiting = Waiting {
                retry_at: expires.map_or(pause_ends, |expires| expires.min(pause_ends)),
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

    /// Lets the orders of suspended customers wait. A suspension changes the customer's orders in the background. An
    /// order may slip through: it was placed at that moment, or an agent has given it back.
    pub(super) async fn hold(&self, orders: &[Order], now: Timestamp) -> Result<(), Refusal> {
        let held = orders.iter();
        let held = held.filter_map(|order| order.customer_suspended(None, now));
        self.write_all(held.collect()).await
    }

    /// A write that loses a race is out of date: the order was cancelled, or another run has placed it.
    pub(super) async fn write_all(&self, orders: Vec<Order>) -> Result<(), Refusal> {
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
        let full = UnplacedReason::OverCapacity;
        let minutes: Vec<i64> = (1..=8).map(|n| pause_after(n, full).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause_after(u32::MAX, full).as_mins(), 60);
        assert_eq!(pause_after(1, UnplacedReason::NoAgentOnDuty).as_mins(), 60);
    }
}
