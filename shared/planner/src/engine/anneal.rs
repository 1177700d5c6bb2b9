//! Simulated annealing over rounds of ruin and recreate.

use super::clock::Clock;
use super::network::Network;
use super::portable::{exp, ln};
use super::random::Random;
use super::recreate::{LEAST_BLINK, Recreate};
use super::ruin::{Measure, Ruin};
use super::schedule::{Schedule, Worth};

/// Temperature in the beginning, in average legs.
const HOT: f64 = 3.0;

/// Temperature in the end, in average legs.
const COLD: f64 = 0.1;

/// What a second of lateness costs in the beginning, in seconds of driving.
const LENIENCY: f64 = 5.0;

/// How often the clock is looked at.
pub(crate) const ROUNDS_PER_CHECK: u32 = 4;

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
            kin: 10,
            kin_share: 0.3,
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

    /// The same search, with other random numbers from here on.
    pub(crate) fn with_seed(&self, seed: u64) -> Self {
        let mut random = self.random.clone();
        Self {
            network: self.network,
            random: Random::new(random.next() ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            ruin: self.ruin.clone(),
            recreate: self.recreate.clone(),
            rounds: self.rounds,
            vehicle_limit: self.vehicle_limit,
            current: self.current.clone(),
            best: self.best.clone(),
        }
    }

    /// A first plan, by greedy insertion, as far as time allows.
    pub(crate) fn construct(&mut self, clock: &Clock) {
        self.recreate.run_until(
            self.network,
            &mut self.random,
            &mut self.current,
            self.vehicle_limit,
            || clock.ends_the_first_plan(),
        );
        self.current.keep();
        self.best.become_like(&self.current);
    }

    /// Goes on from another schedule, if it is better than what was found so far.
    pub(crate) fn take_over(&mut self, other: &Schedule) {
        let first = self.network.problem.minimises_vehicles();
        if other.worth.key(first) < self.best.worth.key(first) {
            self.best.become_like(other);
            self.restart_from_best();
        }
    }

    /// What a second costs where driving is all that it is spent on.
    fn second(&self) -> f64 {
        let visits = self.best.tours.iter().flat_map(|tour| &tour.visits);
        let seconds: i64 = visits.map(|visit| i64::from(visit.leg_s)).sum();
        self.best.worth.travel as f64 / (seconds as f64).max(1.0)
    }

    /// Cools down from hot at one point of the clock to cold at its end; stops
    /// on the way at another.
    pub(crate) fn anneal(&mut self, clock: &Clock, from: f64, until: f64, report: Report<'_>) {
        self.recreate.blink = blink(self.network);
        let visits = 2.0 * self.network.jobs.len() as f64;
        let leg = (self.best.worth.travel as f64 / visits).max(1e-6);
        let ratio = ln(COLD / HOT);
        let mut temperature = leg * HOT;
        // Lateness has to outweigh travel in the end. If it did so from the
        // start, the search could never get past a plan that is a bit late.
        let (strict, lenient) = (
            self.network.lateness_weight as f64,
            (LENIENCY * self.second()).max(1e-6),
        );
        let mut lateness_price = lenient;
        let mut check = 0_u32;
        loop {
            if check == 0 {
                let progress = clock.progress(self.rounds);
                if progress >= until {
                    break;
                }
                let done = ((progress - from) / (1.0 - from)).clamp(0.0, 1.0);
                temperature = leg * HOT * exp(ratio * done);
                lateness_price = lenient * exp(ln(strict / lenient) * done);
                check = ROUNDS_PER_CHECK;
            }
            check -= 1;
            self.rounds += 1;
            self.ruin
                .run(self.network, &mut self.random, &mut self.current);
            let network = self.network;
            let kept = *self.current.kept();
            let most =
                energy(network, &kept, lateness_price) - temperature * ln(self.random.unit());
            let is_too_dear = |worth: &Worth| energy(network, worth, lateness_price) > most;
            // Where no stop saves anything, what is too dear by now would be so
            // in the end too, and need not be completed to be refused.
            let is_hopeless = |worth: &Worth, left_over: usize| {
                left_over > kept.absent
                    || (network.metric && left_over == kept.absent && is_too_dear(worth))
            };
            let completed = self.recreate.run_unless(
                network,
                &mut self.random,
                &mut self.current,
                self.vehicle_limit,
                is_hopeless,
            );
            let worth = self.current.worth;
            // What is completed leaves no more over than before.
            let worse = !completed || (worth.absent == kept.absent && is_too_dear(&worth));
            if worse || worth.forsaken > self.best.worth.forsaken {
                self.current.undo();
                continue;
            }
            self.current.keep();
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

/// What annealing minimises while a second of lateness has this price.
pub(crate) fn energy(network: &Network<'_>, worth: &Worth, lateness_price: f64) -> f64 {
    (worth.travel + worth.vehicles as i64 * network.vehicle_weight) as f64
        + worth.lateness as f64 * lateness_price
}

/// How often a position is overlooked: more often where there are few.
pub(crate) fn blink(network: &Network<'_>) -> f64 {
    (0.5 / network.jobs.len().max(1) as f64).clamp(LEAST_BLINK, 0.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Objective, Order, Problem, ProblemSpec, Shift, Stop, TravelMatrix, Vehicle};

    #[test]
    fn without_time_the_first_plan_has_what_it_must_have_and_no_more() {
        let shift = Shift {
            start_s: 0,
            end_s: 1000,
        };
        let mut committed = Order::new(Stop::at(1), Stop::at(2), 1);
        committed.vehicle = Some(0);
        committed.committed = true;
        let problem = Problem::new(ProblemSpec {
            travel: TravelMatrix::measured(3, |from, to| {
                let length = from.abs_diff(to) as u32;
                (length, length)
            }),
            vehicles: vec![Vehicle::new(0, 4, shift)],
            orders: vec![
                Order::new(Stop::at(1), Stop::at(2), 1),
                Order::aboard(0, Stop::at(2), 1),
                committed,
            ],
            objective: Objective::Distance,
            minimise_vehicles: false,
        });
        let problem = problem.unwrap_or_else(|faults| panic!("{faults:?}"));
        let network = Network::new(&problem);
        let mut search = Search::new(&network, 0);
        search.construct(&Clock::of_the_past());
        assert_eq!(search.best.absent, [0]);
        search.construct(&Clock::start(crate::Limit::Iterations(0), 3));
        assert!(search.best.absent.is_empty());
    }
}
