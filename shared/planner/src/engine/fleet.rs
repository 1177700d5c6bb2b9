//! Reduces the number of vehicles and serves unserved orders.

use super::anneal::{ROUNDS_PER_CHECK, Report, Search, average_leg, blink, energy};
use super::clock::Clock;
use super::network::{Network, order_of};
use super::portable::ln;
use super::tour::Tour;

/// How often each order was unserved. An order that is hard to insert gets more weight (*absence counters*, Christiaens
/// and Vanden Berghe 2020, §5.4).
#[derive(Clone, Debug)]
pub(crate) struct Absences {
    counts: Vec<u64>,
    /// What is added to the count of an order that is unserved: its urgency.
    steps: Vec<u64>,
}

impl Absences {
    pub(crate) fn new(network: &Network<'_>) -> Self {
        Self {
            counts: network.prices.iter().map(|it| it.urgency).collect(),
            steps: network.prices.iter().map(|it| it.urgency).collect(),
        }
    }

    fn sum(&self, orders: &[u32]) -> u64 {
        orders.iter().map(|&it| self.counts[it as usize]).sum()
    }

    fn note(&mut self, orders: &[u32]) {
        for &order in orders {
            self.counts[order as usize] += self.steps[order as usize];
        }
    }

    fn of(&self, tour: &Tour) -> u64 {
        tour.stops()
            .iter()
            .map(|visit| self.counts[order_of(visit.node)])
            .sum()
    }
}

impl Search<'_, '_> {
    /// Inserts unserved orders. If the instance minimises vehicles, empties one vehicle after the other. Stops at a
    /// point of the clock, or when nothing can be gained any more.
    pub(crate) fn pack(&mut self, clock: &Clock, until: f64, report: Report<'_>) {
        let saves = self.network.instance.objective().minimise_vehicles;
        let mut absences = Absences::new(self.network);
        self.recreate.blink = blink(self.network);
        let temperature = average_leg(self.network, &self.current.value) * PACKING_HEAT;
        let price = self.network.lateness_weight as f64;
        let mut current_energy = energy(self.network, &self.current.value, price);
        let mut sum = absences.sum(&self.current.unserved);
        let mut check = 0_u32;
        loop {
            if self.current.unserved.is_empty() {
                if !saves || !self.give_up_a_vehicle(&absences) {
                    break;
                }
                sum = absences.sum(&self.current.unserved);
                current_energy = energy(self.network, &self.current.value, price);
            }
            if check == 0 {
                if clock.progress(self.rounds) >= until {
                    break;
                }
                check = ROUNDS_PER_CHECK;
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
            let value = self.current.value;
            let candidate = absences.sum(&self.current.unserved);
            let candidate_energy = energy(self.network, &value, price);
            let accepted = value.unserved_committed <= self.best.value.unserved_committed
                && (candidate < sum
                    || (candidate == sum
                        && candidate_energy
                            < current_energy - temperature * ln(self.random.unit())));
            absences.note(&self.current.unserved);
            if accepted {
                self.current.keep();
                current_energy = candidate_energy;
                self.take_if_best(report);
            } else {
                self.current.undo();
            }
            sum = absences.sum(&self.current.unserved);
        }
        self.restart_from_best();
    }

    /// Continues from the best schedule, with as many vehicles as that uses.
    pub(crate) fn restart_from_best(&mut self) {
        self.current.become_like(&self.best);
        let value = &self.best.value;
        let saves = self.network.instance.objective().minimise_vehicles;
        // Lateness comes before the number of vehicles, and one more vehicle may reduce it.
        self.vehicle_limit = if saves && value.unserved == 0 && value.lateness == 0 {
            value.vehicles
        } else {
            usize::MAX
        };
    }

    /// Whether a tour has an order that no other vehicle may serve.
    fn is_bound(&self, tour: &Tour) -> bool {
        tour.stops().iter().any(|visit| {
            self.network.orders[order_of(visit.node)]
                .pinned_to
                .is_some()
        })
    }

    /// Empties the tour whose orders are the easiest to insert elsewhere.
    fn give_up_a_vehicle(&mut self, absences: &Absences) -> bool {
        let used = self.current.value.vehicles;
        if used < 2 {
            return false;
        }
        let Some(tour) = self
            .current
            .tours
            .iter()
            .filter(|tour| !tour.is_empty() && !self.is_bound(tour))
            .min_by_key(|tour| absences.of(tour))
        else {
            return false;
        };
        let orders: Vec<usize> = tour
            .stops()
            .iter()
            .map(|visit| order_of(visit.node))
            .collect();
        for order in orders {
            self.current.remove(self.network, order);
        }
        self.current.settle(self.network);
        self.current.keep();
        self.vehicle_limit = used - 1;
        true
    }
}

/// The temperature while packing, in average legs.
const PACKING_HEAT: f64 = 0.1;
