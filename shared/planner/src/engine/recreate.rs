//! Puts absent orders back: greedily, in an order that varies, with blinks.

use super::insertion::{Inserter, Insertion, NOWHERE};
use super::network::{NEVER, Network, dropoff_of, pickup_of};
use super::random::Random;
use super::schedule::{Schedule, Worth};
use super::tour::Tour;

/// In which order absent orders are put back: the sorts of Christiaens and
/// Vanden Berghe (2020), §5.2 and §6, for orders with two ends.
#[derive(Clone, Copy)]
enum Sort {
    Random,
    Size,
    Far,
    Near,
    Width,
    Earliest,
    Latest,
}

/// How often each is used, in their paper.
const SORTS: [(Sort, usize); 7] = [
    (Sort::Random, 4),
    (Sort::Size, 4),
    (Sort::Far, 2),
    (Sort::Near, 1),
    (Sort::Width, 2),
    (Sort::Earliest, 2),
    (Sort::Latest, 2),
];

/// What is known about an order and a tour.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The tour's stamp when it was found out; 0 if never.
    stamp: u64,
    /// The best insertion; one at `NO_POSITION` says only that there is none
    /// that costs less.
    insertion: Insertion,
}

const NO_POSITION: u32 = u32::MAX;

const UNKNOWN: Known = Known {
    stamp: 0,
    insertion: NOWHERE,
};

/// More than this is not remembered, so that memory stays small.
const MEMORY: usize = 1 << 21;

/// How often a position is overlooked in a large problem: 1 % as in
/// Christiaens and Vanden Berghe (2020).
pub(crate) const LEAST_BLINK: f64 = 0.01;

/// How often a blink in a small problem overlooks the whole tour.
const WHOLE_TOUR: f64 = 0.25;

/// Puts absent orders back.
#[derive(Clone, Debug)]
pub(crate) struct Recreate {
    inserter: Inserter,
    /// Probability that a position is overlooked; 0 for the first plan.
    pub(crate) blink: f64,
    /// Per order and tour. A tour that has not changed since gives the same
    /// answer: most have not.
    known: Vec<Known>,
    queue: Vec<(i64, u32)>,
    /// Tours that have to be looked at, and what an insertion costs there at
    /// least.
    unknown: Vec<(u32, i64)>,
    /// The kinds of which an empty vehicle was tried already.
    tried: Vec<bool>,
    /// Per order: how far it is from where vehicles start.
    remoteness: Vec<i64>,
}

impl Recreate {
    pub(crate) fn new(network: &Network<'_>) -> Self {
        let mut starts: Vec<u32> = network.carriers.iter().map(|it| it.start).collect();
        starts.sort_unstable();
        starts.dedup();
        let remoteness = (0..network.jobs.len())
            .map(|order| {
                let to = network.to(network.sites[dropoff_of(order) as usize].point);
                starts
                    .iter()
                    .map(|&start| network.cost(to[start as usize]))
                    .min()
                    .unwrap_or(0)
            })
            .collect();
        let pairs = network.jobs.len().saturating_mul(network.carriers.len());
        Self {
            known: if pairs <= MEMORY {
                vec![UNKNOWN; pairs]
            } else {
                Vec::new()
            },
            blink: 0.0,
            inserter: Inserter::new(network.lateness_weight),
            queue: Vec::with_capacity(network.jobs.len()),
            unknown: Vec::with_capacity(network.carriers.len()),
            tried: vec![false; network.kinds],
            remoteness,
        }
    }

    /// Tries to place every absent order.
    pub(crate) fn run(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        vehicle_limit: usize,
    ) {
        self.run_until(network, random, schedule, vehicle_limit, || false);
    }

