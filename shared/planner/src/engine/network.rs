//! The problem as the search sees it: flat, numbered, with everything that an
//! insertion has to know worked out once.

use super::proximity::Proximity;
use crate::problem::{Objective, Problem, Stop, StopKind};
use crate::travel::Leg;

/// Later than anything happens.
pub(crate) const NEVER: i64 = i64::MAX / 4;

/// The number of an order's end: twice the order, plus one for the drop-off.
pub(crate) type Node = u32;

pub(crate) fn pickup_of(order: usize) -> Node {
    (2 * order) as Node
}

pub(crate) fn dropoff_of(order: usize) -> Node {
    (2 * order + 1) as Node
}

pub(crate) fn order_of(node: Node) -> usize {
    (node / 2) as usize
}

pub(crate) fn kind_of(node: Node) -> StopKind {
    if node.is_multiple_of(2) {
        StopKind::Pickup
    } else {
        StopKind::Dropoff
    }
}

/// One end of an order.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Site {
    pub(crate) point: u32,
    pub(crate) earliest: i64,
    /// When service must begin at the latest; `NEVER` if lateness is allowed.
    pub(crate) latest: i64,
    /// When service should begin; `NEVER` unless lateness is counted.
    pub(crate) due: i64,
    pub(crate) service: i64,
    pub(crate) load: i64,
}

/// An order, as far as its two sites do not say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) size: i64,
    pub(crate) vehicle: Option<usize>,
    pub(crate) aboard: bool,
    pub(crate) committed: bool,
    /// It is what its vehicle is on its way to.
    pub(crate) next: bool,
}

/// A vehicle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    pub(crate) start: u32,
    /// The end point, or nowhere.
    pub(crate) end: u32,
    pub(crate) start_s: i64,
    pub(crate) end_s: i64,
    /// What fits in: its capacity, or what its committed orders take if that
    /// is more.
    pub(crate) capacity: i64,
    pub(crate) initial_load: i64,
    /// How many orders that are not tied-and-committed it takes at most.
    pub(crate) free_places: usize,
    /// Its committed orders exceed its capacity: it takes nothing else.
    pub(crate) closed: bool,
    /// Lateness may occur on it: the slower evaluation is needed.
    pub(crate) soft: bool,
    pub(crate) fixed_cost: i64,
    /// What makes a vehicle that is in use already be preferred.
    pub(crate) opening_cost: i64,
    /// Vehicles of the same kind are interchangeable while empty.
    pub(crate) kind: u32,
}

/// A problem, prepared.
pub(crate) struct Network<'a> {
    pub(crate) problem: &'a Problem,
    proximity: Proximity,
    pub(crate) sites: Vec<Site>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) carriers: Vec<Carrier>,
    pub(crate) kinds: usize,
    by_duration: bool,
    /// What a vehicle costs besides its fixed cost: nothing, or, where
    /// vehicles are to be saved, more than all travel.
    pub(crate) vehicle_weight: i64,
    /// What a second of lateness costs: more than all travel and vehicles.
    pub(crate) lateness_weight: i64,
    /// Whether no detour saves time or costs, as far as is known: only small
    /// problems are looked through, and a large one is taken to be like a map.
    pub(crate) metric: bool,
}

/// Up to so many points all triangles are looked at.
const FEW_POINTS: usize = 48;

impl<'a> Network<'a> {
    pub(crate) fn new(problem: &'a Problem) -> Self {
        let orders = problem.orders();
        let proximity = Proximity::new(problem.travel());
        let mut sites = vec![Site::default(); 2 * orders.len()];
        let mut jobs = Vec::with_capacity(orders.len());
        for (index, order) in orders.iter().enumerate() {
            let committed = problem.is_committed(index);
            let size = i64::from(order.size);
            if let Some(pickup) = &order.pickup {
                sites[2 * index] = site(&proximity, pickup, size, committed);
            }
            sites[2 * index + 1] = site(&proximity, &order.dropoff, -size, committed);
            let next = order.vehicle.is_some_and(|vehicle| {
                problem.vehicles()[vehicle]
                    .next_stop
                    .is_some_and(|(next, _)| next == index)
            });
            jobs.push(Job {
                size,
                vehicle: order.vehicle,
                aboard: order.pickup.is_none(),
                committed,
                next,
            });
        }
        let (carriers, kinds) = carriers(problem, &proximity, &jobs);
        let travel = problem.travel();
        let mut network = Self {
            problem,
            proximity,
            sites,
            jobs,
            carriers,
            kinds,
            by_duration: problem.objective() == Objective::Duration,
            vehicle_weight: 0,
            lateness_weight: 0,
            metric: travel.points() > FEW_POINTS || is_metric(problem),
        };
        network.weigh();
        network
    }

    fn weigh(&mut self) {
        let longest = |site: &Site| {
            let legs = self.from(site.point).iter();
            legs.map(|&leg| self.cost(leg)).max().unwrap_or(0)
        };
        let travel: i64 = self.sites.iter().map(longest).sum();
        let fixed: i64 = self.carriers.iter().map(|it| it.fixed_cost).sum();
        let travel = (travel + fixed + 1).min(1 << 32);
        if self.problem.minimises_vehicles() {
            self.vehicle_weight = travel;
        }
        self.lateness_weight = travel + self.vehicle_weight * self.carriers.len() as i64;
        for carrier in &mut self.carriers {
            carrier.opening_cost = carrier.fixed_cost + self.vehicle_weight;
        }
    }

