//! Inserts unserved orders greedily, in varying sequences, with blinks.

use super::insertion::{Inserter, Insertion, NOWHERE};
use super::network::{NEVER, Network, dropoff_of, pickup_of};
use super::random::Random;
use super::schedule::{Schedule, Value};
use super::tour::Tour;

/// The sequences in which unserved orders are inserted: the sorts of Christiaens and Vanden Berghe (2020), §5.2 and §6,
/// for orders with two stops.
#[derive(Clone, Copy)]
enum Sort {
    Random,
    Size,
    Far,
    Near,
    Width,
    Earliest,
    Latest,
    Urgency,
}

/// The weight of each sort, as in their paper.
const SORTS: [(Sort, usize); 7] = [
    (Sort::Random, 4),
    (Sort::Size, 4),
    (Sort::Far, 2),
    (Sort::Near, 1),
    (Sort::Width, 2),
    (Sort::Earliest, 2),
    (Sort::Latest, 2),
];

/// The weight of the sort by urgency, if some orders are more urgent than others.
const URGENCY_WEIGHT: usize = 4;

/// The result of an earlier search for an insertion.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The stamp of the tour at that time; 0 if there was no search.
    stamp: u64,
    /// The best insertion. If its position is `NO_POSITION`, then all insertions cost at least this much.
    insertion: Insertion,
}

const NO_POSITION: u32 = u32::MAX;

const UNKNOWN: Known = Known {
    stamp: 0,
    insertion: NOWHERE,
};

/// With more pairs of orders and tours than this, nothing is remembered, which keeps the memory small.
const MEMORY: usize = 1 << 21;

/// The probability of overlooking a position in a large instance, as in Christiaens and Vanden Berghe (2020).
pub(crate) const LEAST_BLINK: f64 = 0.01;

/// The probability that a blink in a small instance overlooks the whole tour.
const WHOLE_TOUR: f64 = 0.25;

/// Inserts unserved orders.
#[derive(Clone, Debug)]
pub(crate) struct Recreate {
    inserter: Inserter,
    /// The probability of overlooking a position; 0 for the first plan.
    pub(crate) blink: f64,
    /// What is known for each order and tour. It stays true as long as the tour does not change, and most tours do not.
    known: Vec<Known>,
    queue: Vec<(i64, u32)>,
    /// The tours that must be examined, each with a lower bound of the cost.
    unknown: Vec<(u32, i64)>,
    /// The kinds of vehicles of which an empty one was tried already.
    tried: Vec<bool>,
    /// For each order: the distance of its drop-off from the nearest start of a vehicle.
    remoteness: Vec<i64>,
}

impl Recreate {
    pub(crate) fn new(network: &Network<'_>) -> Self {
        let mut starts: Vec<u32> = network.vehicles.iter().map(|it| it.start).collect();
        starts.sort_unstable();
        starts.dedup();
        let remoteness = (0..network.orders.len())
            .map(|order| {
                let to = network.to(network.stops[dropoff_of(order) as usize].point);
                starts
                    .iter()
                    .map(|&start| network.cost(to[start as usize]))
                    .min()
                    .unwrap_or(0)
            })
            .collect();
        let pairs = network.orders.len().saturating_mul(network.vehicles.len());
        Self {
            known: if pairs <= MEMORY {
                vec![UNKNOWN; pairs]
            } else {
                Vec::new()
            },
            blink: 0.0,
            inserter: Inserter::new(network.lateness_weight),
            queue: Vec::with_capacity(network.orders.len()),
            unknown: Vec::with_capacity(network.vehicles.len()),
            tried: vec![false; network.kinds],
            remoteness,
        }
    }

    /// Tries to insert every unserved order.
    pub(crate) fn run(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        vehicle_limit: usize,
    ) {
        self.run_until(network, random, schedule, vehicle_limit, || false);
    }

    /// Tries to insert every unserved order until the time is over; after that, only the committed orders.
    pub(crate) fn run_until(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        vehicle_limit: usize,
        is_over: impl Fn() -> bool,
    ) {
        self.line_up(network, random, schedule);
        let queue = std::mem::take(&mut self.queue);
        for &(_, order) in &queue {
            let facts = &network.orders[order as usize];
            if !facts.committed && is_over() {
                continue;
            }
            self.place(network, random, schedule, order as usize, vehicle_limit);
        }
        self.queue = queue;
        schedule.forget_served();
    }

    /// Tries to insert every unserved order. Stops early if `is_hopeless` says so of the value and the number of
    /// unserved orders so far. Returns whether it was completed.
    pub(crate) fn run_unless(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        vehicle_limit: usize,
        is_hopeless: impl Fn(&Value, usize) -> bool,
    ) -> bool {
        self.line_up(network, random, schedule);
        let queue = std::mem::take(&mut self.queue);
        let unserved = schedule.value.unserved;
        let completed = queue.iter().enumerate().all(|(done, &(_, order))| {
            self.place(network, random, schedule, order as usize, vehicle_limit);
            let unserved_now = schedule.value.unserved - (unserved - done - 1);
            !is_hopeless(&schedule.value, unserved_now)
        });
        self.queue = queue;
        schedule.forget_served();
        completed
    }

