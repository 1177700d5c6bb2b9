//! Finds the cheapest position for an order on a tour.

use std::ops::Range;

use super::network::{EngineStop, NEVER, Network, Node, dropoff_of, pickup_of};
use super::tour::{Tour, hard_end};
use crate::travel::Leg;

/// Positions for the stops of an order: the indices of the visits that they follow, before either stop is inserted. For an
/// order that is aboard only the drop-off counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Insertion {
    pub(crate) cost: i64,
    pub(crate) pickup: u32,
    pub(crate) dropoff: u32,
}

/// No insertion.
pub(crate) const NOWHERE: Insertion = Insertion {
    cost: i64::MAX,
    pickup: 0,
    dropoff: 0,
};

const NO_POSITIONS: (u32, u32) = (u32::MAX, u32::MAX);

/// Finds insertions. It keeps its memory between calls, so that the inner loop allocates nothing.
#[derive(Clone, Debug)]
pub(crate) struct Inserter {
    /// The cost of a second of lateness.
    pub(crate) lateness_weight: i64,
    /// The positions that must not be used.
    overlooked: (u32, u32),
    /// The cost of the drop-off behind each visit.
    detour: Vec<i64>,
    /// The least of these costs from each visit on.
    least: Vec<i64>,
}

/// One stop of the order that is being inserted.
struct End<'a> {
    stop: &'a EngineStop,
    latest: i64,
    to: &'a [Leg],
    from: &'a [Leg],
}

impl<'a> End<'a> {
    fn new(network: &'a Network<'_>, node: Node, vehicle: usize) -> Self {
        let stop = &network.stops[node as usize];
        Self {
            stop,
            latest: stop.latest.min(hard_end(network, vehicle, node)),
            to: network.to(stop.point),
            from: network.from(stop.point),
        }
    }

    /// The part of a range of positions that the time windows allow. Departures and latest arrivals grow along a tour.
    /// `to_end` is false if an earlier insertion could make departures earlier.
    fn within(&self, tour: &Tour, range: Range<usize>, to_end: bool) -> Range<usize> {
        let soonest = self.stop.earliest + self.stop.service;
        let mut start = range.start;
        while start < range.end && tour.places[start + 1].latest < soonest {
            start += 1;
        }
        let mut end = range.end;
        if to_end {
            while end > start && tour.places[end - 1].depart > self.latest {
                end -= 1;
            }
        }
        start..end
    }
}

/// An insertion whose pickup position is chosen.
#[derive(Clone, Copy)]
struct Started {
    /// The index of the visit before the pickup.
    at: usize,
    /// The arrival at the visit after the pickup.
    arrival: i64,
    cost: i64,
    late: i64,
}

impl Inserter {
    pub(crate) fn new(lateness_weight: i64) -> Self {
        Self {
            lateness_weight,
            overlooked: NO_POSITIONS,
            detour: Vec::new(),
            least: Vec::new(),
        }
    }

    /// The cheapest insertion of an order into a tour that costs less than
    /// `bound`, or [`NOWHERE`].
    ///
    /// Each pair of positions takes constant time. A walk from the pickup on carries the time along, and each visit holds
    /// a summary of the visits behind it (M. Savelsbergh, *The vehicle routing problem with time windows: minimizing route
    /// duration*, 1992).
    pub(crate) fn best(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: &Tour,
        bound: i64,
    ) -> Insertion {
        if !network.eligible(order, tour.vehicle) {
            return NOWHERE;
        }
        let facts = &network.orders[order];
        let limits = &network.vehicles[tour.vehicle];
        let has_place = tour.places_taken < limits.free_places
            || (facts.committed && (facts.vehicle.is_some() || tour.uncommitted == 0));
        if !has_place {
            return NOWHERE;
        }
        let opening_cost = if tour.is_empty() {
            limits.opening_cost
        } else {
            0
        };
        let limit = bound.saturating_sub(opening_cost);
        let mut best = Insertion {
            cost: limit,
            ..NOWHERE
        };
        if facts.aboard {
            self.dropoff_only(network, order, tour, &mut best);
        } else if limits.soft {
            self.pair::<true>(network, order, tour, &mut best);
        } else {
            self.pair::<false>(network, order, tour, &mut best);
        }
        if best.cost == limit {
            return NOWHERE;
        }
        best.cost += opening_cost;
        best
    }

