//! Where an order fits best into a tour.

use std::ops::Range;

use super::network::{NEVER, Network, Node, Site, dropoff_of, pickup_of};
use super::tour::{Tour, Visit, hard_end};
use crate::travel::Leg;

/// Positions for an order's ends: behind which visits they go, counted before
/// either is put in. An order that is aboard has but a drop-off.
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

/// Finds insertions. Holds the memory that takes, so that it is taken once.
#[derive(Clone, Debug)]
pub(crate) struct Inserter {
    /// What a second of lateness costs.
    pub(crate) lateness_weight: i64,
    /// Cost of putting the drop-off behind each visit.
    detour: Vec<i64>,
    /// The least of these from each visit on, where time allows.
    least: Vec<i64>,
}

/// One end of the order that is being inserted.
struct End<'a> {
    site: &'a Site,
    latest: i64,
    to: &'a [Leg],
    from: &'a [Leg],
}

impl<'a> End<'a> {
    fn new(network: &'a Network<'_>, node: Node, vehicle: usize) -> Self {
        let site = &network.sites[node as usize];
        Self {
            site,
            latest: site.latest.min(hard_end(network, vehicle, node)),
            to: network.to(site.point),
            from: network.from(site.point),
        }
    }
}

/// What has come of an insertion's first half when its second half is tried.
#[derive(Clone, Copy)]
struct Begun {
    /// When the visit after the pickup is reached.
    arrival: i64,
    cost: i64,
    late: i64,
    /// Whether the detour gets there sooner than without it.
    sooner: bool,
}

impl Inserter {
    pub(crate) fn new(lateness_weight: i64) -> Self {
        Self {
            lateness_weight,
            detour: Vec::new(),
            least: Vec::new(),
        }
    }

