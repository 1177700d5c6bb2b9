//! The instance as the search reads it: flat and numbered. Everything that an insertion needs is computed once.

use super::proximity::Proximity;
use crate::instance::{Instance, Objective, PlannerStop, StopKind};
use crate::travel::Leg;

/// A time after everything that can happen.
pub(crate) const NEVER: i64 = i64::MAX / 4;

/// The number of a stop: twice the order's index, plus one for the drop-off.
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

/// A pickup or a drop-off, prepared for the search.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EngineStop {
    pub(crate) point: u32,
    pub(crate) earliest: i64,
    /// The latest begin of service; `NEVER` if lateness is allowed.
    pub(crate) latest: i64,
    /// The begin of service after which lateness counts; `NEVER` if it is not counted.
    pub(crate) due: i64,
    pub(crate) service: i64,
    pub(crate) load: i64,
}

/// An order, prepared for the search. Its two stops hold the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineOrder {
    pub(crate) size: i64,
    pub(crate) vehicle: Option<usize>,
    pub(crate) aboard: bool,
    pub(crate) committed: bool,
    /// One of its stops is the vehicle's next stop.
    pub(crate) next: bool,
}

/// A vehicle, prepared for the search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineVehicle {
    pub(crate) start: u32,
    /// The end point, or the point `nowhere`.
    pub(crate) end: u32,
    pub(crate) start_s: i64,
    pub(crate) end_s: i64,
    /// Its capacity, or the load of its committed orders if that is larger.
    pub(crate) capacity: i64,
    pub(crate) initial_load: i64,
    /// The largest number of orders besides the committed ones that only this vehicle may serve.
    pub(crate) free_places: usize,
    /// Its committed orders exceed its capacity, so it takes no other orders.
    pub(crate) closed: bool,
    /// Lateness can occur on its tour. Insertions then need the slower evaluation.
    pub(crate) soft: bool,
    pub(crate) fixed_cost: i64,
    /// The cost of using this vehicle if its tour is empty.
    pub(crate) opening_cost: i64,
    /// Empty vehicles of the same kind are interchangeable.
    pub(crate) kind: u32,
}

/// A prepared instance.
pub(crate) struct Network<'a> {
    pub(crate) instance: &'a Instance,
    proximity: Proximity,
    pub(crate) stops: Vec<EngineStop>,
    pub(crate) orders: Vec<EngineOrder>,
    pub(crate) vehicles: Vec<EngineVehicle>,
    pub(crate) kinds: usize,
    by_duration: bool,
    /// An extra cost per vehicle. It exceeds all travel if the instance minimises vehicles; otherwise it is 0.
    pub(crate) vehicle_weight: i64,
    /// The cost of a second of lateness. It exceeds the cost of all travel and all vehicles.
    pub(crate) lateness_weight: i64,
    /// Whether the triangle inequality holds for time and cost. Only small instances are checked. Large ones are
    /// assumed to be like a map.
    pub(crate) metric: bool,
}

/// Instances with at most this many points are checked for the triangle inequality.
const FEW_POINTS: usize = 48;

impl<'a> Network<'a> {
    pub(crate) fn new(instance: &'a Instance) -> Self {
        let proximity = Proximity::new(instance.travel());
        let mut stops = vec![EngineStop::default(); 2 * instance.orders().len()];
        let mut orders = Vec::with_capacity(instance.orders().len());
        for (index, order) in instance.orders().iter().enumerate() {
            let committed = instance.is_committed(index);
            let size = i64::from(order.size);
            if let Some(pickup) = &order.pickup {
                stops[2 * index] = stop(&proximity, pickup, size, committed);
            }
            stops[2 * index + 1] = stop(&proximity, &order.dropoff, -size, committed);
            let next = order.vehicle.is_some_and(|vehicle| {
                instance.vehicles()[vehicle]
                    .next_stop
                    .is_some_and(|(next, _)| next == index)
            });
            orders.push(EngineOrder {
                size,
                vehicle: order.vehicle,
                aboard: order.pickup.is_none(),
                committed,
                next,
            });
        }
        let (vehicles, kinds) = prepared_vehicles(instance, &proximity, &orders);
        let travel = instance.travel();
        let mut network = Self {
            instance,
            proximity,
            stops,
            orders,
            vehicles,
            kinds,
            by_duration: instance.objective() == Objective::Duration,
            vehicle_weight: 0,
            lateness_weight: 0,
            metric: travel.points() > FEW_POINTS || is_metric(instance),
        };
        network.weigh();
        network
    }

