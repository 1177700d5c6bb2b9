//! The limits and means of a search.

use std::time::Duration;

/// The end of a search. The best plan found until then is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The search ends after this much time on the wall clock, or sooner if the instance is so small that nothing is
    /// left to find. Two runs differ, since annealing follows the clock.
    Time(Duration),
    /// The search ends after this many rounds of ruin and recreate per thread. The same seed then gives the same plan
    /// on every machine.
    Iterations(u64),
}

/// The options of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The end of the search.
    pub limit: Limit,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The number of threads. Each searches with its own random numbers. 0 counts as 1.
    pub threads: usize,
}

impl Options {
    /// Options with one thread and seed 0.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            seed: 0,
            threads: 1,
        }
    }
}

/// The state of a search, reported whenever it finds a better plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The rounds of ruin and recreate so far, in the thread that found the plan.
    pub iterations: u64,
    /// The number of served orders.
    pub served: usize,
    /// The sum of the urgencies of unserved orders.
    pub unserved_urgency: u64,
    /// The lateness of committed orders, in seconds.
    pub lateness_s: i64,
    /// The number of used vehicles.
    pub vehicles: usize,
    /// The cost in thousandths of a unit of travel.
    pub cost_milli: i64,
}
