//! Simulated annealing over rounds of ruin and recreate.

use super::clock::Clock;
use super::network::Network;
use super::portable::{exp, ln};
use super::random::Random;
use super::recreate::{LEAST_BLINK, Recreate};
use super::ruin::{Measure, Ruin};
use super::schedule::{Schedule, Value};

/// The temperature at the start, in average legs.
const HOT: f64 = 3.0;

/// The temperature at the end, in average legs.
const COLD: f64 = 0.1;

/// The cost of a second of lateness at the start, in seconds of driving.
const LENIENCY: f64 = 5.0;

/// The number of rounds between two looks at the clock.
pub(crate) const ROUNDS_PER_CHECK: u32 = 4;

/// The search of one thread.
pub(crate) struct Search<'a, 'n> {
    pub(crate) network: &'a Network<'n>,
    pub(crate) random: Random,
    pub(crate) ruin: Ruin,
    pub(crate) recreate: Recreate,
    pub(crate) rounds: u64,
    /// The largest number of vehicles that may be used.
    pub(crate) vehicle_limit: usize,
    /// The current schedule.
    pub(crate) current: Schedule,
    /// The best schedule so far.
    pub(crate) best: Schedule,
}

/// Receives the rounds so far and the value of each better plan.
pub(crate) type Report<'r> = &'r mut dyn FnMut(u64, &Value);

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

    /// A copy of the search that draws other random numbers from here on.
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

    /// Builds a first plan: the old routes as far as they still fit, and the other orders by greedy insertion, as far
    /// as the time allows.
    pub(crate) fn construct(&mut self, clock: &Clock) {
        for vehicle in 0..self.network.vehicles.len() {
            self.current.resume(self.network, vehicle);
        }
        self.current.keep();
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

    /// Continues from another schedule if that is better than the best so far.
    pub(crate) fn take_over(&mut self, other: &Schedule) {
        let first = self.network.instance.objective().minimise_vehicles;
        if other.value.key(first) < self.best.value.key(first) {
            self.best.become_like(other);
            self.restart_from_best();
        }
    }

    /// The average cost of a second of driving.
    fn second(&self) -> f64 {
        let visits = self.best.tours.iter().flat_map(|tour| &tour.visits);
        let seconds: i64 = visits.map(|visit| i64::from(visit.leg_s)).sum();
        (self.best.value.travel * self.network.scale) as f64 / (seconds as f64).max(1.0)
    }

    /// Cools down from `HOT` at the point `from` of the clock to `COLD` at its end. Stops at the point `until`.
    pub(crate) fn anneal(&mut self, clock: &Clock, from: f64, until: f64, report: Report<'_>) {
        self.recreate.blink = blink(self.network);
        let leg = average_leg(self.network, &self.best.value).max(1e-6);
        let ratio = ln(COLD / HOT);
        let mut temperature = leg * HOT;
        // At the end, lateness must outweigh travel. If it did so from the start, the search could never get past a
        // plan that is a little late.
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
            let is_too_expensive = |value: &Value| energy(network, value, lateness_price) > most;
            // If the triangle inequality holds, each further insertion adds cost. A schedule that is too expensive
            // already will be refused, so the round can stop early.
            let is_hopeless = |value: &Value, unserved_now: usize| {
                unserved_now > kept.unserved
                    || (network.metric && unserved_now == kept.unserved && is_too_expensive(value))
            };
            let completed = self.recreate.run_unless(
                network,
                &mut self.random,
                &mut self.current,
                self.vehicle_limit,
                is_hopeless,
            );
            let value = self.current.value;
            // A completed round leaves no more orders unserved than before.
            let as_many = value.unserved == kept.unserved;
            let worse = !completed
                || (as_many && value.unserved_urgency > kept.unserved_urgency)
                || (as_many
                    && value.unserved_urgency == kept.unserved_urgency
                    && is_too_expensive(&value));
            if worse || value.unserved_committed > self.best.value.unserved_committed {
                self.current.undo();
                continue;
            }
            self.current.keep();
            self.take_if_best(report);
        }
    }

    /// Stores the current schedule if it is the best so far.
    pub(crate) fn take_if_best(&mut self, report: Report<'_>) {
        let first = self.network.instance.objective().minimise_vehicles;
        let value = self.current.value;
        if value.key(first) < self.best.value.key(first) {
            self.best.become_like(&self.current);
            report(self.rounds, &value);
        }
    }
}

/// The number that annealing minimises while a second of lateness has this price.
pub(crate) fn energy(network: &Network<'_>, value: &Value, lateness_price: f64) -> f64 {
    (value.cost + value.vehicles as i64 * network.vehicle_weight) as f64
        + value.lateness as f64 * lateness_price
}

/// The scaled cost of travel to a stop, on average.
pub(crate) fn average_leg(network: &Network<'_>, value: &Value) -> f64 {
    let visits = 2.0 * network.orders.len() as f64;
    (value.travel * network.scale) as f64 / visits
}

/// The probability of overlooking a position. It is higher in small instances, which have few positions.
pub(crate) fn blink(network: &Network<'_>) -> f64 {
    (0.5 / network.orders.len().max(1) as f64).clamp(LEAST_BLINK, 0.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Instance, InstanceSpec, Objective, Order, PlannerStop, Shift, TravelMatrix, Vehicle,
    };

    #[test]
    fn without_time_the_first_plan_serves_committed_orders_only() {
        let shift = Shift {
            start_s: 0,
            end_s: 1000,
        };
        let mut committed = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
        committed.pinned_to = Some(0);
        committed.committed = true;
        let instance = Instance::new(InstanceSpec {
            travel: TravelMatrix::measured(3, |from, to| {
                let length = from.abs_diff(to) as u32;
                (length, length)
            }),
            vehicles: vec![Vehicle::new(0, 4, shift)],
            orders: vec![
                Order::new(PlannerStop::at(1), PlannerStop::at(2), 1),
                Order::aboard(0, PlannerStop::at(2), 1),
                committed,
            ],
            objective: Objective::distance(),
        });
        let instance = instance.unwrap_or_else(|faults| panic!("{faults:?}"));
        let network = Network::new(&instance);
        let mut search = Search::new(&network, 0);
        search.construct(&Clock::of_the_past());
        assert_eq!(search.best.unserved, [0]);
        search.construct(&Clock::start(crate::Limit::Iterations(0), 3));
        assert!(search.best.unserved.is_empty());
    }
}
