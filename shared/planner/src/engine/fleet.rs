//! Fewer vehicles, and room for orders that found none.

use super::anneal::{ROUNDS_PER_CHECK, Report, Search, blink, energy};
use super::clock::Clock;
use super::network::{Network, order_of};
use super::portable::ln;
use super::tour::Tour;

/// How often each order was left over: who finds it hard to get onto a tour
/// weighs more (the *absence counters* of Christiaens and Vanden Berghe 2020,
/// §5.4).
#[derive(Clone, Debug)]
pub(crate) struct Absences {
    counts: Vec<u64>,
}

impl Absences {
    pub(crate) fn new(network: &Network<'_>) -> Self {
        Self {
            counts: vec![1; network.jobs.len()],
        }
    }

    fn sum(&self, orders: &[u32]) -> u64 {
        orders.iter().map(|&it| self.counts[it as usize]).sum()
    }

    fn note(&mut self, orders: &[u32]) {
        for &order in orders {
            self.counts[order as usize] += 1;
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
    /// Places what is left over; where vehicles are to be saved, empties one
    /// after the other. Until a point of the clock, or until nothing more can
    /// be gained.
    pub(crate) fn pack(&mut self, clock: &Clock, until: f64, report: Report<'_>) {
        let saves = self.network.problem.minimises_vehicles();
        let mut absences = Absences::new(self.network);
        self.recreate.blink = blink(self.network);
        let visits = 2.0 * self.network.jobs.len() as f64;
        let temperature = self.current.worth.travel as f64 / visits * PACKING_HEAT;
        let price = self.network.lateness_weight as f64;
        let mut current_energy = energy(self.network, &self.current.worth, price);
        let mut sum = absences.sum(&self.current.absent);
        let mut check = 0_u32;
        loop {
            if self.current.absent.is_empty() {
                if !saves || !self.give_up_a_vehicle(&absences) {
                    break;
                }
                sum = absences.sum(&self.current.absent);
                current_energy = energy(self.network, &self.current.worth, price);
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
            let worth = self.current.worth;
            let candidate = absences.sum(&self.current.absent);
            let candidate_energy = energy(self.network, &worth, price);
            let accepted = worth.forsaken <= self.best.worth.forsaken
                && (candidate < sum
                    || (candidate == sum
                        && candidate_energy
                            < current_energy - temperature * ln(self.random.unit())));
            absences.note(&self.current.absent);
            if accepted {
                self.current.keep();
                current_energy = candidate_energy;
                self.take_if_best(report);
            } else {
                self.current.undo();
            }
            sum = absences.sum(&self.current.absent);
        }
        self.restart_from_best();
    }

    /// Goes on from the best schedule, with as many vehicles as it has.
    pub(crate) fn restart_from_best(&mut self) {
        self.current.become_like(&self.best);
        let worth = &self.best.worth;
        let saves = self.network.problem.minimises_vehicles();
        // Lateness comes first, and another vehicle may lessen it.
        self.vehicle_limit = if saves && worth.absent == 0 && worth.lateness == 0 {
            worth.vehicles
        } else {
            usize::MAX
        };
    }

    /// Whether a tour carries what no other can.
    fn is_bound(&self, tour: &Tour) -> bool {
        tour.stops()
            .iter()
            .any(|visit| self.network.jobs[order_of(visit.node)].vehicle.is_some())
    }

    /// Takes everything off the tour whose orders find a place most easily.
    fn give_up_a_vehicle(&mut self, absences: &Absences) -> bool {
        let used = self.current.worth.vehicles;
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

/// Temperature while packing, in average legs.
const PACKING_HEAT: f64 = 0.1;
