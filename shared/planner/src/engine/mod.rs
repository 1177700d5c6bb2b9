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
mod exact;
mod fleet;
mod insertion;
mod network;
mod portable;
mod proximity;
mod random;
mod recreate;
mod ruin;
mod schedule;
#[cfg(test)]
mod tests;
mod tour;

use crate::options::{Options, Progress};
use crate::plan::Plan;
use crate::problem::Problem;
use anneal::{Report, Search};
use clock::Clock;
use network::Network;
use schedule::Worth;

/// How much of the time goes into saving vehicles and placing what is left over,
/// before travel is shortened; it may need less.
const PACKING: f64 = 0.35;

/// When threads look at each other's plans.
const MEETINGS: [f64; 2] = [0.7, 1.0];

/// Plans. What is found when the limit is reached is the answer; a first plan
/// is there almost at once.
#[must_use]
pub fn solve(problem: &Problem, options: &Options) -> Plan {
    solve_with(problem, options, |_| {})
}

/// Plans, and tells of each plan that is better than the ones before. With
/// more than one thread the first one's plans are told, and at times the best
/// of all.
#[must_use]
pub fn solve_with(problem: &Problem, options: &Options, progress: impl FnMut(&Progress)) -> Plan {
    planned(problem, options, exact::MOST_ORDERS, progress)
}

/// Plans. Up to so many orders every plan is tried before the search begins.
fn planned(
    problem: &Problem,
    options: &Options,
    tried_orders: usize,
    mut progress: impl FnMut(&Progress),
) -> Plan {
    let clock = Clock::start(options.limit, problem.orders().len());
    let network = Network::new(problem);
    let vehicles_first = problem.minimises_vehicles();
    let mut told: Option<Worth> = None;
    let mut report = |iterations: u64, worth: &Worth| {
        let is_better = |old: Worth| worth.key(vehicles_first) < old.key(vehicles_first);
        if told.is_none_or(is_better) {
            told = Some(*worth);
            progress(&Progress {
                iterations,
                placed: network.jobs.len() - worth.absent,
                lateness_s: worth.lateness,
                vehicles: worth.vehicles,
                travel: worth.travel,
            });
        }
    };
    let mut first = Search::new(&network, options.seed);
    first.construct(&clock);
    report(0, &first.best.worth);
    if network.jobs.is_empty() || network.carriers.is_empty() {
        return answer::plan(&network, &first.best, 0);
    }
    if network.jobs.len() <= tried_orders {
        let tried = exact::best(&network, &clock, exact::BUDGET);
        first.take_over(&tried.schedule);
        report(0, &first.best.worth);
        if tried.proven {
            return answer::plan(&network, &first.best, 0);
        }
    }
    if clock.progress(0) < 1.0 {
        first.ruin.look_around(&network);
    }
    let mut others: Vec<Search<'_, '_>> = (1..options.threads)
        .map(|thread| first.with_seed(thread as u64))
        .collect();
    together(&mut first, &mut others, &mut report, |search, report| {
        search.pack(&clock, PACKING, report);
    });
    let packed = clock.progress(first.rounds).min(PACKING);
    for meeting in MEETINGS {
        together(&mut first, &mut others, &mut report, |search, report| {
            search.anneal(&clock, packed, meeting, report);
        });
    }
    let rounds = first.rounds + others.iter().map(|it| it.rounds).sum::<u64>();
    answer::plan(&network, &first.best, rounds)
}

/// Lets all threads do something, and the first one have the best that came of
/// it. Those whose best is worse go on from there too.
fn together<'a, 'n>(
    first: &mut Search<'a, 'n>,
    others: &mut [Search<'a, 'n>],
    report: Report<'_>,
    act: impl Fn(&mut Search<'a, 'n>, Report<'_>) + Sync,
) {
    if others.is_empty() {
        act(first, report);
        return;
    }
    std::thread::scope(|scope| {
        for search in &mut *others {
            let act = &act;
            scope.spawn(move || act(search, &mut |_, _| {}));
        }
        act(first, report);
    });
    let vehicles_first = first.network.problem.minimises_vehicles();
    let key = |search: &Search<'_, '_>| search.best.worth.key(vehicles_first);
    if let Some(best) = others.iter_mut().min_by_key(|it| key(it))
        && key(best) < key(first)
    {
        first.best.become_like(&best.best);
        first.restart_from_best();
        report(first.rounds, &first.best.worth);
    }
    for search in others {
        if key(first) < key(search) {
            search.best.become_like(&first.best);
            search.restart_from_best();
        }
    }
}
