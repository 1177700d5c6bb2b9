//! Finds the optimal plan for instances with few orders.
//!
//! For each vehicle and each set of orders, it finds the best route. It extends partial routes stop by stop and drops a
//! partial route that another one dominates (Y. Dumas, J. Desrosiers and F. Soumis, *The pickup and delivery problem
//! with time windows*, 1991). Then it distributes the orders among the vehicles, one vehicle after the other.
//!
//! It assumes one thing about travel: a vehicle that leaves sooner never arrives later. This holds because travel
//! times do not depend on the time of day, and because breaks are due at fixed times.

use super::clock::Clock;
use super::network::{Network, Node, dropoff_of, kind_of, order_of, pickup_of};
use super::schedule::Schedule;
use super::tour::{NO_NODE, hard_end};
use crate::instance::StopKind;

/// The largest number of orders that is solved exactly.
pub(crate) const MOST_ORDERS: usize = 7;

/// The largest number of partial routes. They take about 0.1 s.
pub(crate) const BUDGET: usize = 1_000_000;

/// The largest share of the time for the exact solver.
const SHARE: f64 = 0.5;

/// How many numbers of stages pass between two looks at the clock.
const NUMBERS_PER_CHECK: usize = 32;

const NO_LABEL: u32 = u32::MAX;

/// The result of the exact solver.
pub(crate) struct Tried {
    pub(crate) schedule: Schedule,
    /// Whether the schedule is optimal. If not, the budget or the time ended before all vehicles were examined.
    pub(crate) proven: bool,
}

/// Finds the best plan for an instance with few orders, and at least one, within a budget of partial routes.
pub(crate) fn best(network: &Network<'_>, clock: &Clock, budget: usize) -> Tried {
    let mut extension = Extension::new(network, clock, budget);
    let mut shares = Shares::new(network);
    let mut routes_of: Vec<Option<Routes>> = (0..network.kinds).map(|_| None).collect();
    let mut proven = true;
    for (vehicle, facts) in network.vehicles.iter().enumerate() {
        let slot = &mut routes_of[facts.kind as usize];
        if slot.is_none() {
            *slot = extension.routes(vehicle);
        }
        let Some(routes) = slot else {
            proven = false;
            break;
        };
        shares.add_vehicle(network, routes);
    }
    let mut schedule = Schedule::new(network);
    for (vehicle, orders) in shares.best(network) {
        let kind = network.vehicles[vehicle].kind as usize;
        if let Some(Some(routes)) = routes_of.get(kind)
            && let Some(route) = &routes[orders]
        {
            let frozen = network.vehicles[vehicle].frozen;
            schedule.lay(network, vehicle, &route.nodes[frozen..]);
        }
    }
    schedule.forget_served();
    schedule.keep();
    Tried { schedule, proven }
}

/// The best route of a vehicle for each set of orders. The index has a bit for each order of the set.
type Routes = Vec<Option<Route>>;

#[derive(Clone, Debug)]
struct Route {
    lateness: i64,
    /// The scaled cost, including the fixed cost of the vehicle.
    cost: i64,
    nodes: Vec<Node>,
}

/// A partial route.
#[derive(Clone, Copy)]
struct Label {
    /// The last stop.
    node: Node,
    /// The index of the partial route that this one extends.
    before: u32,
    /// The index of the next partial route with the same stops in another sequence and the same last stop.
    beside: u32,
    /// On the clock of the vehicle.
    depart: i64,
    load: i64,
    lateness: i64,
    cost: i64,
}

/// The state of an order on a partial route.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pending,
    Aboard,
    Done,
}

/// The partial routes of one vehicle, grouped by the stages of all orders. The stages are the digits of a number to
/// base 3, which grows with each stop.
struct Extension<'a, 'n> {
    network: &'a Network<'n>,
    clock: &'a Clock,
    labels: Vec<Label>,
    /// The first partial route for each number and last stop.
    heads: Vec<u32>,
    /// The amount that one step of an order adds to the number.
    steps: Vec<usize>,
    /// The stages that each number stands for, order by order.
    stages: Vec<Stage>,
    left: usize,
}

impl<'a, 'n> Extension<'a, 'n> {
    fn new(network: &'a Network<'n>, clock: &'a Clock, budget: usize) -> Self {
        let orders = network.orders.len();
        let steps: Vec<usize> = (0..orders as u32).map(|order| 3_usize.pow(order)).collect();
        let numbers = 3_usize.pow(orders as u32);
        let digits =
            (0..numbers).flat_map(|number| steps.iter().map(move |step| number / step % 3));
        let stages = digits.map(|digit| match digit {
            0 => Stage::Pending,
            1 => Stage::Aboard,
            _ => Stage::Done,
        });
        Self {
            network,
            clock,
            labels: Vec::new(),
            heads: vec![NO_LABEL; numbers * 2 * orders],
            stages: stages.collect(),
            steps,
            left: budget,
        }
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.clock.progress(0) >= SHARE
    }

    fn stage(&self, number: usize, order: usize) -> Stage {
        self.stages[number * self.steps.len() + order]
    }