    /// The second cheapest insertion.
    pub(crate) fn second_best(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: &Tour,
        first: Insertion,
        bound: i64,
    ) -> Insertion {
        self.overlooked = (first.pickup, first.dropoff);
        let found = self.best(network, order, tour, bound);
        self.overlooked = NO_POSITIONS;
        found
    }

    /// Takes an insertion if it is better and not the overlooked one.
    fn offer(&self, best: &mut Insertion, cost: i64, pickup: usize, dropoff: usize) {
        let positions = (pickup as u32, dropoff as u32);
        if cost < best.cost && positions != self.overlooked {
            *best = Insertion {
                cost,
                pickup: positions.0,
                dropoff: positions.1,
            };
        }
    }

    /// Inserts an order that is aboard: it needs only one position.
    fn dropoff_only(&self, network: &Network<'_>, order: usize, tour: &Tour, best: &mut Insertion) {
        let end = End::new(network, dropoff_of(order), tour.vehicle);
        for at in positions(tour, network.orders[order].next) {
            let (here, next) = (&tour.visits[at], &tour.visits[at + 1]);
            // The loads count this order as aboard until the end of the tour. It must leave before the first stop that
            // it overloads.
            if here.load > network.vehicles[tour.vehicle].capacity {
                break;
            }
            let (to, from) = (end.to[here.point as usize], end.from[next.point as usize]);
            let begin = (here.depart + i64::from(to.duration_s)).max(end.stop.earliest);
            let arrival = begin + end.stop.service + i64::from(from.duration_s);
            if begin > end.latest || arrival > next.latest {
                continue;
            }
            let late = (begin - end.stop.due).max(0) + later(tour, at + 1, arrival);
            let cost = network.cost(to) + network.cost(from) - i64::from(next.leg_cost)
                + late.saturating_mul(self.lateness_weight);
            self.offer(best, cost, at, at);
        }
    }

    /// Inserts a pickup and a drop-off. `SOFT` says that lateness must be counted.
    fn pair<const SOFT: bool>(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: &Tour,
        best: &mut Insertion,
    ) {
        let facts = &network.orders[order];
        let pickup = End::new(network, pickup_of(order), tour.vehicle);
        let dropoff = End::new(network, dropoff_of(order), tour.vehicle);
        let pickups = pickup.within(tour, positions(tour, facts.next), true);
        let dropoffs = dropoff.within(tour, pickups.start..tour.len() + 1, network.metric);
        if pickups.is_empty() || dropoffs.is_empty() {
            return;
        }
        self.detours(network, &dropoff, tour, &dropoffs);
        let visits = tour.visits.as_slice();
        let places = tour.places.as_slice();
        let room = network.vehicles[tour.vehicle].capacity - facts.size;
        // A detour can pay off only if something on the tour is late.
        let prunes = !SOFT || tour.lateness == 0;
        // If the triangle inequality holds, an order costs at least as much as its drop-off.
        if prunes && network.metric && self.least[dropoffs.start] >= best.cost {
            return;
        }
        let across = pickup.from[dropoff.stop.point as usize];
        let across_cost = network.cost(across);
        for at in pickups {
            let (from, to) = (places[at].point as usize, places[at + 1].point as usize);
            let (into, out) = (pickup.to[from], pickup.from[to]);
            let onward = dropoff.from[to];
            let saved = network.cost(into) - i64::from(places[at + 1].leg_cost);
            let straight = saved + across_cost + network.cost(onward);
            let detour = saved + network.cost(out);
            let behind = (at + 1).max(dropoffs.start);
            let apart =
                behind < dropoffs.end && (!prunes || detour + self.least[behind] < best.cost);
            if prunes && straight >= best.cost && !apart {
                continue;
            }
            let (here, next) = (&visits[at], &visits[at + 1]);
            let begin = (here.depart + i64::from(into.duration_s)).max(pickup.stop.earliest);
            if here.load > room || begin > pickup.latest {
                continue;
            }
            let depart = begin + pickup.stop.service;
            let late = if SOFT {
                (begin - pickup.stop.due).max(0)
            } else {
                0
            };
            if !prunes || straight < best.cost {
                let begin = (depart + i64::from(across.duration_s)).max(dropoff.stop.earliest);
                let arrival = begin + dropoff.stop.service + i64::from(onward.duration_s);
                if begin <= dropoff.latest && arrival <= next.latest {
                    let mut cost = straight;
                    if SOFT {
                        let late =
                            late + (begin - dropoff.stop.due).max(0) + later(tour, at + 1, arrival);
                        cost += late.saturating_mul(self.lateness_weight);
                    }
                    self.offer(best, cost, at, at);
                }
            }
            let arrival = depart + i64::from(out.duration_s);
            if apart && arrival <= next.latest {
                let started = Started {
                    at,
                    arrival,
                    cost: detour,
                    late,
                };
                self.apart::<SOFT>(tour, started, &dropoff, &dropoffs, room, best);
            }
        }
    }

