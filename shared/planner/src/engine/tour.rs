//! One vehicle's stops with their times, and what an insertion must know about
//! each of them.

use super::network::{NEVER, Network, Node, kind_of, order_of};
use crate::problem::StopKind;

/// Marks a tour's start and end among its visits.
pub(crate) const NO_NODE: Node = Node::MAX;

/// A stop on a tour, with what came before it and what is allowed after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) node: Node,
    pub(crate) point: u32,
    /// Cost of the leg that leads here.
    pub(crate) leg_cost: u32,
    /// The point that this leg comes from.
    leg_from: u32,
    /// Duration of the leg that leads here.
    pub(crate) leg_s: u32,
    pub(crate) earliest: i64,
    pub(crate) service: i64,
    pub(crate) due: i64,
    /// When service begins.
    pub(crate) begin: i64,
    pub(crate) depart: i64,
    /// Load after it.
    pub(crate) load: i64,
    /// Latest arrival with which every hard window from here on is kept.
    pub(crate) latest: i64,
    /// Latest arrival with which, besides, nothing from here on gets later
    /// than it is or, if it is early, than it should be.
    pub(crate) harmless: i64,
}

const BLANK: Visit = Visit {
    node: NO_NODE,
    point: 0,
    leg_cost: 0,
    leg_from: u32::MAX,
    leg_s: 0,
    earliest: -NEVER,
    service: 0,
    due: NEVER,
    begin: 0,
    depart: 0,
    load: 0,
    latest: NEVER,
    harmless: NEVER,
};

/// The little of a visit that most insertions are ruled out by, close together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) point: u32,
    pub(crate) leg_cost: u32,
    pub(crate) depart: i64,
    pub(crate) latest: i64,
}

/// One vehicle's stops, between its start and its end.
#[derive(Clone, Debug)]
pub(crate) struct Tour {
    pub(crate) vehicle: usize,
    /// The start, the stops, the end.
    pub(crate) visits: Vec<Visit>,
    /// Of each visit.
    pub(crate) places: Vec<Place>,
    /// Cost of all legs, without the vehicle's fixed cost.
    pub(crate) travel: i64,
    pub(crate) lateness: i64,
    /// Orders on it that are not tied to it and committed.
    pub(crate) places_taken: usize,
    /// Orders on it that are not committed.
    pub(crate) uncommitted: usize,
    /// It has stops. Follows only in [`retime`](Self::retime).
    pub(crate) used: bool,
    /// Its first stop is the vehicle's next stop.
    pub(crate) starts_fixed: bool,
    /// Changes whenever the stops do, and comes back when they do.
    pub(crate) stamp: u64,
}

impl Tour {
    pub(crate) fn empty(network: &Network<'_>, vehicle: usize) -> Self {
        let carrier = &network.carriers[vehicle];
        let mut visits = Vec::with_capacity(2 * network.jobs.len().min(64) + 2);
        visits.push(Visit {
            point: carrier.start,
            begin: carrier.start_s,
            depart: carrier.start_s,
            ..BLANK
        });
        visits.push(Visit {
            point: carrier.end,
            ..BLANK
        });
        let mut tour = Self {
            vehicle,
            places: Vec::with_capacity(visits.capacity()),
            visits,
            travel: 0,
            lateness: 0,
            places_taken: 0,
            uncommitted: 0,
            used: false,
            starts_fixed: false,
            stamp: 1,
        };
        tour.retime(network);
        tour
    }

