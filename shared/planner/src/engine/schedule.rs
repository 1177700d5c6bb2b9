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
    /// The sum of the urgencies of unserved orders.
    pub(crate) unserved_urgency: u64,
    pub(crate) lateness: i64,
    pub(crate) vehicles: usize,
    /// The cost of legs and of used vehicles.
    pub(crate) travel: i64,
    /// The scaled cost of travel, used vehicles, waiting and moves.
    pub(crate) cost: i64,
}

/// What schedules are sorted by: the fields of [`Value`], with the number of vehicles twice.
pub(crate) type Key = (usize, usize, u64, i64, usize, i64, usize);

impl Value {
    /// The sort key: the schedule with the smaller key is better.
    pub(crate) fn key(&self, vehicles_first: bool) -> Key {
        let first = if vehicles_first { self.vehicles } else { 0 };
        (
            self.unserved_committed,
            self.unserved,
            self.unserved_urgency,
            self.lateness,
            first,
            self.cost,
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
    /// A schedule with the frozen stops only.
    pub(crate) fn new(network: &Network<'_>) -> Self {
        let tours: Vec<Tour> = (0..network.vehicles.len())
            .map(|vehicle| Tour::new(network, vehicle))
            .collect();
        let orders = network.orders.len();
        let mut value = Value::default();
        for tour in &tours {
            book(network, tour, &mut value, 1);
        }
        let mut tour_of = vec![UNSERVED; orders];
        let mut unserved = Vec::with_capacity(orders);
        for (order, facts) in network.orders.iter().enumerate() {
            match facts.pinned_to {
                Some(vehicle) if facts.fixed => tour_of[order] = vehicle as u32,
                _ => {
                    unserved.push(order as u32);
                    value.unserved += 1;
                    value.unserved_urgency += network.prices[order].urgency;
                    value.unserved_committed += usize::from(facts.committed);
                }
            }
        }
        Self {
            before: tours.clone(),
            is_touched: vec![false; tours.len()],
            touched: Vec::with_capacity(tours.len()),
            tours,
            tour_of,
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
        if tour == UNSERVED || network.orders[order].fixed {
            return;
        }
        self.touch(tour as usize);
        self.tour_of[order] = UNSERVED;
        self.unserved.push(order as u32);
        self.value.unserved += 1;
        self.value.unserved_urgency += network.prices[order].urgency;
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
        let frozen = tour.frozen;
        let mut at = 0;
        tour.visits.retain(|visit| {
            at += 1;
            at <= frozen + 1 || visit.node == NO_NODE || tour_of[order_of(visit.node)] == touched
        });
        if tour.visits.len() != stops {
            self.stamps += 1;
            retime(network, tour, &mut self.value, self.stamps);
        }
    }

    /// Inserts an unserved order into a tour. The order stays in `unserved` until
    /// [`forget_served`](Self::forget_served).
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
        if !network.orders[order].picked_up {
            it.put(network, pickup_of(order), insertion.pickup as usize);
        }
        self.stamps += 1;
        retime(network, it, &mut self.value, self.stamps);
        self.tour_of[order] = tour as u32;
        self.value.unserved -= 1;
        self.value.unserved_urgency -= network.prices[order].urgency;
        self.value.unserved_committed -= usize::from(network.orders[order].committed);
    }

    /// Gives a tour that has only its frozen stops all others at once. The orders stay in `unserved` until
    /// [`forget_served`](Self::forget_served).
    pub(crate) fn lay(&mut self, network: &Network<'_>, tour: usize, nodes: &[Node]) {
        self.touch(tour);
        let it = &mut self.tours[tour];
        for (after, &node) in nodes.iter().enumerate() {
            it.put(network, node, it.frozen + after);
            if kind_of(node) == StopKind::Dropoff {
                let order = order_of(node);
                self.tour_of[order] = tour as u32;
                self.value.unserved -= 1;
                self.value.unserved_urgency -= network.prices[order].urgency;
                self.value.unserved_committed -= usize::from(network.orders[order].committed);
            }
        }
        self.stamps += 1;
        retime(network, it, &mut self.value, self.stamps);
    }

    /// Gives a tour that has only its frozen stops the stops of its old route. If they do not fit, the tour stays as it
    /// is. Stops that cannot belong to the route are left out, and so are the stops of pending orders: these must not
    /// take the place of committed ones.
    pub(crate) fn resume(&mut self, network: &Network<'_>, tour: usize) {
        let nodes = self.resumable(network, tour);
        let has_begun = self.tours[tour].len() > self.tours[tour].frozen;
        if nodes.is_empty() || has_begun {
            return;
        }
        self.lay(network, tour, &nodes);
        self.forget_served();
        let (it, limits) = (&self.tours[tour], &network.vehicles[tour]);
        let fits = it.is_on_time()
            && it.stops().iter().all(|visit| visit.load <= limits.capacity)
            && (it.places_taken <= limits.free_places || it.uncommitted == 0);
        if !fits {
            for node in nodes {
                self.remove(network, order_of(node));
            }
            self.drop_removed(network, tour as u32);
        }
    }

    /// The stops of a vehicle's old route that may still be on its tour: both stops of each order, in the right
    /// sequence.
    fn resumable(&self, network: &Network<'_>, vehicle: usize) -> Vec<Node> {
        let planned = &network.instance.vehicles()[vehicle].planned;
        let position = |stop| planned.iter().position(|it| *it == stop);
        let belongs = |order: usize| {
            let pickup = position((order, StopKind::Pickup));
            let dropoff = position((order, StopKind::Dropoff));
            self.tour_of[order] == UNSERVED
                && network.orders[order].committed
                && network.eligible(order, vehicle)
                && dropoff.is_some()
                && (network.orders[order].picked_up || (pickup.is_some() && pickup < dropoff))
        };
        let stops = planned.iter().enumerate();
        stops
            .filter(|(at, stop)| position(**stop) == Some(*at) && belongs(stop.0))
            .filter(|(_, stop)| stop.1 == StopKind::Dropoff || !network.orders[stop.0].picked_up)
            .map(|(_, &(order, kind))| match kind {
                StopKind::Pickup => pickup_of(order),
                StopKind::Dropoff => dropoff_of(order),
            })
            .collect()
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
            // A frozen pickup stays on its tour even if its order is unserved.
            for visit in self.tours[tour].stops() {
                if kind_of(visit.node) == StopKind::Dropoff {
                    self.tour_of[order_of(visit.node)] = touched;
                }
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
    book(network, tour, value, -1);
    tour.retime(network);
    tour.stamp = stamp;
    book(network, tour, value, 1);
}

/// Adds the numbers of a tour to the value of a schedule; subtracts them if `sign` is -1.
fn book(network: &Network<'_>, tour: &Tour, value: &mut Value, sign: i64) {
    value.lateness += sign * tour.lateness;
    value.travel += sign * tour.travel;
    value.cost += sign * tour.cost;
    if tour.used {
        let fixed_cost = network.vehicles[tour.vehicle].fixed_cost;
        value.travel += sign * fixed_cost;
        value.cost += sign * fixed_cost * network.scale;
        value.vehicles = value.vehicles.wrapping_add_signed(sign as isize);
    }
}
