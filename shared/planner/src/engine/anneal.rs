//! Simulated annealing over rounds of ruin and recreate.

use std::cmp::Ordering;

use super::clock::Clock;
use super::network::Network;
use super::portable::{exp, ln};
use super::random::Random;
use super::recreate::Recreate;
use super::ruin::{Measure, Ruin};
use super::schedule::{Schedule, Worth};

/// Temperatures, in average legs.
pub(crate) const HOT: f64 = 1.0;
pub(crate) const COLD: f64 = 0.01;

/// The state of a search: one thread's.
pub(crate) struct Search<'a, 'n> {
    pub(crate) network: &'a Network<'n>,
    pub(crate) random: Random,
    pub(crate) ruin: Ruin,
    pub(crate) recreate: Recreate,
    pub(crate) rounds: u64,
    /// How many vehicles may be in use.
    pub(crate) vehicle_limit: usize,
    /// What the search is at.
    pub(crate) current: Schedule,
    /// The best that it has seen.
    pub(crate) best: Schedule,
}

/// Told of each better plan.
pub(crate) type Report<'r> = &'r mut dyn FnMut(u64, &Worth);

impl<'a, 'n> Search<'a, 'n> {
    pub(crate) fn new(network: &'a Network<'n>, seed: u64) -> Self {
        let measure = Measure {
            stops: 10.0,
            string: 10.0,
            split: 0.5,
            split_stop: 0.01,
        };
        let current = Schedule::new(network);
        Self {
            network,
            random: Random::new(seed),
            ruin: Ruin::new(network, measure),
            recreate: Recreate::new(network),
            rounds: 0,
            vehicle_limit: usize::MAX,
            best: current.clone(),
            current,
        }
    }

    /// A first plan, by greedy insertion.
    pub(crate) fn construct(&mut self) {
        self.recreate.run(
            self.network,
            &mut self.random,
            &mut self.current,
            self.vehicle_limit,
        );
        self.current.keep();
        self.best.become_like(&self.current);
    }

    pub(crate) fn energy(&self, worth: &Worth) -> f64 {
        (worth.travel
            + worth.lateness.saturating_mul(self.network.lateness_weight)
            + worth.vehicles as i64 * self.network.vehicle_weight) as f64
    }

    /// Cools down from hot to cold between two points of the clock.
    pub(crate) fn anneal(&mut self, clock: &Clock, until: f64, report: Report<'_>) {
        self.recreate.blink = blink(self.network);
        let from = clock.progress(self.rounds);
        let visits = 2.0 * self.network.jobs.len() as f64;
        let leg = (self.current.worth.travel as f64 / visits).max(1e-6);
        let hot = leg * HOT;
        let ratio = ln(COLD / HOT);
        let mut temperature = hot;
        let mut energy = self.energy(&self.current.worth);
        let mut check = 0_u32;
        loop {
            if check == 0 {
                let progress = clock.progress(self.rounds);
                if progress >= until {
                    break;
                }
                let done = (progress - from) / (until - from);
                temperature = hot * exp(ratio * done);
                check = 16;
            }
            check -= 1;
            self.rounds += 1;
            self.ruin
                .run(self.network, &mut self.random, &mut self.current);
            self.recreate.run(
                self.network,
                &mut self.random,
                &mut self.current,
                self.vehicle_limit,
            );
            let worth = self.current.worth;
            let candidate = self.energy(&worth);
            let placed = worth.absent.cmp(&self.current.kept().absent);
            let worse = match placed {
                Ordering::Less => false,
                Ordering::Equal => candidate >= energy - temperature * ln(self.random.unit()),
                Ordering::Greater => true,
            };
            if worse || worth.forsaken > self.best.worth.forsaken {
                self.current.undo();
                continue;
            }
            self.current.keep();
            energy = candidate;
            self.take_if_best(report);
        }
    }

    /// Keeps the present schedule if it is the best so far.
    pub(crate) fn take_if_best(&mut self, report: Report<'_>) {
        let first = self.network.problem.minimises_vehicles();
        let worth = self.current.worth;
        if worth.key(first) < self.best.worth.key(first) {
            self.best.become_like(&self.current);
            report(self.rounds, &worth);
        }
    }
}

/// How often a position is overlooked: 1 % as in Christiaens and Vanden Berghe
/// (2020), more where there are few positions.
pub(crate) fn blink(network: &Network<'_>) -> f64 {
    (0.5 / network.jobs.len().max(1) as f64).clamp(0.01, 0.1)
}