    /// Takes over another tour's stops without new memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.vehicle = other.vehicle;
        self.visits.clear();
        self.visits.extend_from_slice(&other.visits);
        self.places.clear();
        self.places.extend_from_slice(&other.places);
        self.travel = other.travel;
        self.lateness = other.lateness;
        self.places_taken = other.places_taken;
        self.uncommitted = other.uncommitted;
        self.used = other.used;
        self.starts_fixed = other.starts_fixed;
        self.stamp = other.stamp;
    }

    /// How many stops there are.
    pub(crate) fn len(&self) -> usize {
        self.visits.len() - 2
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.visits.len() == 2
    }

    /// The stops, without start and end.
    pub(crate) fn stops(&self) -> &[Visit] {
        &self.visits[1..self.visits.len() - 1]
    }

    /// Whether every hard window is kept.
    pub(crate) fn is_on_time(&self) -> bool {
        let first = &self.visits[1];
        self.is_empty() || self.visits[0].depart + i64::from(first.leg_s) <= first.latest
    }

    /// Puts a stop behind the visit at `after`. Times are wrong until
    /// [`retime`](Self::retime).
    pub(crate) fn put(&mut self, network: &Network<'_>, node: Node, after: usize) {
        let site = &network.sites[node as usize];
        let visit = Visit {
            node,
            point: site.point,
            earliest: site.earliest,
            service: site.service,
            due: site.due,
            ..BLANK
        };
        self.visits.insert(after + 1, visit);
    }

    /// Works out times, loads, costs and allowances from the stops.
    pub(crate) fn retime(&mut self, network: &Network<'_>) {
        let carrier = &network.carriers[self.vehicle];
        let last = self.visits.len() - 1;
        self.travel = 0;
        self.lateness = 0;
        self.places_taken = 0;
        self.uncommitted = 0;
        self.used = !self.is_empty();
        self.starts_fixed = false;
        self.visits[0].load = carrier.initial_load;
        self.visits[last].latest = if carrier.soft { NEVER } else { carrier.end_s };
        self.visits[last].due = if carrier.soft { carrier.end_s } else { NEVER };
        // An unused vehicle does not drive to its end.
        if last == 1 {
            self.visits[1].leg_cost = 0;
            self.visits[1].leg_s = 0;
            self.visits[1].leg_from = u32::MAX;
            self.visits[1].load = carrier.initial_load;
            self.visits[1].begin = carrier.start_s;
            self.visits[1].depart = carrier.start_s;
            self.visits[1].harmless = self.visits[1].latest.min(self.visits[1].due);
            self.condense();
            return;
        }
        let mut depart = carrier.start_s;
        let mut load = carrier.initial_load;
        let mut point = carrier.start;
        for visit in &mut self.visits[1..] {
            if visit.leg_from != point {
                let leg = network.from(point)[visit.point as usize];
                visit.leg_cost = network.cost(leg) as u32;
                visit.leg_s = leg.duration_s;
                visit.leg_from = point;
            }
            point = visit.point;
            self.travel += i64::from(visit.leg_cost);
            let arrival = depart + i64::from(visit.leg_s);
            visit.begin = arrival.max(visit.earliest);
            visit.depart = visit.begin + visit.service;
            self.lateness += (visit.begin - visit.due).max(0);
            depart = visit.depart;
            if visit.node != NO_NODE {
                load += network.sites[visit.node as usize].load;
                if kind_of(visit.node) == StopKind::Dropoff {
                    let job = &network.jobs[order_of(visit.node)];
                    self.places_taken += usize::from(!(job.committed && job.vehicle.is_some()));
                    self.uncommitted += usize::from(!job.committed);
                }
            }
            visit.load = load;
        }
        let first = self.visits[1].node;
        if first != NO_NODE {
            let job = &network.jobs[order_of(first)];
            self.starts_fixed = job.next && (job.aboard || kind_of(first) == StopKind::Pickup);
        }
        self.allow(network);
        self.condense();
    }

    fn condense(&mut self) {
        self.places.clear();
        self.places.extend(self.visits.iter().map(|visit| Place {
            point: visit.point,
            leg_cost: visit.leg_cost,
            depart: visit.depart,
            latest: visit.latest,
        }));
    }

    /// The backward half of [`retime`](Self::retime): latest arrivals.
    fn allow(&mut self, network: &Network<'_>) {
        let mut latest_next = NEVER;
        let mut harmless_next = NEVER;
        let mut leg_next = 0;
        for visit in self.visits[1..].iter_mut().rev() {
            if visit.node != NO_NODE {
                visit.latest = network.sites[visit.node as usize]
                    .latest
                    .min(latest_next - leg_next - visit.service)
                    .min(hard_end(network, self.vehicle, visit.node));
                // Who has to wait for longer than that comes too late whenever.
                if visit.latest < visit.earliest {
                    visit.latest = -NEVER;
                }
            }
            visit.harmless = visit
                .latest
                .min(visit.due.max(visit.begin))
                .min(harmless_next - leg_next - visit.service);
            latest_next = visit.latest;
            harmless_next = visit.harmless;
            leg_next = i64::from(visit.leg_s);
        }
    }
}

/// When service at a node must begin at the latest so that its vehicle's shift
/// is kept; `NEVER` for committed orders.
pub(crate) fn hard_end(network: &Network<'_>, vehicle: usize, node: Node) -> i64 {
    if network.jobs[order_of(node)].committed {
        NEVER
    } else {
        network.carriers[vehicle].end_s - network.sites[node as usize].service
    }
}
