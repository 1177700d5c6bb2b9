//! The search: it takes an instance and returns the best plan that it finds.
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

use crate::instance::Instance;
use crate::options::{Options, Progress};
use crate::plan::Plan;
use anneal::{Report, Search};
use clock::Clock;
use network::Network;
use schedule::Value;

/// The largest share of the time for serving the unserved orders and saving vehicles, before the cost is reduced.
const PACKING: f64 = 0.35;

/// The points in time at which threads exchange their best plans.
const MEETINGS: [f64; 2] = [0.7, 1.0];

/// Plans an instance. The answer is the best plan found when the limit is reached. A first plan exists almost at once.
#[must_use]
pub fn solve(instance: &Instance, options: &Options) -> Plan {
    solve_with(instance, options, |_| {})
}

/// Plans an instance and reports each plan that is better than all reported before. With several threads, only the
/// plans of the first thread are reported, and the best of all whenever the threads exchange plans.
#[must_use]
pub fn solve_with(instance: &Instance, options: &Options, progress: impl FnMut(&Progress)) -> Plan {
    planned(instance, options, exact::MOST_ORDERS, progress)
}

/// Plans an instance. With at most `tried_orders` orders, the exact solver runs before the search.
fn planned(
    instance: &Instance,
    options: &Options,
    tried_orders: usize,
    mut progress: impl FnMut(&Progress),
) -> Plan {
    let clock = Clock::start(options.limit, instance.orders().len());
    let network = Network::new(instance);
    let vehicles_first = instance.objective().minimise_vehicles;
    let mut told: Option<Value> = None;
    let mut report = |iterations: u64, value: &Value| {
        let is_better = |old: Value| value.key(vehicles_first) < old.key(vehicles_first);
        if told.is_none_or(is_better) {
            told = Some(*value);
            progress(&Progress {
                iterations,
                served: network.orders.len() - value.unserved,
                unserved_urgency: value.unserved_urgency,
                lateness_s: value.lateness,
                vehicles: value.vehicles,
                cost_milli: value.cost * (1000 / network.scale),
            });
        }
    };
    let mut first = Search::new(&network, options.seed);
    first.construct(&clock);
    report(0, &first.best.value);
    if network.orders.is_empty() || network.vehicles.is_empty() {
        return answer::plan(&network, &first.best, 0);
    }
    if network.orders.len() <= tried_orders {
        let tried = exact::best(&network, &clock, exact::BUDGET);
        first.take_over(&tried.schedule);
        report(0, &first.best.value);
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

/// Runs `act` on all threads. Then every thread continues from the best plan of all.
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
    let vehicles_first = first.network.instance.objective().minimise_vehicles;
    let key = |search: &Search<'_, '_>| search.best.value.key(vehicles_first);
    if let Some(best) = others.iter_mut().min_by_key(|it| key(it))
        && key(best) < key(first)
    {
        first.best.become_like(&best.best);
        first.restart_from_best();
        report(first.rounds, &first.best.value);
    }
    for search in others {
        if key(first) < key(search) {
            search.best.become_like(&first.best);
            search.restart_from_best();
        }
    }
}
