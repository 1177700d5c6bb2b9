//! All tours together, with a way back to an earlier state.

use super::insertion::Insertion;
use super::network::{Network, Node, dropoff_of, kind_of, order_of, pickup_of};
use super::tour::{NO_NODE, Tour};
use crate::instance::StopKind;

/// Marks an unserved order.
pub(crate) const UNSERVED: u32 = u32::MAX;

/// The value of a schedule, by which it is compared with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// The number of unserved committed orders.
    pub(crate) unserved_committed: usize,
    /// The number of unserved orders.
    pub(crate) unserved: usize,
    pub(crate) lateness: i64,
    pub(crate) vehicles: usize,
    /// The cost of legs and of used vehicles.
    pub(crate) travel: i64,
}

impl Value {
    /// The sort key: the schedule with the smaller key is better.
    pub(crate) fn key(&self, vehicles_first: bool) -> (usize, usize, i64, usize, i64, usize) {
        let first = if vehicles_first { self.vehicles } else { 0 };
        (
            self.unserved_committed,
            self.unserved,
            self.lateness,
            first,
            self.travel,
            self.vehicles,
        )
    }
}

/// The tours, the tour of each order, and the way back to the last [`keep`](Self::keep).
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) tours: Vec<Tour>,
    /// The index of each order's tour, or `UNSERVED`.
    pub(crate) tour_of: Vec<u32>,
    /// The unserved orders.
    pub(crate) unserved: Vec<u32>,
    pub(crate) value: Value,
    kept_value: Value,
    kept_unserved: Vec<u32>,
    /// The touched tours as they were before.
    before: Vec<Tour>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    stamps: u64,
}

impl Schedule {
    /// A schedule with empty tours.
    pub(crate) fn new(network: &Network<'_>) -> Self {
        let tours: Vec<Tour> = (0..network.vehicles.len())
            .map(|vehicle| Tour::empty(network, vehicle))
            .collect();
        let orders = network.orders.len();
        let value = Value {
            unserved_committed: network
                .orders
                .iter()
                .filter(|facts| facts.committed)
                .count(),
            unserved: orders,
            ..Value::default()
        };
        let unserved: Vec<u32> = (0..orders as u32).collect();
        Self {
            before: tours.clone(),
            is_touched: vec![false; tours.len()],
            touched: Vec::with_capacity(tours.len()),
            tours,
            tour_of: vec![UNSERVED; orders],
            kept_unserved: unserved.clone(),
            unserved,
            value,
            kept_value: value,
            stamps: 1,
        }
    }

    /// Saves a tour. Must be called before the tour changes.
    fn touch(&mut self, tour: usize) {
        if !self.is_touched[tour] {
            self.is_touched[tour] = true;
            self.touched.push(tour as u32);
            self.before[tour].copy_from(&self.tours[tour]);
        }
    }

    /// Removes an order from its tour, if it is on one. Call [`settle`](Self::settle) before the tour is used again.
    pub(crate) fn remove(&mut self, network: &Network<'_>, order: usize) {
        let tour = self.tour_of[order];
        if tour == UNSERVED {
            return;
        }
        self.touch(tour as usize);
        self.tour_of[order] = UNSERVED;
        self.unserved.push(order as u32);
        self.value.unserved += 1;
        self.value.unserved_committed += usize::from(network.orders[order].committed);
    }

    /// Drops the visits of removed orders from all touched tours.
    pub(crate) fn settle(&mut self, network: &Network<'_>) {
        for at in 0..self.touched.len() {
            let tour = self.touched[at];
            self.drop_removed(network, tour);
            // Without the triangle inequality, a vehicle that skips a stop may arrive later at the next ones.
            if !self.tours[tour as usize].is_on_time() {
                for order in 0..self.tour_of.len() {
                    if self.tour_of[order] == tour && !network.orders[order].committed {
                        self.remove(network, order);
                    }
                }
                self.drop_removed(network, tour);
            }
        }
    }

    fn drop_removed(&mut self, network: &Network<'_>, touched: u32) {
        let tour = &mut self.tours[touched as usize];
        let stops = tour.visits.len();
        let tour_of = &self.tour_of;
        tour.visits
            .retain(|visit| visit.node == NO_NODE || tour_of[order_of(visit.node)] == touched);
        if tour.visits.len() != stops {
            self.stamps += 1;
            retime(network, tour, &mut self.value, self.stamps);
        }
    }

