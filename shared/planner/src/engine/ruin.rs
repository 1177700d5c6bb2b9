//! Removes orders from their tours: strings of neighbouring stops, or orders that are alike.

use super::network::{Network, Node, dropoff_of, kind_of, order_of, pickup_of};
use super::random::Random;
use super::schedule::{Schedule, UNSERVED};
use super::tour::NO_NODE;
use crate::instance::StopKind;

/// The largest number of neighbours that are known for each stop.
const NEIGHBOURS: usize = 256;

/// The largest number of similar orders that are known for each order.
const KIN: usize = 64;

/// The probability of skipping an order though it is similar.
const SKIPPED_KIN: f64 = 0.2;

/// How much is removed in a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// The average number of removed stops.
    pub(crate) stops: f64,
    /// The largest number of stops in a string.
    pub(crate) string: f64,
    /// The probability that a string is split.
    pub(crate) split: f64,
    /// The probability that the kept middle of a split string stops growing.
    pub(crate) split_stop: f64,
    /// The largest number of similar orders that are removed.
    pub(crate) kin: usize,
    /// The share of rounds that remove similar orders instead of strings.
    pub(crate) kin_share: f64,
}

/// Removes orders, mostly by *adjacent string removal* (Christiaens and Vanden Berghe 2020, §5.1). A removed stop
/// takes the other stop of its order along.
#[derive(Clone, Debug)]
pub(crate) struct Ruin {
    pub(crate) measure: Measure,
    /// The nearest stops of each stop: `reach` of them.
    neighbours: Vec<Node>,
    reach: usize,
    /// The most similar orders of each order: `kin_reach` of them.
    kin: Vec<u32>,
    kin_reach: usize,
    nodes: Vec<Node>,
    ruined: Vec<bool>,
    removed: Vec<u32>,
}

impl Ruin {
    /// Removes nothing until [`look_around`](Self::look_around) has run.
    pub(crate) fn new(network: &Network<'_>, measure: Measure) -> Self {
        Self {
            measure,
            neighbours: Vec::new(),
            reach: 0,
            kin: Vec::new(),
            kin_reach: 0,
            nodes: Vec::new(),
            ruined: vec![false; network.vehicles.len()],
            removed: Vec::new(),
        }
    }

    /// Finds the neighbours of all stops and orders. With 1,000 orders this takes longer than a first plan, which does
    /// not need it.
    pub(crate) fn look_around(&mut self, network: &Network<'_>) {
        let nodes: Vec<Node> = (0..network.stops.len() as Node)
            .filter(|&node| {
                kind_of(node) == StopKind::Dropoff || !network.orders[order_of(node)].picked_up
            })
            .collect();
        let reach = nodes.len().min(NEIGHBOURS);
        let mut neighbours = vec![0; network.stops.len() * reach];
        let mut by_closeness: Vec<(i64, Node)> = Vec::with_capacity(nodes.len());
        for &node in &nodes {
            let point = network.stops[node as usize].point;
            let (to, from) = (network.to(point), network.from(point));
            by_closeness.clear();
            by_closeness.extend(nodes.iter().map(|&other| {
                let at = network.stops[other as usize].point as usize;
                let closeness = if other == node {
                    -1
                } else {
                    network.cost(to[at]) + network.cost(from[at])
                };
                (closeness, other)
            }));
            if reach < by_closeness.len() {
                by_closeness.select_nth_unstable(reach);
                by_closeness.truncate(reach);
            }
            by_closeness.sort_unstable();
            let row = &mut neighbours[node as usize * reach..][..reach];
            for (slot, (_, other)) in row.iter_mut().zip(&by_closeness) {
                *slot = *other;
            }
        }
        (self.kin, self.kin_reach) = kin(network);
        (self.neighbours, self.reach, self.nodes) = (neighbours, reach, nodes);
    }

    /// Removes some orders.
    pub(crate) fn run(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
    ) {
        if self.nodes.is_empty() || schedule.value.vehicles == 0 {
            return;
        }
        if random.happens(self.measure.kin_share) {
            self.kin(network, random, schedule);
        } else {
            self.strings(network, random, schedule);
        }
        schedule.settle(network);
    }

