//! The stops of one vehicle with their times, and the summaries that an insertion needs.

use crate::breaks::WorkClock;

use super::network::{NEVER, Network, Node, kind_of, order_of};
use crate::instance::StopKind;
use crate::waiting::{BROKEN_PROMISE_FACTOR, Waiting};

/// Marks the start and the end of a tour among its visits.
pub(crate) const NO_NODE: Node = Node::MAX;

/// A stop on a tour with its times and with a summary of the stops behind it. Its times are those of the vehicle's work
/// clock, except `due`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) node: Node,
    pub(crate) point: u32,
    /// The cost of the leg to this stop.
    pub(crate) leg_cost: u32,
    /// The point at which this leg starts.
    leg_from: u32,
    /// The duration of the leg to this stop.
    pub(crate) leg_s: u32,
    pub(crate) earliest: i64,
    pub(crate) service: i64,
    pub(crate) due: i64,
    /// The begin of service.
    pub(crate) begin: i64,
    pub(crate) depart: i64,
    /// The load after service.
    pub(crate) load: i64,
    /// The latest arrival that keeps every hard window from here on.
    pub(crate) latest: i64,
    /// The latest arrival that, besides, adds no lateness from here on.
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

/// The few numbers of a visit that rule out most insertions, close together in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) point: u32,
    pub(crate) leg_cost: u32,
    pub(crate) depart: i64,
    pub(crate) latest: i64,
}

/// What a visit adds to the cost of waiting, alone and together with the visits behind it.
///
/// If a visit is reached later, the cost of waiting from there on grows. As a function of the arrival it is convex:
/// waiting for a window absorbs a delay, and a broken promise makes it more expensive. `slope` is its slope at the
/// current arrival, so a delay costs at least `slope` for each second, and exactly that much until `until`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delay {
    /// The scaled cost of a second of waiting of the order that is dropped off here; 0 at other visits.
    price: i64,
    waiting: Waiting,
    /// The cost of waiting of this order.
    cost: i64,
    /// The growth of cost with each second that the vehicle arrives later. It is 0 if the vehicle waits for a window
    /// here.
    pub(crate) slope: i64,
    /// The latest arrival for which `slope` is exact.
    until: i64,
    /// The begin of service.
    pub(crate) begin: i64,
    /// The duration of the leg to this stop.
    pub(crate) leg_s: i64,
}

impl Delay {
    const NONE: Self = Self {
        price: 0,
        waiting: Waiting {
            since_s: 0,
            promised_s: NEVER,
        },
        cost: 0,
        slope: 0,
        until: NEVER,
        begin: 0,
        leg_s: 0,
    };

    /// The growth of this order's cost if service begins at another moment on the wall.
    pub(crate) fn growth(&self, begin: i64) -> i64 {
        if self.price == 0 {
            return 0;
        }
        self.price * self.waiting.counted_seconds(begin) - self.cost
    }

    /// The slope of this order's cost at a begin of service on the wall, and the begin until which it stays the same.
    fn own_slope(&self, begin: i64) -> (i64, i64) {
        if self.price == 0 {
            (0, NEVER)
        } else if begin < self.waiting.since_s {
            (0, self.waiting.since_s)
        } else if begin < self.waiting.promised_s {
            (self.price, self.waiting.promised_s)
        } else {
            (self.price * BROKEN_PROMISE_FACTOR, NEVER)
        }
    }
}

/// The stops of one vehicle between its start and its end.
#[derive(Clone, Debug)]
pub(crate) struct Tour {
    pub(crate) vehicle: usize,
    /// The clock of the vehicle.
    pub(crate) clock: WorkClock,
    /// The start, the stops, the end.
    pub(crate) visits: Vec<Visit>,
    /// One for each visit.
    pub(crate) places: Vec<Place>,
    /// One for each visit if waiting costs anything, otherwise empty.
    pub(crate) delays: Vec<Delay>,
    /// The number of stops at the beginning that stay as they are.
    pub(crate) frozen: usize,
    /// The cost of all legs, without the fixed cost of the vehicle.
    pub(crate) travel: i64,
    /// The scaled cost of travel, waiting and moves, without the fixed cost of the vehicle.
    pub(crate) cost: i64,
    pub(crate) lateness: i64,
    /// The number of orders that count against the vehicle's `free_places`.
    pub(crate) places_taken: usize,
    /// The number of orders that are not committed.
    pub(crate) uncommitted: usize,
    /// Whether the tour had stops when [`retime`](Self::retime) last ran.
    pub(crate) used: bool,
    /// A number that names the stops: it changes whenever they change, and returns when they return.
    pub(crate) stamp: u64,
}

