//! The search: a problem in, the best plan that it finds out.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "indices are validated to fit 32 bits, and floats only steer the search"
)]

mod anneal;
mod answer;
mod clock;
mod fleet;
mod insertion;
mod network;
mod portable;
mod random;
mod recreate;
mod ruin;
mod schedule;
mod tour;

use crate::options::{Options, Progress};
use crate::plan::Plan;
use crate::problem::Problem;
use anneal::Search;
use clock::Clock;
use network::Network;

/// Plans. What is found when the limit is reached is the answer; a first plan
/// is there almost at once.
#[must_use]
pub fn solve(problem: &Problem, options: &Options) -> Plan {
    solve_with(problem, options, |_| {})
}

/// Plans, and tells of each plan that is better than the ones before.
#[must_use]
pub fn solve_with(
    problem: &Problem,
    options: &Options,
    mut progress: impl FnMut(&Progress),
) -> Plan {
    let clock = Clock::start(options.limit);
    let network = Network::new(problem);
    let mut search = Search::new(&network, options.seed);
    search.construct();
    let orders = network.jobs.len();
    let mut report = |iterations: u64, worth: &schedule::Worth| {
        progress(&Progress {
            iterations,
            placed: orders - worth.absent,
            lateness_s: worth.lateness,
            vehicles: worth.vehicles,
            travel: worth.travel,
        });
    };
    search.pack(&clock, 0.3, &mut report);
    search.anneal(&clock, 1.0, &mut report);
    answer::plan(&network, &search.best, search.rounds)
}
