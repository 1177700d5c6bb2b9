//! All tours together, and how to go back to what they were.

use super::insertion::Insertion;
use super::network::{Network, Node, dropoff_of, kind_of, order_of, pickup_of};
use super::tour::{NO_NODE, Tour};
use crate::problem::StopKind;

/// Marks an order that is on no tour.
pub(crate) const ABSENT: u32 = u32::MAX;

/// What a schedule is worth, as far as its tours say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Worth {
    /// Committed orders that are left over.
    pub(crate) forsaken: usize,
    /// Orders that are left over.
    pub(crate) absent: usize,
    pub(crate) lateness: i64,
    pub(crate) vehicles: usize,
    /// Cost of legs and of used vehicles.
    pub(crate) travel: i64,
}

impl Worth {
    /// The order in which plans are better than others.
    pub(crate) fn key(&self, vehicles_first: bool) -> (usize, usize, i64, usize, i64, usize) {
        let first = if vehicles_first { self.vehicles } else { 0 };
        (
            self.forsaken,
            self.absent,
            self.lateness,
            first,
            self.travel,
            self.vehicles,
        )
    }
}

/// Tours, where each order is on them, and the way back to the last
/// [`keep`](Self::keep).
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) tours: Vec<Tour>,
    /// The tour of each order, or `ABSENT`.
    pub(crate) tour_of: Vec<u32>,
    /// The orders on no tour.
    pub(crate) absent: Vec<u32>,
    pub(crate) worth: Worth,
    kept_worth: Worth,
    kept_absent: Vec<u32>,
    /// What touched tours were before they were touched.
    before: Vec<Tour>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    stamps: u64,
}

impl Schedule {
    /// Nothing on any tour.
    pub(crate) fn new(network: &Network<'_>) -> Self {
        let tours: Vec<Tour> = (0..network.carriers.len())
            .map(|vehicle| Tour::empty(network, vehicle))
            .collect();
        let orders = network.jobs.len();
        let worth = Worth {
            forsaken: network.jobs.iter().filter(|job| job.committed).count(),
            absent: orders,
            ..Worth::default()
        };
        let absent: Vec<u32> = (0..orders as u32).collect();
        Self {
            before: tours.clone(),
            is_touched: vec![false; tours.len()],
            touched: Vec::with_capacity(tours.len()),
            tours,
            tour_of: vec![ABSENT; orders],
            kept_absent: absent.clone(),
            absent,
            worth,
            kept_worth: worth,
            stamps: 1,
        }
    }

    /// Must precede a change to a tour.
    fn touch(&mut self, tour: usize) {
        if !self.is_touched[tour] {
            self.is_touched[tour] = true;
            self.touched.push(tour as u32);
            self.before[tour].copy_from(&self.tours[tour]);
        }
    }

    /// Takes an order off its tour, if it is on one. The tour has to be
    /// [settled](Self::settle) before it is used again.
    pub(crate) fn remove(&mut self, network: &Network<'_>, order: usize) {
        let tour = self.tour_of[order];
        if tour == ABSENT {
            return;
        }
        self.touch(tour as usize);
        self.tour_of[order] = ABSENT;
        self.absent.push(order as u32);
        self.worth.absent += 1;
        self.worth.forsaken += usize::from(network.jobs[order].committed);
    }