    /// Removes orders that are similar to one order: *related removal* (P. Shaw, *Using constraint programming and
    /// local search methods to solve vehicle routing problems*, 1998). Orders are similar if they begin and end near
    /// one another. Strings rarely remove two orders that should swap places on distant parts of a long tour.
    fn kin(&mut self, network: &Network<'_>, random: &mut Random, schedule: &mut Schedule) {
        let orders = network.orders.len();
        let seed = random.below(orders);
        let mut left = 1 + random.below(self.measure.kin.min(orders));
        for rank in 0..self.kin_reach {
            let order = self.kin[seed * self.kin_reach + rank] as usize;
            if left == 0 {
                break;
            }
            if schedule.tour_of[order] != UNSERVED && !random.happens(SKIPPED_KIN) {
                schedule.remove(network, order);
                left -= 1;
            }
        }
    }

    /// Removes some strings.
    fn strings(&mut self, network: &Network<'_>, random: &mut Random, schedule: &mut Schedule) {
        let served: usize = schedule.tours.iter().map(super::tour::Tour::len).sum();
        let average = served as f64 / schedule.value.vehicles as f64;
        let longest = self.measure.string.min(average);
        let strings = 4.0 * self.measure.stops / (1.0 + longest) - 1.0;
        let strings = (random.unit() * strings.max(1.0) + 1.0) as usize;
        self.ruined.fill(false);
        let seed = self.nodes[random.below(self.nodes.len())];
        let mut count = 0;
        for rank in 0..self.reach {
            if count >= strings {
                break;
            }
            let node = self.neighbours[seed as usize * self.reach + rank];
            let tour = schedule.tour_of[order_of(node)];
            if tour == UNSERVED || self.ruined[tour as usize] {
                continue;
            }
            let stops = schedule.tours[tour as usize].len();
            let longest = longest.min(stops as f64);
            let length = (random.unit() * longest + 1.0) as usize;
            self.ruined[tour as usize] = true;
            self.string(network, random, schedule, node, length.clamp(1, stops));
            count += 1;
        }
    }

    /// Removes a string of stops around a stop.
    fn string(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        node: Node,
        length: usize,
    ) {
        let Some(at) = schedule.position(node) else {
            return;
        };
        let tour = &schedule.tours[schedule.tour_of[order_of(node)] as usize];
        let stops = tour.len();
        // A split string keeps some stops in its middle.
        let mut kept = 0;
        if length > 1 && length < stops && random.happens(self.measure.split) {
            kept = 1;
            while length + kept < stops && !random.happens(self.measure.split_stop) {
                kept += 1;
            }
        }
        let span = length + kept;
        let first = (at + 1).saturating_sub(span).max(1);
        let last = at.min(stops + 1 - span);
        let start = first + random.below(last + 1 - first);
        let gap = if kept > 0 {
            start + 1 + random.below(length - 1)
        } else {
            start + span
        };
        self.removed.clear();
        for (position, visit) in tour.visits.iter().enumerate().skip(start).take(span) {
            let is_kept = kept > 0 && (gap..gap + kept).contains(&position);
            if !is_kept && visit.node != NO_NODE {
                self.removed.push(order_of(visit.node) as u32);
            }
        }
        for &order in &self.removed {
            schedule.remove(network, order as usize);
        }
    }
}

/// For each order the most similar ones, and how many these are.
fn kin(network: &Network<'_>) -> (Vec<u32>, usize) {
    let orders = network.orders.len();
    let reach = orders.min(KIN);
    let ends = |order: usize| {
        let dropoff = network.stops[dropoff_of(order) as usize].point;
        if network.orders[order].picked_up {
            (dropoff, dropoff)
        } else {
            (network.stops[pickup_of(order) as usize].point, dropoff)
        }
    };
    let mut kin = Vec::with_capacity(orders * reach);
    let mut by_likeness: Vec<(i64, u32)> = Vec::with_capacity(orders);
    for order in 0..orders {
        let (pickup, dropoff) = ends(order);
        let (pickup, dropoff) = (network.from(pickup), network.from(dropoff));
        by_likeness.clear();
        by_likeness.extend((0..orders).map(|other| {
            let at = ends(other);
            let gap = network.cost(pickup[at.0 as usize]) + network.cost(dropoff[at.1 as usize]);
            (if other == order { -1 } else { gap }, other as u32)
        }));
        if reach < orders {
            by_likeness.select_nth_unstable(reach);
            by_likeness.truncate(reach);
        }
        by_likeness.sort_unstable();
        kin.extend(by_likeness.iter().map(|&(_, other)| other));
    }
    (kin, reach)
}