    /// Inserts an unserved order into a tour. The order stays in `unserved` until [`forget_served`](Self::forget_served).
    pub(crate) fn insert(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: usize,
        insertion: Insertion,
    ) {
        self.touch(tour);
        let it = &mut self.tours[tour];
        it.put(network, dropoff_of(order), insertion.dropoff as usize);
        if !network.orders[order].aboard {
            it.put(network, pickup_of(order), insertion.pickup as usize);
        }
        self.stamps += 1;
        retime(network, it, &mut self.value, self.stamps);
        self.tour_of[order] = tour as u32;
        self.value.unserved -= 1;
        self.value.unserved_committed -= usize::from(network.orders[order].committed);
    }

    /// Gives an empty tour all its stops at once. The orders stay in `unserved` until
    /// [`forget_served`](Self::forget_served).
    pub(crate) fn lay(&mut self, network: &Network<'_>, tour: usize, nodes: &[Node]) {
        self.touch(tour);
        let it = &mut self.tours[tour];
        for (after, &node) in nodes.iter().enumerate() {
            it.put(network, node, after);
            if kind_of(node) == StopKind::Dropoff {
                let order = order_of(node);
                self.tour_of[order] = tour as u32;
                self.value.unserved -= 1;
                self.value.unserved_committed -= usize::from(network.orders[order].committed);
            }
        }
        self.stamps += 1;
        retime(network, it, &mut self.value, self.stamps);
    }

    /// Drops the orders from `unserved` that are on a tour by now.
    pub(crate) fn forget_served(&mut self) {
        let tour_of = &self.tour_of;
        self.unserved
            .retain(|&order| tour_of[order as usize] == UNSERVED);
    }

    /// Saves the current state, to which [`undo`](Self::undo) returns.
    pub(crate) fn keep(&mut self) {
        for tour in self.touched.drain(..) {
            self.is_touched[tour as usize] = false;
        }
        self.kept_value = self.value;
        self.kept_unserved.clear();
        self.kept_unserved.extend_from_slice(&self.unserved);
    }

    /// The value of the saved state.
    pub(crate) fn kept(&self) -> &Value {
        &self.kept_value
    }

    /// Returns to the saved state.
    pub(crate) fn undo(&mut self) {
        // The orders are first marked as unserved and then put on their tours, since an order may have moved from one
        // touched tour to another.
        for &order in &self.kept_unserved {
            self.tour_of[order as usize] = UNSERVED;
        }
        for &touched in &self.touched {
            let tour = touched as usize;
            self.is_touched[tour] = false;
            std::mem::swap(&mut self.tours[tour], &mut self.before[tour]);
            for visit in self.tours[tour].stops() {
                self.tour_of[order_of(visit.node)] = touched;
            }
        }
        self.touched.clear();
        self.value = self.kept_value;
        self.unserved.clear();
        self.unserved.extend_from_slice(&self.kept_unserved);
    }

    /// Copies another schedule of the same network.
    pub(crate) fn become_like(&mut self, other: &Self) {
        for (own, theirs) in self.tours.iter_mut().zip(&other.tours) {
            own.copy_from(theirs);
            // A stamp is valid within one schedule only.
            self.stamps += 1;
            own.stamp = self.stamps;
        }
        self.tour_of.copy_from_slice(&other.tour_of);
        self.unserved.clear();
        self.unserved.extend_from_slice(&other.unserved);
        self.value = other.value;
        self.keep();
    }

    /// The index of a stop among the visits of its tour.
    pub(crate) fn position(&self, node: Node) -> Option<usize> {
        let tour = self.tour_of[order_of(node)];
        if tour == UNSERVED {
            return None;
        }
        self.tours[tour as usize]
            .visits
            .iter()
            .position(|visit| visit.node == node)
    }
}

/// Computes the times of a changed tour and updates the value of the schedule.
fn retime(network: &Network<'_>, tour: &mut Tour, value: &mut Value, stamp: u64) {
    let fixed_cost = network.vehicles[tour.vehicle].fixed_cost;
    if tour.used {
        value.travel -= fixed_cost;
        value.vehicles -= 1;
    }
    value.lateness -= tour.lateness;
    value.travel -= tour.travel;
    tour.retime(network);
    tour.stamp = stamp;
    value.lateness += tour.lateness;
    value.travel += tour.travel;
    if tour.used {
        value.travel += fixed_cost;
        value.vehicles += 1;
    }
}
