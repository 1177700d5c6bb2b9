//! Finds the cheapest position for an order on a tour.

use std::ops::Range;

use super::network::{EngineStop, NEVER, Network, Node, Price, dropoff_of, pickup_of};
use super::tour::{Tour, Visit, hard_end};
use crate::travel::Leg;

/// Positions for the stops of an order: the indices of the visits that they follow, before either stop is inserted.
/// For an order that is aboard only the drop-off counts.
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
    /// A lower bound of the cost of the drop-off behind each visit. It is exact if waiting costs nothing.
    detour: Vec<i64>,
    /// The least of these from each visit on.
    least: Vec<i64>,
}

/// One stop of the order that is being inserted.
struct End<'a> {
    stop: &'a EngineStop,
    /// The earliest begin of service on the clock of the vehicle.
    earliest: i64,
    /// The latest begin of service on the clock of the vehicle.
    latest: i64,
    to: &'a [Leg],
    from: &'a [Leg],
}

impl<'a> End<'a> {
    fn new(network: &'a Network<'_>, node: Node, vehicle: usize) -> Self {
        let stop = &network.stops[node as usize];
        let clock = &network.vehicles[vehicle].clock;
        Self {
            stop,
            earliest: clock.not_before(stop.earliest),
            latest: clock.not_after(stop.latest.min(hard_end(network, vehicle, node))),
            to: network.to(stop.point),
            from: network.from(stop.point),
        }
    }

