//! How long and with what means to search.

use std::time::Duration;

/// When a search ends. What was found until then is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After this much time on the wall clock, or sooner if the problem is so
    /// small that there is nothing left to find. Cooling follows the clock too,
    /// so that two runs differ.
    Time(Duration),
    /// After this many rounds of ruin and recreate, per thread. The same seed
    /// then gives the same plan on every machine.
    Iterations(u64),
}

/// What a search may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// When to stop.
    pub limit: Limit,
    /// Where the random numbers start.
    pub seed: u64,
    /// How many threads search at once, each in its own way; 0 counts as 1.
    pub threads: usize,
}

impl Options {
    /// One thread and seed 0.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            seed: 0,
            threads: 1,
        }
    }
}

/// What a search has reached, told each time that it found a better plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rounds of ruin and recreate so far, of the thread that found it.
    pub iterations: u64,
    /// Orders placed.
    pub placed: usize,
    /// Seconds that committed orders are late, all together.
    pub lateness_s: i64,
    /// Vehicles that have stops.
    pub vehicles: usize,
    /// Travel in the unit of the objective, fixed costs included.
    pub travel: i64,
}