    fn line_up(&mut self, network: &Network<'_>, random: &mut Random, schedule: &Schedule) {
        let total: usize = SORTS.iter().map(|(_, weight)| weight).sum();
        let extra = if network.has_urgencies {
            URGENCY_WEIGHT
        } else {
            0
        };
        let mut draw = random.below(total + extra);
        let mut sort = Sort::Urgency;
        for (candidate, weight) in SORTS {
            if draw < weight {
                sort = candidate;
                break;
            }
            draw -= weight;
        }
        self.queue.clear();
        for &order in &schedule.unserved {
            let key = self.key(network, random, sort, order as usize);
            self.queue.push((key, order));
        }
        self.queue.sort_unstable();
    }

    fn key(&self, network: &Network<'_>, random: &mut Random, sort: Sort, order: usize) -> i64 {
        let facts = &network.orders[order];
        let dropoff = &network.stops[dropoff_of(order) as usize];
        let pickup = &network.stops[pickup_of(order) as usize];
        let key = match sort {
            Sort::Random => random.below(1 << 30) as i64,
            Sort::Size => -facts.size,
            Sort::Far => -self.remoteness[order],
            Sort::Near => self.remoteness[order],
            Sort::Width => dropoff.latest.min(NEVER / 4) - pickup.earliest.max(-NEVER / 4),
            Sort::Earliest => pickup.earliest.max(-NEVER / 4),
            Sort::Urgency => -(network.prices[order].urgency as i64),
            Sort::Latest => -dropoff.latest.min(NEVER / 4),
        };
        // Committed orders come first: the orders that are picked up, then the rest. There are exceptions. An order
        // that several vehicles may serve must sometimes leave the best one to an order that has no choice. In a small
        // instance, even an order without a choice must sometimes wait for another order that fits into one position
        // only.
        let searches = self.blink > 0.0;
        let yields = searches
            && (facts.pinned_to.is_none() || self.blink > LEAST_BLINK)
            && matches!(sort, Sort::Random);
        let rank = match (facts.picked_up, facts.committed) {
            (true, _) => -2,
            (_, true) if !yields => -1,
            _ => 0,
        };
        key + rank * NEVER
    }

    /// Inserts an order where it costs least, if it fits anywhere.
    fn place(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        order: usize,
        vehicle_limit: usize,
    ) {
        let mut best = NOWHERE;
        let mut on = 0;
        self.tried.fill(false);
        let candidates = match network.orders[order].pinned_to {
            Some(tied) => tied..tied + 1,
            None => 0..schedule.tours.len(),
        };
        // Remembered insertions cost nothing. Their costs rule out most of the other tours.
        self.unknown.clear();
        for index in candidates {
            if !network.allowed(order, index) {
                continue;
            }
            let tour = &schedule.tours[index];
            if tour.is_empty() {
                if schedule.value.vehicles >= vehicle_limit {
                    continue;
                }
                let kind = network.vehicles[tour.vehicle].kind as usize;
                if std::mem::replace(&mut self.tried[kind], true) {
                    continue;
                }
            }
            match self.remembered(network, order, tour) {
                Some(known) if known.insertion.pickup == NO_POSITION => {
                    self.unknown.push((index as u32, known.insertion.cost));
                }
                Some(known) => {
                    let found = known.insertion;
                    self.weigh(network, random, order, tour, found, &mut best, &mut on);
                }
                None => self.unknown.push((index as u32, i64::MIN)),
            }
        }
        for at in 0..self.unknown.len() {
            let (index, least) = self.unknown[at];
            if least < best.cost {
                let tour = &schedule.tours[index as usize];
                let found = self.look(network, order, tour, best.cost);
                self.weigh(network, random, order, tour, found, &mut best, &mut on);
            }
        }
        if best.cost < i64::MAX {
            schedule.insert(network, order, on, best);
        }
    }

    /// Takes an insertion if it is the best so far.
    ///
    /// Greedy insertion *blinks*: it overlooks a position now and then. It is enough to draw for improvements only.
    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of the recreation are borrowed separately"
    )]
    fn weigh(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        order: usize,
        tour: &Tour,
        mut found: Insertion,
        best: &mut Insertion,
        on: &mut usize,
    ) {
        if found.cost < best.cost && self.blink > 0.0 && random.happens(self.blink) {
            // Two orders can be worth a vehicle that neither is worth alone. In a small instance, little else leads to
            // such a plan.
            found = if self.blink > LEAST_BLINK && random.happens(WHOLE_TOUR) {
                NOWHERE
            } else {
                self.inserter
                    .second_best(network, order, tour, found, best.cost)
            };
        }
        if found.cost < best.cost {
            *best = found;
            *on = tour.vehicle;
        }
    }

    /// What is known about an order and the current state of a tour.
    fn remembered(&self, network: &Network<'_>, order: usize, tour: &Tour) -> Option<Known> {
        let known = self
            .known
            .get(order * network.vehicles.len() + tour.vehicle)?;
        (known.stamp == tour.stamp).then_some(*known)
    }

    /// The best insertion into a tour that costs less than `bound`.
    fn look(&mut self, network: &Network<'_>, order: usize, tour: &Tour, bound: i64) -> Insertion {
        let found = self.inserter.best(network, order, tour, bound);
        let at = order * network.vehicles.len() + tour.vehicle;
        if let Some(known) = self.known.get_mut(at) {
            known.stamp = tour.stamp;
            known.insertion = if found.cost < bound {
                found
            } else {
                Insertion {
                    cost: bound,
                    pickup: NO_POSITION,
                    dropoff: NO_POSITION,
                }
            };
        }
        found
    }
}