    /// The part of a range of positions that the time windows allow. Departures and latest arrivals grow along a tour.
    /// `to_end` is false if an earlier insertion could make departures earlier.
    fn within(&self, tour: &Tour, range: Range<usize>, to_end: bool) -> Range<usize> {
        let soonest = self.earliest + self.stop.service;
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
    /// The arrival at the stop after the pickup.
    arrival: i64,
    /// The cost of travel, as far as the positions are known.
    cost: i64,
    late: i64,
}

/// The order that is being inserted, and the tour.
struct Task<'a, 'n> {
    network: &'a Network<'n>,
    tour: &'a Tour,
    price: &'a Price,
    dropoff: End<'a>,
    /// The positions that are possible for the drop-off.
    dropoffs: Range<usize>,
    /// The largest load with which the order can still be taken aboard.
    room: i64,
    /// Whether a lower bound of the cost rules a position out. It does unless something on the tour is late: then a
    /// detour might pay off by reducing lateness.
    prunes: bool,
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
    /// Each pair of positions takes constant time. A walk from the pickup on carries the time along, and each visit
    /// holds a summary of the visits behind it (M. Savelsbergh, *The vehicle routing problem with time windows:
    /// minimizing route duration*, 1992). If waiting costs something, [`Delay`](super::tour::Delay) gives a lower
    /// bound in constant time. Only the positions that this does not rule out are evaluated exactly.
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
            || (facts.committed && (facts.pinned_to.is_some() || tour.uncommitted == 0));
        if !has_place {
            return NOWHERE;
        }
        let mut opening_cost = network.move_cost(order, tour.vehicle);
        if tour.is_empty() {
            opening_cost += limits.opening_cost;
        }
        let limit = bound.saturating_sub(opening_cost);
        let mut best = Insertion {
            cost: limit,
            ..NOWHERE
        };
        match (facts.picked_up, limits.soft, network.is_priced()) {
            (true, _, _) => self.dropoff_only(network, order, tour, &mut best),
            (_, _, false) if tour.clock.has_rests() => {
                self.pair::<true, false, true>(network, order, tour, &mut best);
            }
            (_, _, true) if tour.clock.has_rests() => {
                self.pair::<true, true, true>(network, order, tour, &mut best);
            }
            (_, false, false) => self.pair::<false, false, false>(network, order, tour, &mut best),
            (_, false, true) => self.pair::<false, true, false>(network, order, tour, &mut best),
            (_, true, false) => self.pair::<true, false, false>(network, order, tour, &mut best),
            (_, true, true) => self.pair::<true, true, false>(network, order, tour, &mut best),
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

    /// Inserts only a drop-off.
    fn dropoff_only(&self, network: &Network<'_>, order: usize, tour: &Tour, best: &mut Insertion) {
        let end = End::new(network, dropoff_of(order), tour.vehicle);
        let clock = &tour.clock;
        for at in positions(tour) {
            let (here, next) = (&tour.visits[at], &tour.visits[at + 1]);
            // The loads count this order as aboard until the end of the tour. It must leave before the first stop that
            // it overloads.
            if here.load > network.vehicles[tour.vehicle].capacity {
                break;
            }
            let (to, from) = (end.to[here.point as usize], end.from[next.point as usize]);
            let begin = (here.depart + i64::from(to.duration_s)).max(end.earliest);
            let begin = clock.begin(begin, end.stop.service);
            let arrival = begin + end.stop.service + i64::from(from.duration_s);
            if begin > end.latest || arrival > next.latest {
                continue;
            }
            let begin = clock.wall(begin);
            let late = (begin - end.stop.due).max(0) + later(tour, at + 1, arrival);
            let travel = network.cost(to) + network.cost(from) - i64::from(next.leg_cost);
            let mut cost = travel * network.scale;
            if network.is_priced() {
                cost +=
                    network.prices[order].waiting_cost(begin) + tour.delay_cost(at + 1, arrival);
            }
            let cost = cost.saturating_add(late.saturating_mul(self.lateness_weight));
            self.offer(best, cost, at, at);
        }
    }

    /// Inserts a pickup and a drop-off. `SOFT` says that lateness must be counted, `PRICED` that waiting costs
    /// something, `RESTS` that the vehicle has breaks.
    fn pair<const SOFT: bool, const PRICED: bool, const RESTS: bool>(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: &Tour,
        best: &mut Insertion,
    ) {
        let (facts, price) = (&network.orders[order], &network.prices[order]);
        let pickup = End::new(network, pickup_of(order), tour.vehicle);
        let dropoff = End::new(network, dropoff_of(order), tour.vehicle);
        let pickups = pickup.within(tour, positions(tour), true);
        let dropoffs = dropoff.within(tour, pickups.start..tour.len() + 1, network.metric);
        if pickups.is_empty() || dropoffs.is_empty() {
            return;
        }
        let task = Task {
            network,
            tour,
            price,
            dropoff,
            dropoffs,
            room: network.vehicles[tour.vehicle].capacity - facts.size,
            prunes: !SOFT || tour.lateness == 0,
        };
        let earlier = if PRICED && !network.metric {
            earlier(tour, &pickup, pickups.clone())
        } else {
            0
        };
        self.detours::<PRICED>(&task, earlier);
        let dropoff = &task.dropoff;
        // If the triangle inequality holds, an order costs at least as much as its drop-off.
        if task.prunes && network.metric && self.least[task.dropoffs.start] >= best.cost {
            return;
        }
        let visits = tour.visits.as_slice();
        let places = tour.places.as_slice();
        let across = pickup.from[dropoff.stop.point as usize];
        let across_cost = network.cost(across);
        for at in pickups {
            let (from, to) = (places[at].point as usize, places[at + 1].point as usize);
            let (into, out) = (pickup.to[from], pickup.from[to]);
            let onward = dropoff.from[to];
            let saved = network.cost(into) - i64::from(places[at + 1].leg_cost);
            let mut straight = saved + across_cost + network.cost(onward);
            let mut detour = saved + network.cost(out);
            let behind = (at + 1).max(task.dropoffs.start);
            // Whether the drop-off may follow immediately, and whether it may follow later.
            let possible = |least_straight: i64, least_apart: i64| {
                let apart = behind < task.dropoffs.end
                    && (!task.prunes || least_apart + self.least[behind] < best.cost);
                (!task.prunes || least_straight < best.cost, apart)
            };
            let (mut joined, mut apart) = (true, true);
            if !PRICED {
                (joined, apart) = possible(straight, detour);
                if !joined && !apart {
                    continue;
                }
            }
            let begin = (places[at].depart + i64::from(into.duration_s)).max(pickup.earliest);
            let begin = starts::<RESTS>(tour, begin, pickup.stop.service);
            let depart = begin + pickup.stop.service;
            if PRICED {
                straight *= network.scale;
                detour *= network.scale;
                let delay = &tour.delays[at + 1];
                let arrival = depart + i64::from(out.duration_s);
                let least_apart = detour + delay.slope * (arrival - delay.begin);
                let begin = (depart + i64::from(across.duration_s)).max(dropoff.earliest);
                let arrival = begin + dropoff.stop.service + i64::from(onward.duration_s);
                let least_straight =
                    straight + delay.slope * (arrival - delay.begin) + price.waiting_cost(begin);
                (joined, apart) = possible(least_straight, least_apart);
                if !joined && !apart {
                    continue;
                }
            }
            let (here, next) = (&visits[at], &visits[at + 1]);
            if here.load > task.room || begin > pickup.latest {
                continue;
            }
            let late = if SOFT {
                (wall::<RESTS>(tour, begin) - pickup.stop.due).max(0)
            } else {
                0
            };
            if joined {
                let started = Started {
                    at,
                    arrival: depart + i64::from(across.duration_s),
                    cost: straight,
                    late,
                };
                self.joined::<SOFT, PRICED, RESTS>(&task, started, onward, best);
            }
            let arrival = depart + i64::from(out.duration_s);
            if apart && arrival <= next.latest {
                let started = Started {
                    at,
                    arrival,
                    cost: detour,
                    late,
                };
                self.apart::<SOFT, PRICED, RESTS>(&task, started, best);
            }
        }
    }

    /// Evaluates the drop-off that follows its pickup immediately.
    #[inline]
    fn joined<const SOFT: bool, const PRICED: bool, const RESTS: bool>(
        &self,
        task: &Task<'_, '_>,
        started: Started,
        onward: Leg,
        best: &mut Insertion,
    ) {
        let (tour, dropoff) = (task.tour, &task.dropoff);
        let (at, next) = (started.at, &tour.visits[started.at + 1]);
        let begin = started.arrival.max(dropoff.earliest);
        let begin = starts::<RESTS>(tour, begin, dropoff.stop.service);
        let arrival = begin + dropoff.stop.service + i64::from(onward.duration_s);
        if begin > dropoff.latest || arrival > next.latest {
            return;
        }
        let begin = wall::<RESTS>(tour, begin);
        let mut cost = started.cost;
        if PRICED {
            cost += task.price.waiting_cost(begin) + tour.delay_cost(at + 1, arrival);
        }
        if SOFT {
            let late =
                started.late + (begin - dropoff.stop.due).max(0) + later(tour, at + 1, arrival);
            cost = cost.saturating_add(late.saturating_mul(self.lateness_weight));
        }
        self.offer(best, cost, at, at);
    }

    /// Finds the best drop-off that does not follow its pickup immediately.
    #[inline]
    fn apart<const SOFT: bool, const PRICED: bool, const RESTS: bool>(
        &self,
        task: &Task<'_, '_>,
        started: Started,
        best: &mut Insertion,
    ) {
        let (network, tour, dropoff) = (task.network, task.tour, &task.dropoff);
        let prunes = task.prunes;
        let mut arrival = started.arrival;
        let mut late = started.late;
        // Grows by the waiting between pickup and drop-off.
        let mut so_far = started.cost;
        for j in started.at + 1..task.dropoffs.end {
            let (here, next) = (&tour.visits[j], &tour.visits[j + 1]);
            let ahead = self.least[j.max(task.dropoffs.start)];
            let mut least = so_far;
            if PRICED {
                let delay = &tour.delays[j];
                least += delay.slope * (arrival - delay.begin);
            }
            if here.load > task.room || (prunes && least + ahead >= best.cost) {
                break;
            }
            let begin = starts::<RESTS>(tour, arrival.max(here.earliest), here.service);
            if SOFT {
                late += (wall::<RESTS>(tour, begin) - here.due).max(0)
                    - (wall::<RESTS>(tour, here.begin) - here.due).max(0);
            }
            let depart = begin + here.service;
            if depart > dropoff.latest {
                break;
            }
            let arrival_next = depart + i64::from(next.leg_s);
            let mut least = so_far + self.detour[j];
            if PRICED {
                so_far += tour.delays[j].growth(wall::<RESTS>(tour, begin));
                let delay = &tour.delays[j + 1];
                least = so_far + self.detour[j] + delay.slope * (arrival_next - delay.begin);
            }
            if j >= task.dropoffs.start && (!prunes || least < best.cost) {
                let (to, from) = (
                    dropoff.to[here.point as usize],
                    dropoff.from[next.point as usize],
                );
                let begin = (depart + i64::from(to.duration_s)).max(dropoff.earliest);
                let begin = starts::<RESTS>(tour, begin, dropoff.stop.service);
                let after = begin + dropoff.stop.service + i64::from(from.duration_s);
                if begin <= dropoff.latest && after <= next.latest {
                    let begin = wall::<RESTS>(tour, begin);
                    let mut cost = least;
                    if PRICED {
                        let travel =
                            network.cost(to) + network.cost(from) - i64::from(next.leg_cost);
                        cost = so_far + travel * network.scale + task.price.waiting_cost(begin);
                        if !prunes || cost < best.cost {
                            cost += tour.delay_cost(j + 1, after);
                        }
                    }
                    if SOFT {
                        let late =
                            late + (begin - dropoff.stop.due).max(0) + later(tour, j + 1, after);
                        cost = cost.saturating_add(late.saturating_mul(self.lateness_weight));
                    }
                    self.offer(best, cost, started.at, j);
                }
            }
            arrival = arrival_next;
            if arrival > next.latest {
                break;
            }
        }
    }

    /// Fills `detour` and `least` for the drop-off of an order: lower bounds of the costs that it causes. An insertion
    /// of the pickup makes departures earlier by at most `earlier` seconds.
    fn detours<const PRICED: bool>(&mut self, task: &Task<'_, '_>, earlier: i64) {
        let (network, tour, dropoff) = (task.network, task.tour, &task.dropoff);
        let places = tour.places.as_slice();
        if self.detour.len() < places.len() {
            self.detour.resize(places.len(), NEVER);
            self.least.resize(places.len(), NEVER);
        }
        let mut least = NEVER;
        for at in task.dropoffs.clone().rev() {
            let (here, next) = (&places[at], &places[at + 1]);
            let (to, from) = (
                dropoff.to[here.point as usize],
                dropoff.from[next.point as usize],
            );
            let mut cost = network.cost(to) + network.cost(from) - i64::from(next.leg_cost);
            if PRICED {
                let delay = &tour.delays[at + 1];
                let begin = here.depart + i64::from(to.duration_s) - earlier;
                let longer =
                    i64::from(to.duration_s) + i64::from(from.duration_s) + dropoff.stop.service
                        - delay.leg_s;
                cost = cost * network.scale
                    + delay.slope * longer
                    + task.price.waiting_cost(begin.max(dropoff.earliest));
            }
            least = least.min(cost);
            self.detour[at] = cost;
            self.least[at] = least;
        }
    }
}

/// The largest number of seconds by which an insertion of a pickup makes the rest of a tour earlier. Without the
/// triangle inequality a detour can be faster than the direct way.
fn earlier(tour: &Tour, pickup: &End<'_>, pickups: Range<usize>) -> i64 {
    let slowest = pickups.map(|at| {
        let (here, next) = (&tour.places[at], &tour.places[at + 1]);
        let (into, out) = (
            pickup.to[here.point as usize],
            pickup.from[next.point as usize],
        );
        let longer = i64::from(into.duration_s) + i64::from(out.duration_s) + pickup.stop.service
            - tour.delays[at + 1].leg_s;
        -longer
    });
    slowest.max().unwrap_or(0).max(0)
}

/// The begin of a service that could begin at a moment. `RESTS` says that the vehicle has breaks.
fn starts<const RESTS: bool>(tour: &Tour, begin: i64, service: i64) -> i64 {
    if RESTS {
        tour.clock.begin(begin, service)
    } else {
        begin
    }
}

/// A moment of the vehicle's clock on the wall.
fn wall<const RESTS: bool>(tour: &Tour, moment: i64) -> i64 {
    if RESTS {
        tour.clock.wall(moment)
    } else {
        moment
    }
}

/// The positions that are allowed for the first stop of an order.
fn positions(tour: &Tour) -> Range<usize> {
    tour.frozen..tour.visits.len() - 1
}

/// The growth of lateness from the visit at `from` on, if that is reached at `arrival`.
fn later(tour: &Tour, from: usize, mut arrival: i64) -> i64 {
    let first = &tour.visits[from];
    if arrival <= first.harmless && (tour.lateness == 0 || arrival >= first.begin) {
        return 0;
    }
    let clock = &tour.clock;
    let late = |visit: &Visit, begin: i64| (clock.wall(begin) - visit.due).max(0);
    let mut change = 0;
    for pair in tour.visits[from..].windows(2) {
        let [here, next] = pair else { break };
        let begin = clock.begin(arrival.max(here.earliest), here.service);
        if begin == here.begin {
            return change;
        }
        change += late(here, begin) - late(here, here.begin);
        arrival = begin + here.service + i64::from(next.leg_s);
    }
    let last = &tour.visits[tour.visits.len() - 1];
    let begin = arrival.max(last.earliest);
    change + late(last, begin) - late(last, last.begin)
}
