//! Measures the progress of a search.

use std::time::{Duration, Instant};

use crate::options::Limit;

/// The rounds that an instance without orders would get.
const ROUNDS_FOR_NONE: u64 = 2000;

/// The time by which a first plan may exceed a limit that is too short for it.
const GRACE: Duration = Duration::from_millis(20);

/// The monotonic clock. A search with a limit of rounds never reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "a limit of time is measured here"
)]
fn instant() -> Instant {
    Instant::now()
}

/// Measures the progress of a search from 0 to 1, by time or by rounds.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Time {
        start: Instant,
        limit: Duration,
        /// The rounds after which nothing is left to find.
        enough: u64,
    },
    Rounds {
        limit: u64,
    },
}

impl Clock {
    /// Starts a clock. A small instance needs only a part of a long limit: each further order triples the rounds that
    /// it may take.
    pub(crate) fn start(limit: Limit, orders: usize) -> Self {
        match limit {
            Limit::Time(limit) => Self::Time {
                start: instant(),
                limit,
                enough: u32::try_from(orders)
                    .ok()
                    .and_then(|orders| 3_u64.checked_pow(orders))
                    .map_or(u64::MAX, |power| power.saturating_mul(ROUNDS_FOR_NONE)),
            },
            Limit::Iterations(limit) => Self::Rounds { limit },
        }
    }

    /// Whether even the first plan must be left unfinished. A limit of rounds counts only the rounds after the first
    /// plan.
    pub(crate) fn ends_the_first_plan(&self) -> bool {
        match self {
            Self::Time { start, limit, .. } => start.elapsed() > limit.saturating_add(GRACE),
            Self::Rounds { .. } => false,
        }
    }

    /// A clock whose limit has passed long ago.
    #[cfg(test)]
    pub(crate) fn of_the_past() -> Self {
        let now = instant();
        Self::Time {
            start: now.checked_sub(Duration::from_secs(9)).unwrap_or(now),
            limit: Duration::ZERO,
            enough: u64::MAX,
        }
    }

    /// The share of the search that is done after this many rounds. The search ends at 1.
    pub(crate) fn progress(&self, rounds: u64) -> f64 {
        match self {
            Self::Time {
                start,
                limit,
                enough,
            } => {
                if limit.is_zero() {
                    return 1.0;
                }
                let time = start.elapsed().as_secs_f64() / limit.as_secs_f64();
                time.max(rounds as f64 / *enough as f64)
            }
            Self::Rounds { limit } => {
                if *limit == 0 {
                    return 1.0;
                }
                rounds as f64 / *limit as f64
            }
        }
    }
}