    /// Finds the best drop-off that does not follow its pickup immediately.
    #[inline]
    fn apart<const SOFT: bool>(
        &self,
        tour: &Tour,
        started: Started,
        dropoff: &End<'_>,
        dropoffs: &Range<usize>,
        room: i64,
        best: &mut Insertion,
    ) {
        let prunes = !SOFT || tour.lateness == 0;
        let mut arrival = started.arrival;
        let mut late = started.late;
        for j in started.at + 1..dropoffs.end {
            let (here, next) = (&tour.visits[j], &tour.visits[j + 1]);
            let ahead = self.least[j.max(dropoffs.start)];
            if here.load > room || (prunes && started.cost + ahead >= best.cost) {
                break;
            }
            let begin = arrival.max(here.earliest);
            if SOFT {
                late += (begin - here.due).max(0) - (here.begin - here.due).max(0);
            }
            let depart = begin + here.service;
            if depart > dropoff.latest {
                break;
            }
            let mut cost = started.cost + self.detour[j];
            if j >= dropoffs.start && (!prunes || cost < best.cost) {
                let (to, from) = (
                    dropoff.to[here.point as usize],
                    dropoff.from[next.point as usize],
                );
                let begin = (depart + i64::from(to.duration_s)).max(dropoff.stop.earliest);
                let after = begin + dropoff.stop.service + i64::from(from.duration_s);
                if begin <= dropoff.latest && after <= next.latest {
                    if SOFT {
                        let late =
                            late + (begin - dropoff.stop.due).max(0) + later(tour, j + 1, after);
                        cost += late.saturating_mul(self.lateness_weight);
                    }
                    self.offer(best, cost, started.at, j);
                }
            }
            arrival = depart + i64::from(next.leg_s);
            if arrival > next.latest {
                break;
            }
        }
    }

    /// Fills `detour` and `least` for a range of positions.
    fn detours(
        &mut self,
        network: &Network<'_>,
        dropoff: &End<'_>,
        tour: &Tour,
        dropoffs: &Range<usize>,
    ) {
        let places = tour.places.as_slice();
        if self.detour.len() < places.len() {
            self.detour.resize(places.len(), NEVER);
            self.least.resize(places.len(), NEVER);
        }
        let mut least = NEVER;
        for at in dropoffs.clone().rev() {
            let (here, next) = (&places[at], &places[at + 1]);
            let cost = network.cost(dropoff.to[here.point as usize])
                + network.cost(dropoff.from[next.point as usize])
                - i64::from(next.leg_cost);
            least = least.min(cost);
            self.detour[at] = cost;
            self.least[at] = least;
        }
    }
}

/// The positions that are allowed for the first stop of an order.
fn positions(tour: &Tour, is_next_stop: bool) -> Range<usize> {
    if is_next_stop {
        0..1
    } else {
        usize::from(tour.starts_fixed)..tour.visits.len() - 1
    }
}

/// The growth of lateness from the visit at `from` on, if that is reached at `arrival`.
fn later(tour: &Tour, from: usize, mut arrival: i64) -> i64 {
    let first = &tour.visits[from];
    if arrival <= first.harmless && (tour.lateness == 0 || arrival >= first.begin) {
        return 0;
    }
    let mut change = 0;
    for pair in tour.visits[from..].windows(2) {
        let [here, next] = pair else { break };
        let begin = arrival.max(here.earliest);
        if begin == here.begin {
            return change;
        }
        change += (begin - here.due).max(0) - (here.begin - here.due).max(0);
        arrival = begin + here.service + i64::from(next.leg_s);
    }
    let last = &tour.visits[tour.visits.len() - 1];
    let begin = arrival.max(last.earliest);
    change + (begin - last.due).max(0) - (last.begin - last.due).max(0)
}