    fn weigh(&mut self) {
        let longest = |stop: &EngineStop| {
            let legs = self.from(stop.point).iter();
            legs.map(|&leg| self.cost(leg)).max().unwrap_or(0)
        };
        let travel: i64 = self.stops.iter().map(longest).sum();
        let fixed: i64 = self.vehicles.iter().map(|it| it.fixed_cost).sum();
        let travel = (travel + fixed + 1).min(1 << 32);
        if self.instance.minimises_vehicles() {
            self.vehicle_weight = travel;
        }
        self.lateness_weight = travel + self.vehicle_weight * self.vehicles.len() as i64;
        for vehicle in &mut self.vehicles {
            vehicle.opening_cost = vehicle.fixed_cost + self.vehicle_weight;
        }
    }

    /// The legs that start at a point.
    pub(crate) fn from(&self, point: u32) -> &[Leg] {
        self.proximity.from(point)
    }

    /// The legs that end at a point.
    pub(crate) fn to(&self, point: u32) -> &[Leg] {
        self.proximity.to(point)
    }

    /// The cost of a leg.
    pub(crate) fn cost(&self, leg: Leg) -> i64 {
        i64::from(if self.by_duration {
            leg.duration_s
        } else {
            leg.distance_m
        })
    }

    /// Whether a vehicle may serve an order, whatever else is on its tour.
    pub(crate) fn eligible(&self, order: usize, vehicle: usize) -> bool {
        let facts = &self.orders[order];
        let limits = &self.vehicles[vehicle];
        facts.vehicle.is_none_or(|tied| tied == vehicle)
            && (facts.aboard || facts.size <= limits.capacity)
            && (!limits.closed || facts.committed)
    }
}

/// Whether the triangle inequality holds for distances and durations.
fn is_metric(instance: &Instance) -> bool {
    let travel = instance.travel();
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

fn stop(proximity: &Proximity, stop: &PlannerStop, load: i64, committed: bool) -> EngineStop {
    let (earliest, latest) = stop.window.map_or((-NEVER, NEVER), |window| {
        (window.earliest_s, window.latest_s)
    });
    EngineStop {
        point: proximity.number(stop.point),
        earliest,
        latest: if committed { NEVER } else { latest },
        due: if committed { latest } else { NEVER },
        service: stop.service_s,
        load,
    }
}

fn prepared_vehicles(
    instance: &Instance,
    proximity: &Proximity,
    orders: &[EngineOrder],
) -> (Vec<EngineVehicle>, usize) {
    // A committed order without a vehicle of its own may be put on any vehicle.
    let roaming = orders
        .iter()
        .any(|facts| facts.committed && facts.vehicle.is_none());
    let mut prepared: Vec<EngineVehicle> = instance
        .vehicles()
        .iter()
        .map(|vehicle| EngineVehicle {
            start: proximity.number(vehicle.start),
            end: proximity.number(vehicle.end.unwrap_or(instance.travel().nowhere())),
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
    let mut tied = vec![false; prepared.len()];
    for facts in orders {
        let Some(vehicle) = facts.vehicle else {
            continue;
        };
        let limits = &mut prepared[vehicle];
        tied[vehicle] = true;
        if facts.aboard {
            limits.initial_load += facts.size;
        }
        if facts.committed {
            limits.soft = true;
            limits.free_places = limits.free_places.saturating_sub(1);
        }
    }
    for facts in orders {
        let Some(vehicle) = facts.vehicle else {
            continue;
        };
        if !facts.committed {
            continue;
        }
        let limits = &mut prepared[vehicle];
        let needed = if facts.aboard {
            limits.initial_load
        } else if facts.next {
            limits.initial_load + facts.size
        } else {
            facts.size
        };
        if needed > limits.capacity {
            limits.capacity = needed;
            limits.closed = true;
        }
    }
    let kinds = name_kinds(instance, &mut prepared, &tied);
    (prepared, kinds)
}

/// Numbers the kinds of vehicles. Vehicles that differ only in their index share a number.
fn name_kinds(instance: &Instance, prepared: &mut [EngineVehicle], tied: &[bool]) -> usize {
    let vehicles = instance.vehicles();
    let mut order: Vec<usize> = (0..prepared.len()).collect();
    let key = |v: usize| {
        let it = &vehicles[v];
        (
            (it.start, it.end, it.capacity, it.max_orders),
            (it.shift.start_s, it.shift.end_s, it.fixed_cost),
            // A vehicle that orders are tied to is a kind of its own.
            tied[v].then_some(v),
        )
    };
    order.sort_by_key(|&v| key(v));
    let mut kinds = 0;
    for (at, &v) in order.iter().enumerate() {
        if at > 0 && key(order[at - 1]) != key(v) {
            kinds += 1;
        }
        prepared[v].kind = kinds;
    }
    if prepared.is_empty() {
        0
    } else {
        kinds as usize + 1
    }
}
