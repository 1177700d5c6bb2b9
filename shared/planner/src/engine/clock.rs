//! How far a search has come.

use std::time::{Duration, Instant};

use crate::options::Limit;

/// How many rounds a problem without orders would get.
const ROUNDS_FOR_NONE: u64 = 2000;

/// How far a first plan may overrun a limit that is too short for one.
const GRACE: Duration = Duration::from_millis(20);

/// The monotonic clock. A search with a limit of rounds never asks for it.
#[expect(
    clippy::disallowed_methods,
    reason = "a limit of time is measured here"
)]
fn instant() -> Instant {
    Instant::now()
}

/// Measures a search's progress from 0 to 1, by time or by rounds.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Time {
        start: Instant,
        limit: Duration,
        /// Rounds after which there is nothing left to find.
        enough: u64,
    },
    Rounds {
        limit: u64,
    },
}

impl Clock {
    /// A small problem needs but part of a generous time: each order more
    /// triples what it may take.
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

    /// Whether even the first plan has to be left unfinished. A limit of rounds
    /// counts what comes after it.
    pub(crate) fn ends_the_first_plan(&self) -> bool {
        match self {
            Self::Time { start, limit, .. } => start.elapsed() > limit.saturating_add(GRACE),
            Self::Rounds { .. } => false,
        }
    }

    /// A clock whose time was up long ago.
    #[cfg(test)]
    pub(crate) fn of_the_past() -> Self {
        let now = instant();
        Self::Time {
            start: now.checked_sub(Duration::from_secs(9)).unwrap_or(now),
            limit: Duration::ZERO,
            enough: u64::MAX,
        }
    }

    /// How much of the search is behind it after so many rounds: 1 or more
    /// when it is to end.
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