    /// The cheapest insertion of an order into a tour that costs less than
    /// `bound`, or [`NOWHERE`].
    ///
    /// Each pair of positions takes constant time: the walk from the pickup
    /// onwards carries the time along, and what lies behind the drop-off is
    /// summed up in the visit that follows it (M. Savelsbergh, *The vehicle
    /// routing problem with time windows: minimizing route duration*, 1992).
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
        let job = &network.jobs[order];
        let carrier = &network.carriers[tour.vehicle];
        let has_place = tour.places_taken < carrier.free_places
            || (job.committed && (job.vehicle.is_some() || tour.uncommitted == 0));
        if !has_place {
            return NOWHERE;
        }
        let fixed_cost = if tour.is_empty() {
            carrier.fixed_cost
        } else {
            0
        };
        let limit = bound.saturating_sub(fixed_cost);
        let mut best = Insertion {
            cost: limit,
            ..NOWHERE
        };
        if job.aboard {
            self.dropoff_only(network, order, tour, &mut best);
        } else if carrier.soft {
            self.pair::<true>(network, order, tour, &mut best);
        } else {
            self.pair::<false>(network, order, tour, &mut best);
        }
        if best.cost == limit {
            return NOWHERE;
        }
        best.cost += fixed_cost;
        best
    }

    /// An order that is aboard needs one position only.
    fn dropoff_only(&self, network: &Network<'_>, order: usize, tour: &Tour, best: &mut Insertion) {
        let end = End::new(network, dropoff_of(order), tour.vehicle);
        for at in positions(tour, network.jobs[order].next) {
            let (here, next) = (&tour.visits[at], &tour.visits[at + 1]);
            let (to, from) = (end.to[here.point as usize], end.from[next.point as usize]);
            let begin = (here.depart + i64::from(to.duration_s)).max(end.site.earliest);
            let arrival = begin + end.site.service + i64::from(from.duration_s);
            if begin > end.latest || arrival > next.latest {
                continue;
            }
            let late = (begin - end.site.due).max(0) + later(tour, at + 1, arrival);
            let cost = network.cost(to) + network.cost(from) - i64::from(next.leg_cost)
                + late.saturating_mul(self.lateness_weight);
            if cost < best.cost {
                *best = Insertion {
                    cost,
                    pickup: at as u32,
                    dropoff: at as u32,
                };
            }
        }
    }

    /// `SOFT` where lateness has to be counted.
    fn pair<const SOFT: bool>(
        &mut self,
        network: &Network<'_>,
        order: usize,
        tour: &Tour,
        best: &mut Insertion,
    ) {
        let visits = tour.visits.as_slice();
        let job = &network.jobs[order];
        let pickup = End::new(network, pickup_of(order), tour.vehicle);
        let dropoff = End::new(network, dropoff_of(order), tour.vehicle);
        let room = network.carriers[tour.vehicle].capacity - job.size;
        // Only where something is late can a detour make up for its cost.
        let prunes = !SOFT || tour.lateness == 0;
        self.detours(network, &dropoff, visits);
        for at in positions(tour, job.next) {
            let (here, next) = (&visits[at], &visits[at + 1]);
            if here.depart > pickup.latest {
                break;
            }
            if here.load > room {
                continue;
            }
            let to = pickup.to[here.point as usize];
            let begin = (here.depart + i64::from(to.duration_s)).max(pickup.site.earliest);
            if begin > pickup.latest {
                continue;
            }
            let late = if SOFT {
                (begin - pickup.site.due).max(0)
            } else {
                0
            };
            let depart = begin + pickup.site.service;
            let saved = network.cost(to) - i64::from(next.leg_cost);

            // Straight on to the drop-off.
            let across = pickup.from[dropoff.site.point as usize];
            let onward = dropoff.from[next.point as usize];
            let mut cost = saved + network.cost(across) + network.cost(onward);
            if !prunes || cost < best.cost {
                let begin = (depart + i64::from(across.duration_s)).max(dropoff.site.earliest);
                let arrival = begin + dropoff.site.service + i64::from(onward.duration_s);
                if begin <= dropoff.latest && arrival <= next.latest {
                    if SOFT {
                        let late =
                            late + (begin - dropoff.site.due).max(0) + later(tour, at + 1, arrival);
                        cost += late.saturating_mul(self.lateness_weight);
                    }
                    if cost < best.cost {
                        *best = Insertion {
                            cost,
                            pickup: at as u32,
                            dropoff: at as u32,
                        };
                    }
                }
            }

            // Something else first.
            let out = pickup.from[next.point as usize];
            let arrival = depart + i64::from(out.duration_s);
            if at + 2 >= visits.len() || arrival > next.latest {
                continue;
            }
            let first_half = Begun {
                arrival,
                cost: saved + network.cost(out),
                late,
                // Without a triangle inequality a detour may save time, and
                // what was out of the drop-off's reach may come into it.
                sooner: arrival.max(next.earliest) < next.begin,
            };
            if prunes && !first_half.sooner && first_half.cost + self.least[at + 1] >= best.cost {
                continue;
            }
            let found = self.apart::<SOFT>(tour, at, first_half, &dropoff, room, best.cost);
            if found.cost < best.cost {
                *best = found;
            }
        }
    }

    /// The best drop-off that does not follow its pickup at `at` immediately.
    #[allow(clippy::too_many_arguments)]
    #[inline]
    fn apart<const SOFT: bool>(
        &self,
        tour: &Tour,
        at: usize,
        first_half: Begun,
        dropoff: &End<'_>,
        room: i64,
        bound: i64,
    ) -> Insertion {
        let prunes = !SOFT || tour.lateness == 0;
        let mut best = Insertion {
            cost: bound,
            ..NOWHERE
        };
        let mut arrival = first_half.arrival;
        let mut late = first_half.late;
        for (j, pair) in tour.visits.windows(2).enumerate().skip(at + 1) {
            let [here, next] = pair else { break };
            if here.load > room
                || (prunes && !first_half.sooner && first_half.cost + self.least[j] >= best.cost)
            {
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
            let mut cost = first_half.cost + self.detour[j];
            if !prunes || cost < best.cost {
                let (to, from) = (
                    dropoff.to[here.point as usize],
                    dropoff.from[next.point as usize],
                );
                let begin = (depart + i64::from(to.duration_s)).max(dropoff.site.earliest);
                let after = begin + dropoff.site.service + i64::from(from.duration_s);
                if begin <= dropoff.latest && after <= next.latest {
                    if SOFT {
                        let late =
                            late + (begin - dropoff.site.due).max(0) + later(tour, j + 1, after);
                        cost += late.saturating_mul(self.lateness_weight);
                    }
                    if cost < best.cost {
                        best = Insertion {
                            cost,
                            pickup: at as u32,
                            dropoff: j as u32,
                        };
                    }
                }
            }
            arrival = depart + i64::from(next.leg_s);
            if arrival > next.latest {
                break;
            }
        }
        best
    }

    /// Fills `detour` and `least`.
    fn detours(&mut self, network: &Network<'_>, dropoff: &End<'_>, visits: &[Visit]) {
        self.detour.clear();
        self.least.clear();
        for pair in visits.windows(2) {
            let [here, next] = pair else { break };
            let (to, from) = (
                dropoff.to[here.point as usize],
                dropoff.from[next.point as usize],
            );
            let cost = network.cost(to) + network.cost(from) - i64::from(next.leg_cost);
            let begin = (here.depart + i64::from(to.duration_s)).max(dropoff.site.earliest);
            let arrival = begin + dropoff.site.service + i64::from(from.duration_s);
            let fits = begin <= dropoff.latest && arrival <= next.latest;
            self.detour.push(cost);
            self.least.push(if fits { cost } else { NEVER });
        }
        let mut least = NEVER;
        for entry in self.least.iter_mut().rev() {
            least = least.min(*entry);
            *entry = least;
        }
    }
}

/// Behind which visits the first end of an order may go.
fn positions(tour: &Tour, is_next_stop: bool) -> Range<usize> {
    if is_next_stop {
        0..1
    } else {
        usize::from(tour.starts_fixed)..tour.visits.len() - 1
    }
}

/// How much lateness grows from the visit at `from` on if it is reached at
/// `arrival`.
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