    /// The best routes of a vehicle; `None` if the time or the budget ends first.
    fn routes(&mut self, vehicle: usize) -> Option<Routes> {
        if self.is_over() {
            return None;
        }
        let network = self.network;
        let orders = network.orders.len();
        let nodes = 2 * orders;
        let facts = &network.vehicles[vehicle];
        self.labels.clear();
        self.heads.fill(NO_LABEL);
        let mut ends: Vec<Option<(i64, i64, u32)>> = vec![None; 1 << orders];
        let is_aboard = |order: &usize| {
            let it = &network.instance.orders()[*order];
            it.pickup.is_none() && it.pinned_to == Some(vehicle)
        };
        let mut start: usize = (0..orders).filter(is_aboard).map(|it| self.steps[it]).sum();
        let mut begin = 0;
        self.labels.push(Label {
            node: NO_NODE,
            before: NO_LABEL,
            beside: NO_LABEL,
            depart: facts.start_s,
            load: facts.initial_load,
            lateness: 0,
            cost: facts.fixed_cost * network.scale,
        });
        for node in network.frozen(vehicle) {
            let label = self.extended(vehicle, begin, node)?;
            begin = self.labels.len() as u32;
            self.labels.push(label);
            start += self.steps[order_of(node)];
        }
        if facts.frozen > 0
            && let Some(set) = self.complete(start)
        {
            self.finish(vehicle, begin, &mut ends[set]);
        }
        for order in 0..orders {
            self.extend(vehicle, start, order, begin);
        }
        for number in start + 1..self.heads.len() / nodes {
            let complete = self.complete(number);
            for node in 0..nodes {
                let mut at = self.heads[number * nodes + node];
                while at != NO_LABEL {
                    if let Some(set) = complete {
                        self.finish(vehicle, at, &mut ends[set]);
                    }
                    for order in 0..orders {
                        self.extend(vehicle, number, order, at);
                    }
                    at = self.labels[at as usize].beside;
                }
            }
            if self.left == 0 || (number.is_multiple_of(NUMBERS_PER_CHECK) && self.is_over()) {
                return None;
            }
        }
        let mut routes: Routes = vec![None; 1 << orders];
        for (set, end) in ends.into_iter().enumerate() {
            if let Some((lateness, cost, at)) = end
                && self.has_places(vehicle, set)
            {
                routes[set] = Some(Route {
                    lateness,
                    cost,
                    nodes: self.nodes(at),
                });
            }
        }
        Some(routes)
    }

    /// The orders dropped off, as bits; `None` if an order is aboard.
    fn complete(&self, number: usize) -> Option<usize> {
        let mut set = 0;
        for order in 0..self.steps.len() {
            match self.stage(number, order) {
                Stage::Pending => {}
                Stage::Aboard => return None,
                Stage::Done => set |= 1 << order,
            }
        }
        Some(set)
    }

    /// Extends a partial route by the next stop of an order.
    fn extend(&mut self, vehicle: usize, number: usize, order: usize, at: u32) {
        let node = match self.stage(number, order) {
            Stage::Pending if self.network.eligible(order, vehicle) => pickup_of(order),
            Stage::Aboard => dropoff_of(order),
            _ => return,
        };
        if let Some(label) = self.extended(vehicle, at, node) {
            self.add(number + self.steps[order], label);
        }
    }

    /// A partial route with one more stop, if the capacity and the windows allow it.
    fn extended(&self, vehicle: usize, at: u32, node: Node) -> Option<Label> {
        let network = self.network;
        let stop = &network.stops[node as usize];
        let so_far = self.labels[at as usize];
        let load = so_far.load + stop.load;
        if stop.load > 0 && load > network.vehicles[vehicle].capacity {
            return None;
        }
        let leg = network.from(self.point(vehicle, so_far.node))[stop.point as usize];
        let clock = &network.vehicles[vehicle].clock;
        let arrival = so_far.depart + i64::from(leg.duration_s);
        let work = clock.begin(arrival.max(clock.not_before(stop.earliest)), stop.service);
        let begin = clock.wall(work);
        if begin > stop.latest.min(hard_end(network, vehicle, node)) {
            return None;
        }
        let mut cost = so_far.cost + network.cost(leg) * network.scale;
        if kind_of(node) == StopKind::Dropoff {
            let order = order_of(node);
            cost += network.prices[order].waiting_cost(begin) + network.move_cost(order, vehicle);
        }
        Some(Label {
            node,
            before: at,
            beside: NO_LABEL,
            depart: work + stop.service,
            load,
            lateness: so_far.lateness + (begin - stop.due).max(0),
            cost,
        })
    }

    fn point(&self, vehicle: usize, node: Node) -> u32 {
        if node == NO_NODE {
            self.network.vehicles[vehicle].start
        } else {
            self.network.stops[node as usize].point
        }
    }

