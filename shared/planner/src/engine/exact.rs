//! The best plan that there is, for problems of a few orders.
//!
//! For each vehicle, the best route for each set of orders: by extending
//! partial routes stop by stop and dropping those that another one makes
//! pointless (Y. Dumas, J. Desrosiers and F. Soumis, *The pickup and delivery
//! problem with time windows*, 1991). Then the best way to share the orders
//! out among the vehicles, one vehicle after the other. Nothing is taken for
//! granted about travel: only that who leaves sooner never arrives later,
//! which holds where times do not depend on the time of day.

use super::clock::Clock;
use super::network::{Network, Node, dropoff_of, pickup_of};
use super::schedule::Schedule;
use super::tour::{NO_NODE, hard_end};

/// Up to so many orders are solved like this.
pub(crate) const MOST_ORDERS: usize = 7;

/// Partial routes looked at, at most: about 0.1 s.
pub(crate) const BUDGET: usize = 1_000_000;

/// How much of the time may go into it.
const SHARE: f64 = 0.5;

/// How often the clock is looked at.
const NUMBERS_PER_CHECK: usize = 32;

const NO_LABEL: u32 = u32::MAX;

/// A plan found by trying everything.
pub(crate) struct Tried {
    pub(crate) schedule: Schedule,
    /// There is no better one. If not, vehicles were left out for want of time.
    pub(crate) proven: bool,
}

/// The best plan for a problem of few orders and at least one, if that takes no
/// more than so many partial routes.
pub(crate) fn best(network: &Network<'_>, clock: &Clock, budget: usize) -> Tried {
    let mut extension = Extension::new(network, clock, budget);
    let mut shares = Shares::new(network);
    let mut routes_of: Vec<Option<Routes>> = (0..network.kinds).map(|_| None).collect();
    let mut proven = true;
    for (vehicle, carrier) in network.carriers.iter().enumerate() {
        let slot = &mut routes_of[carrier.kind as usize];
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
        let kind = network.carriers[vehicle].kind as usize;
        if let Some(Some(routes)) = routes_of.get(kind)
            && let Some(route) = &routes[orders]
        {
            schedule.lay(network, vehicle, &route.nodes);
        }
    }
    schedule.forget_placed();
    schedule.keep();
    Tried { schedule, proven }
}

/// The best route of a vehicle for each set of orders, the set's bits being its
/// index.
type Routes = Vec<Option<Route>>;

#[derive(Clone, Debug)]
struct Route {
    lateness: i64,
    /// With the vehicle's fixed cost.
    travel: i64,
    nodes: Vec<Node>,
}

/// A partial route.
#[derive(Clone, Copy)]
struct Label {
    /// Its last stop.
    node: Node,
    /// The partial route that this one extends.
    before: u32,
    /// Another one with the same stops behind it in another sequence, but for
    /// the last.
    beside: u32,
    depart: i64,
    load: i64,
    lateness: i64,
    travel: i64,
}

/// How far an order is: not begun, aboard, or dropped off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Pending,
    Aboard,
    Done,
}

/// The partial routes of one vehicle, by what they have behind them: the stages
/// of all orders as the digits of a number to base 3, that grows with each
/// stop.
struct Extension<'a, 'n> {
    network: &'a Network<'n>,
    clock: &'a Clock,
    labels: Vec<Label>,
    /// The first label for each number and last stop.
    heads: Vec<u32>,
    /// What one step of an order adds to the number.
    steps: Vec<usize>,
    /// What the digits of each number mean, order by order.
    stages: Vec<Stage>,
    left: usize,
}