    /// Drops the visits of orders that were removed, on all touched tours.
    pub(crate) fn settle(&mut self, network: &Network<'_>) {
        for at in 0..self.touched.len() {
            let tour = self.touched[at];
            self.drop_removed(network, tour);
            // Without a triangle inequality a vehicle that leaves out a stop
            // may come later to the next ones.
            if !self.tours[tour as usize].is_on_time() {
                for order in 0..self.tour_of.len() {
                    if self.tour_of[order] == tour && !network.jobs[order].committed {
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
            retime(network, tour, &mut self.worth, self.stamps);
        }
    }

    /// Puts an absent order onto a tour. It stays in `absent` until
    /// [`forget_placed`](Self::forget_placed).
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
        if !network.jobs[order].aboard {
            it.put(network, pickup_of(order), insertion.pickup as usize);
        }
        self.stamps += 1;
        retime(network, it, &mut self.worth, self.stamps);
        self.tour_of[order] = tour as u32;
        self.worth.absent -= 1;
        self.worth.forsaken -= usize::from(network.jobs[order].committed);
    }

    /// Gives an empty tour all its stops at once. Their orders stay in `absent`
    /// until [`forget_placed`](Self::forget_placed).
    pub(crate) fn lay(&mut self, network: &Network<'_>, tour: usize, nodes: &[Node]) {
        self.touch(tour);
        let it = &mut self.tours[tour];
        for (after, &node) in nodes.iter().enumerate() {
            it.put(network, node, after);
            if kind_of(node) == StopKind::Dropoff {
                let order = order_of(node);
                self.tour_of[order] = tour as u32;
                self.worth.absent -= 1;
                self.worth.forsaken -= usize::from(network.jobs[order].committed);
            }
        }
        self.stamps += 1;
        retime(network, it, &mut self.worth, self.stamps);
    }

    /// Drops from `absent` what is on a tour by now.
    pub(crate) fn forget_placed(&mut self) {
        let tour_of = &self.tour_of;
        self.absent
            .retain(|&order| tour_of[order as usize] == ABSENT);
    }

    /// Makes the present state the one to come back to.
    pub(crate) fn keep(&mut self) {
        for tour in self.touched.drain(..) {
            self.is_touched[tour as usize] = false;
        }
        self.kept_worth = self.worth;
        self.kept_absent.clear();
        self.kept_absent.extend_from_slice(&self.absent);
    }

    /// What the last kept state is worth.
    pub(crate) fn kept(&self) -> &Worth {
        &self.kept_worth
    }

    /// Back to the last kept state.
    pub(crate) fn undo(&mut self) {
        // First off all tours, then on to them again: an order may have moved
        // from one touched tour to another.
        for &order in &self.kept_absent {
            self.tour_of[order as usize] = ABSENT;
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
        self.worth = self.kept_worth;
        self.absent.clear();
        self.absent.extend_from_slice(&self.kept_absent);
    }

    /// Becomes like another schedule of the same network.
    pub(crate) fn become_like(&mut self, other: &Self) {
        for (own, theirs) in self.tours.iter_mut().zip(&other.tours) {
            own.copy_from(theirs);
            // A stamp names stops within one schedule only.
            self.stamps += 1;
            own.stamp = self.stamps;
        }
        self.tour_of.copy_from_slice(&other.tour_of);
        self.absent.clear();
        self.absent.extend_from_slice(&other.absent);
        self.worth = other.worth;
        self.keep();
    }

    /// The visits' positions of an order on its tour: of its pickup, if it has
    /// one there, and of its drop-off.
    pub(crate) fn position(&self, node: Node) -> Option<usize> {
        let tour = self.tour_of[order_of(node)];
        if tour == ABSENT {
            return None;
        }
        self.tours[tour as usize]
            .visits
            .iter()
            .position(|visit| visit.node == node)
    }
}

/// Times a changed tour anew and books the difference.
fn retime(network: &Network<'_>, tour: &mut Tour, worth: &mut Worth, stamp: u64) {
    let fixed_cost = network.carriers[tour.vehicle].fixed_cost;
    if tour.used {
        worth.travel -= fixed_cost;
        worth.vehicles -= 1;
    }
    worth.lateness -= tour.lateness;
    worth.travel -= tour.travel;
    tour.retime(network);
    tour.stamp = stamp;
    worth.lateness += tour.lateness;
    worth.travel += tour.travel;
    if tour.used {
        worth.travel += fixed_cost;
        worth.vehicles += 1;
    }
}
