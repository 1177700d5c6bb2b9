//! How far a search has come.

use std::time::{Duration, Instant};

use crate::options::Limit;

/// Measures a search's progress from 0 to 1, by time or by rounds.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    Time { start: Instant, limit: Duration },
    Rounds { limit: u64 },
}

impl Clock {
    pub(crate) fn start(limit: Limit) -> Self {
        match limit {
            Limit::Time(limit) => Self::Time {
                start: Instant::now(),
                limit,
            },
            Limit::Iterations(limit) => Self::Rounds { limit },
        }
    }

    /// How much of the search is behind it after so many rounds: 1 or more
    /// when it is to end.
    pub(crate) fn progress(&self, rounds: u64) -> f64 {
        match self {
            Self::Time { start, limit } => {
                if limit.is_zero() {
                    return 1.0;
                }
                start.elapsed().as_secs_f64() / limit.as_secs_f64()
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