impl<'a, 'n> Extension<'a, 'n> {
    fn new(network: &'a Network<'n>, clock: &'a Clock, budget: usize) -> Self {
        let orders = network.jobs.len();
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

    /// The best routes of a vehicle; `None` if time ends before they are known.
    fn routes(&mut self, vehicle: usize) -> Option<Routes> {
        if self.is_over() {
            return None;
        }
        let network = self.network;
        let orders = network.jobs.len();
        let nodes = 2 * orders;
        let carrier = &network.carriers[vehicle];
        self.labels.clear();
        self.heads.fill(NO_LABEL);
        let mut ends: Vec<Option<(i64, i64, u32)>> = vec![None; 1 << orders];
        let is_own = |order: &usize| network.jobs[*order].vehicle == Some(vehicle);
        let is_aboard = |order: &usize| is_own(order) && network.jobs[*order].aboard;
        let start: usize = (0..orders).filter(is_aboard).map(|it| self.steps[it]).sum();
        let fixed = (0..orders)
            .filter(is_own)
            .find(|&order| network.jobs[order].next);
        self.labels.push(Label {
            node: NO_NODE,
            before: NO_LABEL,
            beside: NO_LABEL,
            depart: carrier.start_s,
            load: carrier.initial_load,
            lateness: 0,
            travel: carrier.fixed_cost,
        });
        for order in 0..orders {
            if fixed.is_none_or(|next| next == order) {
                self.extend(vehicle, start, order, 0);
            }
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
            if let Some((lateness, travel, at)) = end
                && self.has_places(vehicle, set)
            {
                routes[set] = Some(Route {
                    lateness,
                    travel,
                    nodes: self.nodes(at),
                });
            }
        }
        Some(routes)
    }

    /// The orders dropped off, as bits, unless one is still aboard.
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

    /// Goes on from a partial route to the next stop of an order.
    fn extend(&mut self, vehicle: usize, number: usize, order: usize, at: u32) {
        let network = self.network;
        let carrier = &network.carriers[vehicle];
        let node = match self.stage(number, order) {
            Stage::Pending if network.eligible(order, vehicle) => pickup_of(order),
            Stage::Aboard => dropoff_of(order),
            _ => return,
        };
        let site = &network.sites[node as usize];
        let so_far = self.labels[at as usize];
        let load = so_far.load + site.load;
        if site.load > 0 && load > carrier.capacity {
            return;
        }
        let leg = network.from(self.point(vehicle, so_far.node))[site.point as usize];
        let begin = (so_far.depart + i64::from(leg.duration_s)).max(site.earliest);
        if begin > site.latest.min(hard_end(network, vehicle, node)) {
            return;
        }
        let label = Label {
            node,
            before: at,
            beside: NO_LABEL,
            depart: begin + site.service,
            load,
            lateness: so_far.lateness + (begin - site.due).max(0),
            travel: so_far.travel + network.cost(leg),
        };
        self.add(number + self.steps[order], label);
    }

    fn point(&self, vehicle: usize, node: Node) -> u32 {
        if node == NO_NODE {
            self.network.carriers[vehicle].start
        } else {
            self.network.sites[node as usize].point
        }
    }

    /// Adds a partial route, unless one that has the same behind it and ends at
    /// the same stop is as good in every respect; drops those for which it is.
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

    /// Drives a partial route with nothing aboard to the vehicle's end.
    fn finish(&self, vehicle: usize, at: u32, best: &mut Option<(i64, i64, u32)>) {
        let carrier = &self.network.carriers[vehicle];
        let label = &self.labels[at as usize];
        let leg = self.network.from(self.point(vehicle, label.node))[carrier.end as usize];
        let overrun = (label.depart + i64::from(leg.duration_s) - carrier.end_s).max(0);
        if overrun > 0 && !carrier.soft {
            return;
        }
        let lateness = label.lateness + overrun;
        let travel = label.travel + self.network.cost(leg);
        if best.is_none_or(|best| (lateness, travel) < (best.0, best.1)) {
            *best = Some((lateness, travel, at));
        }
    }

    /// Whether a vehicle may have so many orders: committed ones alone always.
    fn has_places(&self, vehicle: usize, set: usize) -> bool {
        let jobs = self.network.jobs.iter().enumerate();
        let (mut uncommitted, mut places) = (0, 0);
        for (_, job) in jobs.filter(|(order, _)| set & (1 << order) != 0) {
            uncommitted += usize::from(!job.committed);
            places += usize::from(!(job.committed && job.vehicle.is_some()));
        }
        uncommitted == 0 || places <= self.network.carriers[vehicle].free_places
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

/// Whether whatever is done from here on comes out no worse from one partial
/// route than from the other.
fn dominates(one: &Label, other: &Label) -> bool {
    one.depart <= other.depart && one.lateness <= other.lateness && one.travel <= other.travel
}

/// Lateness, vehicles (0 unless they come first), travel, vehicles: what plans
/// with the same orders are compared by.
type Sum = (i64, i64, i64, i64);

/// The best plans of the vehicles so far, for each set of orders.
struct Shares {
    reached: Vec<Option<Sum>>,
    /// For each vehicle and set of orders: those of them that it takes.
    own: Vec<Vec<usize>>,
}

impl Shares {
    fn new(network: &Network<'_>) -> Self {
        let mut reached = vec![None; 1 << network.jobs.len()];
        reached[0] = Some((0, 0, 0, 0));
        Self {
            reached,
            own: Vec::new(),
        }
    }

    fn add_vehicle(&mut self, network: &Network<'_>, routes: &Routes) {
        let first = i64::from(network.problem.minimises_vehicles());
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
                    sum.2 + route.travel,
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

    /// The vehicles of the best plan, with the orders of each.
    fn best(&self, network: &Network<'_>) -> Vec<(usize, usize)> {
        let left_over = |set: usize| {
            let jobs = network.jobs.iter().enumerate();
            jobs.filter(|(order, _)| set & (1 << order) == 0)
                .fold((0, 0), |(forsaken, absent), (_, job)| {
                    (forsaken + usize::from(job.committed), absent + 1)
                })
        };
        let sets = self.reached.iter().enumerate();
        let mut set = sets
            .filter_map(|(set, sum)| Some((left_over(set), (*sum)?, set)))
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
