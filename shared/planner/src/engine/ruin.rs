//! Takes strings of neighbouring stops off neighbouring tours.

use super::network::{Network, Node, kind_of, order_of};
use super::random::Random;
use super::schedule::{ABSENT, Schedule};
use super::tour::NO_NODE;
use crate::problem::StopKind;

/// How many neighbours of a node are known at most.
const NEIGHBOURS: usize = 256;

/// What is taken off at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// Stops removed on average.
    pub(crate) stops: f64,
    /// Stops in a string at most.
    pub(crate) string: f64,
    /// Probability that a string is split.
    pub(crate) split: f64,
    /// Probability that a split string's middle does not grow further.
    pub(crate) split_stop: f64,
}

/// *Adjacent string removal* of Christiaens and Vanden Berghe (2020), §5.1,
/// each removed stop taking its order's other one along.
#[derive(Clone, Debug)]
pub(crate) struct Ruin {
    pub(crate) measure: Measure,
    /// Nodes by closeness: `reach` of them for each node.
    neighbours: Vec<Node>,
    reach: usize,
    nodes: Vec<Node>,
    ruined: Vec<bool>,
    removed: Vec<u32>,
}

impl Ruin {
    pub(crate) fn new(network: &Network<'_>, measure: Measure) -> Self {
        let nodes: Vec<Node> = (0..network.sites.len() as Node)
            .filter(|&node| {
                kind_of(node) == StopKind::Dropoff || !network.jobs[order_of(node)].aboard
            })
            .collect();
        let reach = nodes.len().min(NEIGHBOURS);
        let mut neighbours = vec![0; network.sites.len() * reach];
        let mut by_closeness: Vec<(i64, Node)> = Vec::with_capacity(nodes.len());
        for &node in &nodes {
            let point = network.sites[node as usize].point;
            let (to, from) = (network.to(point), network.from(point));
            by_closeness.clear();
            by_closeness.extend(nodes.iter().map(|&other| {
                let at = network.sites[other as usize].point as usize;
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
        Self {
            measure,
            neighbours,
            reach,
            nodes,
            ruined: vec![false; network.carriers.len()],
            removed: Vec::new(),
        }
    }

    /// Takes some strings off.
    pub(crate) fn run(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
    ) {
        if self.nodes.is_empty() || schedule.worth.vehicles == 0 {
            return;
        }
        let placed: usize = schedule.tours.iter().map(super::tour::Tour::len).sum();
        let average = placed as f64 / schedule.worth.vehicles as f64;
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
            if tour == ABSENT || self.ruined[tour as usize] {
                continue;
            }
            let stops = schedule.tours[tour as usize].len();
            let longest = longest.min(stops as f64);
            let length = (random.unit() * longest + 1.0) as usize;
            self.ruined[tour as usize] = true;
            self.string(network, random, schedule, node, length.clamp(1, stops));
            count += 1;
        }
        schedule.settle(network);
    }

    /// Takes a string of stops around a node off its tour.
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