    /// The legs from a point.
    pub(crate) fn from(&self, point: u32) -> &[Leg] {
        self.proximity.from(point)
    }

    /// The legs to a point.
    pub(crate) fn to(&self, point: u32) -> &[Leg] {
        self.proximity.to(point)
    }

    /// What a leg costs.
    pub(crate) fn cost(&self, leg: Leg) -> i64 {
        i64::from(if self.by_duration {
            leg.duration_s
        } else {
            leg.distance_m
        })
    }

    /// Whether a vehicle may take an order at all, as far as can be said
    /// without looking at its tour.
    pub(crate) fn eligible(&self, order: usize, vehicle: usize) -> bool {
        let job = &self.jobs[order];
        let carrier = &self.carriers[vehicle];
        job.vehicle.is_none_or(|tied| tied == vehicle)
            && (job.aboard || job.size <= carrier.capacity)
            && (!carrier.closed || job.committed)
    }
}

/// Whether no way over a third point is faster or shorter than the direct one.
fn is_metric(problem: &Problem) -> bool {
    let travel = problem.travel();
    let points = 0..travel.points();
    points.clone().all(|from| {
        points.clone().all(|by| {
            let first = travel.row(from)[by];
            points.clone().all(|to| {
                let (direct, second) = (travel.row(from)[to], travel.row(by)[to]);
                direct.duration_s <= first.duration_s.saturating_add(second.duration_s)
                    && direct.distance_m <= first.distance_m.saturating_add(second.distance_m)
            })
        })
    })
}

fn site(proximity: &Proximity, stop: &Stop, load: i64, committed: bool) -> Site {
    let (earliest, latest) = stop.window.map_or((-NEVER, NEVER), |window| {
        (window.earliest_s, window.latest_s)
    });
    Site {
        point: proximity.number(stop.point),
        earliest,
        latest: if committed { NEVER } else { latest },
        due: if committed { latest } else { NEVER },
        service: stop.service_s,
        load,
    }
}

fn carriers(problem: &Problem, proximity: &Proximity, jobs: &[Job]) -> (Vec<Carrier>, usize) {
    // An untied committed order may end up on any vehicle.
    let roaming = jobs
        .iter()
        .any(|job| job.committed && job.vehicle.is_none());
    let mut carriers: Vec<Carrier> = problem
        .vehicles()
        .iter()
        .map(|vehicle| Carrier {
            start: proximity.number(vehicle.start),
            end: proximity.number(vehicle.end.unwrap_or(problem.travel().nowhere())),
            start_s: vehicle.shift.start_s,
            end_s: vehicle.shift.end_s,
            capacity: i64::from(vehicle.capacity),
            initial_load: 0,
            free_places: vehicle
                .max_orders
                .map_or(usize::MAX / 2, |limit| limit as usize),
            closed: false,
            soft: roaming,
            fixed_cost: vehicle.fixed_cost,
            opening_cost: 0,
            kind: 0,
        })
        .collect();
    let mut tied = vec![false; carriers.len()];
    for job in jobs {
        let Some(vehicle) = job.vehicle else { continue };
        let carrier = &mut carriers[vehicle];
        tied[vehicle] = true;
        if job.aboard {
            carrier.initial_load += job.size;
        }
        if job.committed {
            carrier.soft = true;
            carrier.free_places = carrier.free_places.saturating_sub(1);
        }
    }
    for job in jobs {
        let Some(vehicle) = job.vehicle else { continue };
        if !job.committed {
            continue;
        }
        let carrier = &mut carriers[vehicle];
        let needed = if job.aboard {
            carrier.initial_load
        } else if job.next {
            carrier.initial_load + job.size
        } else {
            job.size
        };
        if needed > carrier.capacity {
            carrier.capacity = needed;
            carrier.closed = true;
        }
    }
    let kinds = name_kinds(problem, &mut carriers, &tied);
    (carriers, kinds)
}

/// Numbers the kinds of vehicles: those that differ in nothing but their index
/// share a number.
fn name_kinds(problem: &Problem, carriers: &mut [Carrier], tied: &[bool]) -> usize {
    let vehicles = problem.vehicles();
    let mut order: Vec<usize> = (0..carriers.len()).collect();
    let key = |v: usize| {
        let it = &vehicles[v];
        (
            (it.start, it.end, it.capacity, it.max_orders),
            (it.shift.start_s, it.shift.end_s, it.fixed_cost),
            // Nobody else is like a vehicle that orders are tied to.
            tied[v].then_some(v),
        )
    };
    order.sort_by_key(|&v| key(v));
    let mut kinds = 0;
    for (at, &v) in order.iter().enumerate() {
        if at > 0 && key(order[at - 1]) != key(v) {
            kinds += 1;
        }
        carriers[v].kind = kinds;
    }
    if carriers.is_empty() {
        0
    } else {
        kinds as usize + 1
    }
}