    /// Adds a partial route unless a known one with the same stages and last stop dominates it. Drops the known ones
    /// that it dominates.
    fn add(&mut self, number: usize, mut label: Label) {
        let slot = number * 2 * self.steps.len() + label.node as usize;
        let mut previous = NO_LABEL;
        let mut at = self.heads[slot];
        while at != NO_LABEL {
            let other = self.labels[at as usize];
            if dominates(&other, &label) {
                return;
            }
            if dominates(&label, &other) {
                match previous {
                    NO_LABEL => self.heads[slot] = other.beside,
                    _ => self.labels[previous as usize].beside = other.beside,
                }
            } else {
                previous = at;
            }
            at = other.beside;
        }
        label.beside = self.heads[slot];
        self.heads[slot] = self.labels.len() as u32;
        self.labels.push(label);
        self.left = self.left.saturating_sub(1);
    }

    /// Completes a partial route with nothing aboard: drives to the vehicle's end.
    fn finish(&self, vehicle: usize, at: u32, best: &mut Option<(i64, i64, u32)>) {
        let facts = &self.network.vehicles[vehicle];
        let label = &self.labels[at as usize];
        let leg = self.network.from(self.point(vehicle, label.node))[facts.end as usize];
        let finish = facts.clock.wall(label.depart + i64::from(leg.duration_s));
        let overrun = (finish - facts.end_s).max(0);
        if overrun > 0 && !facts.soft {
            return;
        }
        let lateness = label.lateness + overrun;
        let cost = label.cost + self.network.cost(leg) * self.network.scale;
        if best.is_none_or(|best| (lateness, cost) < (best.0, best.1)) {
            *best = Some((lateness, cost, at));
        }
    }

    /// Whether a vehicle may have this many orders. Committed orders alone are always allowed.
    fn has_places(&self, vehicle: usize, set: usize) -> bool {
        let orders = self.network.orders.iter().enumerate();
        let (mut uncommitted, mut places) = (0, 0);
        for (_, facts) in orders.filter(|(order, _)| set & (1 << order) != 0) {
            uncommitted += usize::from(!facts.committed);
            places += usize::from(!(facts.committed && facts.pinned_to.is_some()));
        }
        uncommitted == 0 || places <= self.network.vehicles[vehicle].free_places
    }

    /// The stops of a partial route.
    fn nodes(&self, mut at: u32) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(2 * self.steps.len());
        while self.labels[at as usize].node != NO_NODE {
            nodes.push(self.labels[at as usize].node);
            at = self.labels[at as usize].before;
        }
        nodes.reverse();
        nodes
    }
}

/// Whether every continuation of one partial route is at least as good as the same continuation of the other.
fn dominates(one: &Label, other: &Label) -> bool {
    one.depart <= other.depart && one.lateness <= other.lateness && one.cost <= other.cost
}

/// Lateness, vehicles (0 unless the instance minimises them), cost, vehicles. Plans that serve the same orders are
/// compared by these.
type Sum = (i64, i64, i64, i64);

/// The best plan of the vehicles added so far, for each set of orders.
struct Shares {
    reached: Vec<Option<Sum>>,
    /// For each vehicle and each set of orders: the orders of the set that the vehicle serves.
    own: Vec<Vec<usize>>,
}

impl Shares {
    fn new(network: &Network<'_>) -> Self {
        let mut reached = vec![None; 1 << network.orders.len()];
        reached[0] = Some((0, 0, 0, 0));
        Self {
            reached,
            own: Vec::new(),
        }
    }

    fn add_vehicle(&mut self, network: &Network<'_>, routes: &Routes) {
        let first = i64::from(network.instance.objective().minimise_vehicles);
        let before = self.reached.clone();
        let mut own = vec![0; before.len()];
        for (taken, sum) in before.iter().enumerate() {
            let Some(sum) = sum else { continue };
            for (set, route) in routes.iter().enumerate() {
                let Some(route) = route.as_ref().filter(|_| set & taken == 0) else {
                    continue;
                };
                let sum = (
                    sum.0 + route.lateness,
                    sum.1 + first,
                    sum.2 + route.cost,
                    sum.3 + 1,
                );
                let slot = &mut self.reached[taken | set];
                if slot.is_none_or(|old| sum < old) {
                    *slot = Some(sum);
                    own[taken | set] = set;
                }
            }
        }
        self.own.push(own);
    }

    /// The vehicles of the best plan, each with its orders as bits.
    fn best(&self, network: &Network<'_>) -> Vec<(usize, usize)> {
        let unserved = |set: usize| {
            let left = (0..network.orders.len()).filter(|order| set & (1 << order) == 0);
            left.fold((0, 0, 0), |(committed, unserved, urgency), order| {
                (
                    committed + usize::from(network.orders[order].committed),
                    unserved + 1,
                    urgency + network.prices[order].urgency,
                )
            })
        };
        let sets = self.reached.iter().enumerate();
        let mut set = sets
            .filter_map(|(set, sum)| Some((unserved(set), (*sum)?, set)))
            .min()
            .map_or(0, |(_, _, set)| set);
        let mut shares = Vec::new();
        for (vehicle, own) in self.own.iter().enumerate().rev() {
            if own[set] != 0 {
                shares.push((vehicle, own[set]));
                set &= !own[set];
            }
        }
        shares
    }
}
