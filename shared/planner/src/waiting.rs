//! The waiting of an order, as the objective counts it.

use crate::instance::Order;

/// How often a second after the promised moment counts.
pub const BROKEN_PROMISE_FACTOR: i64 = 5;

/// Longer waiting counts as this much, so that costs fit into 64 bits: over 31 years.
const LONGEST_S: i64 = 1_000_000_000;

/// A moment after everything that can happen.
const NEVER: i64 = i64::MAX / 4;

/// The moments that the cost of an order's waiting depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The start of waiting.
    pub(crate) since_s: i64,
    /// The promised moment of delivery. Each later second counts [`BROKEN_PROMISE_FACTOR`] times.
    pub(crate) promised_s: i64,
}

impl Waiting {
    pub(crate) fn of(order: &Order) -> Self {
        let opens_s = order.pickup.and_then(|stop| stop.window);
        let since_s = opens_s.map_or(order.waiting_since_s, |window| {
            window.earliest_s.max(order.waiting_since_s)
        });
        let promised_s = match (order.dropoff.window, order.promise_s) {
            (Some(window), _) => window.latest_s.max(since_s),
            (None, Some(promise_s)) => since_s + promise_s,
            (None, None) => NEVER,
        };
        Self {
            since_s,
            promised_s,
        }
    }

    /// The seconds of waiting if service at the drop-off begins at this moment.
    pub(crate) fn seconds(self, delivery_s: i64) -> i64 {
        (delivery_s - self.since_s).clamp(0, LONGEST_S)
    }

    /// The seconds of waiting, where each second after the promised moment counts [`BROKEN_PROMISE_FACTOR`] times.
    pub(crate) fn counted_seconds(self, delivery_s: i64) -> i64 {
        let beyond = (delivery_s - self.promised_s).clamp(0, LONGEST_S);
        self.seconds(delivery_s) + (BROKEN_PROMISE_FACTOR - 1) * beyond
    }
}