impl Tour {
    /// A tour with only the frozen stops of its vehicle.
    pub(crate) fn new(network: &Network<'_>, vehicle: usize) -> Self {
        let limits = &network.vehicles[vehicle];
        let mut visits = Vec::with_capacity(2 * network.orders.len().min(64) + 2);
        visits.push(Visit {
            point: limits.start,
            begin: limits.start_s,
            depart: limits.start_s,
            ..BLANK
        });
        visits.push(Visit {
            point: limits.end,
            ..BLANK
        });
        let mut tour = Self {
            vehicle,
            clock: limits.clock,
            places: Vec::with_capacity(visits.capacity()),
            delays: Vec::new(),
            visits,
            frozen: limits.frozen,
            travel: 0,
            cost: 0,
            lateness: 0,
            places_taken: 0,
            uncommitted: 0,
            used: false,
            stamp: 1,
        };
        for (after, node) in network.frozen(vehicle).enumerate() {
            tour.put(network, node, after);
        }
        tour.retime(network);
        tour
    }

    /// Copies another tour without new memory.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.vehicle = other.vehicle;
        self.clock = other.clock;
        self.visits.clear();
        self.visits.extend_from_slice(&other.visits);
        self.places.clear();
        self.places.extend_from_slice(&other.places);
        self.delays.clear();
        self.delays.extend_from_slice(&other.delays);
        self.frozen = other.frozen;
        self.cost = other.cost;
        self.travel = other.travel;
        self.lateness = other.lateness;
        self.places_taken = other.places_taken;
        self.uncommitted = other.uncommitted;
        self.used = other.used;
        self.stamp = other.stamp;
    }

    /// The number of stops.
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

    /// Whether the tour keeps every hard window.
    pub(crate) fn is_on_time(&self) -> bool {
        let first = &self.visits[1];
        self.is_empty() || self.visits[0].depart + i64::from(first.leg_s) <= first.latest
    }

    /// Puts a stop behind the visit at `after`. The times are wrong until [`retime`](Self::retime) has run.
    pub(crate) fn put(&mut self, network: &Network<'_>, node: Node, after: usize) {
        let stop = &network.stops[node as usize];
        let visit = Visit {
            node,
            point: stop.point,
            earliest: self.clock.not_before(stop.earliest),
            service: stop.service,
            due: stop.due,
            ..BLANK
        };
        self.visits.insert(after + 1, visit);
    }

    /// Computes times, loads, costs and summaries from the stops.
    pub(crate) fn retime(&mut self, network: &Network<'_>) {
        let limits = &network.vehicles[self.vehicle];
        let last = self.visits.len() - 1;
        self.travel = 0;
        self.lateness = 0;
        self.places_taken = 0;
        self.uncommitted = 0;
        self.used = !self.is_empty();
        self.visits[0].load = limits.initial_load;
        let clock = self.clock;
        let latest = if limits.soft { NEVER } else { limits.end_s };
        self.visits[last].latest = clock.not_after(latest);
        self.visits[last].due = if limits.soft { limits.end_s } else { NEVER };
        // An unused vehicle does not drive to its end point.
        if last == 1 {
            self.visits[1].leg_cost = 0;
            self.visits[1].leg_s = 0;
            self.visits[1].leg_from = u32::MAX;
            self.visits[1].load = limits.initial_load;
            // It is not late either, so the first order on it adds all lateness.
            let on_time = clock.not_after(self.visits[1].due);
            self.visits[1].begin = limits.start_s.min(on_time);
            self.visits[1].depart = limits.start_s;
            self.visits[1].harmless = self.visits[1]
                .latest
                .min(clock.not_after(self.visits[1].due));
            self.cost = 0;
            if network.is_priced() {
                self.delays.clear();
                self.delays.resize(2, Delay::NONE);
            }
            self.condense();
            return;
        }
        let mut depart = limits.start_s;
        let mut load = limits.initial_load;
        let mut point = limits.start;
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
            visit.begin = clock.begin(arrival.max(visit.earliest), visit.service);
            visit.depart = visit.begin + visit.service;
            self.lateness += (clock.wall(visit.begin) - visit.due).max(0);
            depart = visit.depart;
            if visit.node != NO_NODE {
                load += network.stops[visit.node as usize].load;
                if kind_of(visit.node) == StopKind::Dropoff {
                    let facts = &network.orders[order_of(visit.node)];
                    self.places_taken +=
                        usize::from(!(facts.committed && facts.pinned_to.is_some()));
                    self.uncommitted += usize::from(!facts.committed);
                }
            }
            visit.load = load;
        }
        self.cost = self.travel * network.scale + self.moves(network);
        self.allow(network);
        if network.is_priced() {
            self.weigh_delays(network);
        }
        self.condense();
    }

    /// The scaled cost of the moves onto this tour.
    fn moves(&self, network: &Network<'_>) -> i64 {
        if !network.has_moves() {
            return 0;
        }
        let dropoffs = self
            .stops()
            .iter()
            .filter(|it| kind_of(it.node) == StopKind::Dropoff);
        dropoffs
            .map(|visit| network.move_cost(order_of(visit.node), self.vehicle))
            .sum()
    }

    /// Computes what a delay costs at each visit, and adds the cost of waiting.
    fn weigh_delays(&mut self, network: &Network<'_>) {
        self.delays.clear();
        for visit in &self.visits {
            let is_dropoff = visit.node != NO_NODE && kind_of(visit.node) == StopKind::Dropoff;
            self.delays.push(if is_dropoff {
                let price = &network.prices[order_of(visit.node)];
                let cost = price.waiting_cost(self.clock.wall(visit.begin));
                self.cost += cost;
                Delay {
                    price: price.second,
                    waiting: price.waiting,
                    cost,
                    ..Delay::NONE
                }
            } else {
                Delay::NONE
            });
        }
        let mut arrival_next = 0;
        let (mut slope_next, mut until_next) = (0, NEVER);
        for at in (1..self.visits.len()).rev() {
            let visit = &self.visits[at];
            let arrival = self.visits[at - 1].depart + i64::from(visit.leg_s);
            let delay = &mut self.delays[at];
            (delay.begin, delay.leg_s) = (visit.begin, i64::from(visit.leg_s));
            if arrival < visit.begin {
                (delay.slope, delay.until) = (0, visit.begin);
            } else {
                let (own, kink) = delay.own_slope(self.clock.wall(visit.begin));
                delay.slope = own + slope_next;
                // A delay here is a delay of the same length at the next visit.
                delay.until = self
                    .clock
                    .not_after(kink)
                    .min(self.clock.steady_until(visit.begin, visit.service))
                    .min(visit.begin + (until_next - arrival_next))
                    .min(NEVER);
            }
            (arrival_next, slope_next, until_next) = (arrival, delay.slope, delay.until);
        }
    }

    /// The growth of the cost of waiting from the visit at `from` on, if that is reached at `arrival`.
    pub(crate) fn delay_cost(&self, from: usize, mut arrival: i64) -> i64 {
        let mut growth = 0;
        for at in from..self.visits.len() {
            let (here, delay) = (&self.visits[at], &self.delays[at]);
            if arrival <= here.begin && here.begin == here.earliest {
                return growth;
            }
            if arrival >= here.begin && arrival <= delay.until {
                return growth + delay.slope * (arrival - here.begin);
            }
            let begin = self.clock.begin(arrival.max(here.earliest), here.service);
            growth += delay.growth(self.clock.wall(begin));
            if let Some(next) = self.visits.get(at + 1) {
                arrival = begin + here.service + i64::from(next.leg_s);
            }
        }
        growth
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

    /// The backward half of [`retime`](Self::retime): the latest arrivals.
    fn allow(&mut self, network: &Network<'_>) {
        let clock = self.clock;
        let mut latest_next = NEVER;
        let mut harmless_next = NEVER;
        let mut leg_next = 0;
        for visit in self.visits[1..].iter_mut().rev() {
            if visit.node != NO_NODE {
                let latest = network.stops[visit.node as usize].latest;
                let latest = latest.min(hard_end(network, self.vehicle, visit.node));
                let latest = clock
                    .not_after(latest)
                    .min(latest_next - leg_next - visit.service);
                visit.latest = clock.latest(latest, visit.service);
                // The vehicle would have to wait until after its latest begin: every arrival is too late.
                if visit.latest < visit.earliest {
                    visit.latest = -NEVER;
                }
            }
            let harmless = visit
                .latest
                .min(clock.not_after(visit.due).max(visit.begin))
                .min(harmless_next - leg_next - visit.service);
            visit.harmless = clock.latest(harmless, visit.service);
            latest_next = visit.latest;
            harmless_next = visit.harmless;
            leg_next = i64::from(visit.leg_s);
        }
    }
}

/// The latest begin of service at a stop that keeps the shift of its vehicle; `NEVER` for committed orders.
pub(crate) fn hard_end(network: &Network<'_>, vehicle: usize, node: Node) -> i64 {
    if network.orders[order_of(node)].committed {
        NEVER
    } else {
        network.vehicles[vehicle].end_s - network.stops[node as usize].service
    }
}