    /// Tries to place every absent order until time is over, and after that
    /// those that must not be left over.
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
            let job = &network.jobs[order as usize];
            let must = job.next || job.aboard || job.committed;
            if !must && is_over() {
                continue;
            }
            self.place(network, random, schedule, order as usize, vehicle_limit);
        }
        self.queue = queue;
        schedule.forget_placed();
    }

    /// Tries to place every absent order, unless what has come of it so far and
    /// the number left over is hopeless. Whether it was completed.
    pub(crate) fn run_unless(
        &mut self,
        network: &Network<'_>,
        random: &mut Random,
        schedule: &mut Schedule,
        vehicle_limit: usize,
        is_hopeless: impl Fn(&Worth, usize) -> bool,
    ) -> bool {
        self.line_up(network, random, schedule);
        let queue = std::mem::take(&mut self.queue);
        let absent = schedule.worth.absent;
        let completed = queue.iter().enumerate().all(|(placed, &(_, order))| {
            self.place(network, random, schedule, order as usize, vehicle_limit);
            let left_over = schedule.worth.absent - (absent - placed - 1);
            !is_hopeless(&schedule.worth, left_over)
        });
        self.queue = queue;
        schedule.forget_placed();
        completed
    }

    fn line_up(&mut self, network: &Network<'_>, random: &mut Random, schedule: &Schedule) {
        let total: usize = SORTS.iter().map(|(_, weight)| weight).sum();
        let mut draw = random.below(total);
        let mut sort = Sort::Random;
        for (candidate, weight) in SORTS {
            if draw < weight {
                sort = candidate;
                break;
            }
            draw -= weight;
        }
        self.queue.clear();
        for &order in &schedule.absent {
            let key = self.key(network, random, sort, order as usize);
            self.queue.push((key, order));
        }
        self.queue.sort_unstable();
    }

    fn key(&self, network: &Network<'_>, random: &mut Random, sort: Sort, order: usize) -> i64 {
        let job = &network.jobs[order];
        let dropoff = &network.sites[dropoff_of(order) as usize];
        let pickup = &network.sites[pickup_of(order) as usize];
        let key = match sort {
            Sort::Random => random.below(1 << 30) as i64,
            Sort::Size => -job.size,
            Sort::Far => -self.remoteness[order],
            Sort::Near => self.remoteness[order],
            Sort::Width => dropoff.latest.min(NEVER / 4) - pickup.earliest.max(-NEVER / 4),
            Sort::Earliest => pickup.earliest.max(-NEVER / 4),
            Sort::Latest => -dropoff.latest.min(NEVER / 4),
        };
        // What must not be left over comes before what may be: first a
        // vehicle's next stop, then what is aboard, then the rest. What has a
        // choice of vehicles may at times have to leave the best one to an
        // order that has not; in a small problem what has none may have to wait
        // too, for an order that fits into its cheapest position alone.
        let searches = self.blink > 0.0;
        let yields = searches
            && (job.vehicle.is_none() || self.blink > LEAST_BLINK)
            && matches!(sort, Sort::Random);
        let rank = match (job.next, job.aboard, job.committed) {
            (true, _, _) => -3,
            (_, true, _) => -2,
            (_, _, true) if !yields => -1,
            _ => 0,
        };
        key + rank * NEVER
    }

    /// Puts an order where it costs least, if it fits anywhere.
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
        let candidates = match network.jobs[order].vehicle {
            Some(tied) => tied..tied + 1,
            None => 0..schedule.tours.len(),
        };
        // What is remembered costs nothing to look at, and rules out most of
        // the rest.
        self.unknown.clear();
        for index in candidates {
            let tour = &schedule.tours[index];
            if tour.is_empty() {
                if schedule.worth.vehicles >= vehicle_limit {
                    continue;
                }
                let kind = network.carriers[tour.vehicle].kind as usize;
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
    /// Greedy insertion *blinks*: it overlooks a position now and then. To
    /// roll the dice for improvements alone comes to the same.
    #[allow(
        clippy::too_many_arguments,
        reason = "what is weighed and what it is weighed against are borrowed apart"
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
            // Two orders may be worth a vehicle that neither is worth alone. In
            // a small problem there is little else that leads there.
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

    /// What is known about an order and a tour as it is now.
    fn remembered(&self, network: &Network<'_>, order: usize, tour: &Tour) -> Option<Known> {
        let known = self
            .known
            .get(order * network.carriers.len() + tour.vehicle)?;
        (known.stamp == tour.stamp).then_some(*known)
    }

    /// The best insertion into a tour that costs less than `bound`.
    fn look(&mut self, network: &Network<'_>, order: usize, tour: &Tour, bound: i64) -> Insertion {
        let found = self.inserter.best(network, order, tour, bound);
        let at = order * network.carriers.len() + tour.vehicle;
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
