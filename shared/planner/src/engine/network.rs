//! The instance as the search reads it: flat and numbered. Everything that an insertion needs is computed once.

use std::collections::BTreeMap;

use super::proximity::Proximity;
use crate::breaks::WorkClock;
use crate::instance::{Break, Instance, PlannerStop, StopKind, TravelCost};
use crate::travel::Leg;
use crate::waiting::Waiting;

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
    /// The only vehicle that may serve it.
    pub(crate) pinned_to: Option<usize>,
    pub(crate) committed: bool,
    /// Only its drop-off must be inserted: it is aboard, or its pickup is frozen.
    pub(crate) picked_up: bool,
    /// Its drop-off is frozen, so nothing is left to insert.
    pub(crate) fixed: bool,
    /// The set of vehicles that may serve it: a row of [`VehicleSets`].
    allowed: u32,
}

/// The prices of an order. The search reads them less often than the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    pub(crate) urgency: u64,
    current_vehicle: Option<usize>,
    /// The scaled cost of a second of waiting before the promised moment.
    pub(crate) second: i64,
    pub(crate) waiting: Waiting,
}

impl Price {
    /// The scaled cost of the waiting if service at the drop-off begins at this moment.
    pub(crate) fn waiting_cost(&self, begin: i64) -> i64 {
        self.second * self.waiting.counted_seconds(begin)
    }
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
    /// The scaled cost of using this vehicle if its tour is empty.
    pub(crate) opening_cost: i64,
    /// Empty vehicles of the same kind are interchangeable.
    pub(crate) kind: u32,
    /// The number of frozen stops.
    pub(crate) frozen: usize,
    /// The clock on which its times are counted.
    pub(crate) clock: WorkClock,
}

/// The sets of vehicles that orders allow, as rows of bits. Orders with the same set share a row. Row 0 has every
/// vehicle.
struct VehicleSets {
    /// Words of 64 vehicles in each row.
    words: usize,
    bits: Vec<u64>,
    rows: BTreeMap<Vec<u64>, u32>,
}

impl VehicleSets {
    fn new(vehicles: usize) -> Self {
        let words = vehicles.div_ceil(64);
        Self {
            words,
            bits: vec![u64::MAX; words],
            rows: BTreeMap::new(),
        }
    }

    /// The row for an order of the instance. A pin makes the list of vehicles meaningless.
    fn row(&mut self, instance: &Instance, order: usize) -> u32 {
        let allowed = match &instance.orders()[order].allowed_vehicles {
            Some(allowed) if instance.pinned_to(order).is_none() => allowed,
            _ => return 0,
        };
        let mut row = vec![0; self.words];
        for &vehicle in allowed {
            row[vehicle / 64] |= 1 << (vehicle % 64);
        }
        let next = self.rows.len() as u32 + 1;
        *self.rows.entry(row).or_insert_with_key(|row| {
            self.bits.extend_from_slice(row);
            next
        })
    }

    fn has(&self, row: u32, vehicle: usize) -> bool {
        row == 0 || self.bits[row as usize * self.words + vehicle / 64] >> (vehicle % 64) & 1 == 1
    }

    /// The rows that have a vehicle.
    fn of(&self, vehicle: usize) -> Vec<u32> {
        (1..=self.rows.len() as u32)
            .filter(|&row| self.has(row, vehicle))
            .collect()
    }
}

/// A prepared instance.
pub(crate) struct Network<'a> {
    pub(crate) instance: &'a Instance,
    proximity: Proximity,
    pub(crate) stops: Vec<EngineStop>,
    pub(crate) orders: Vec<EngineOrder>,
    /// One for each order.
    pub(crate) prices: Vec<Price>,
    pub(crate) vehicles: Vec<EngineVehicle>,
    sets: VehicleSets,
    pub(crate) kinds: usize,
    by_duration: bool,
    /// Costs are counted in this part of a unit of travel, so that the price of a second of waiting is a whole number.
    /// It is 1 if waiting costs nothing.
    pub(crate) scale: i64,
    /// The scaled cost of a second of waiting of an order with urgency 1.
    weight: i64,
    /// Whether some orders are more urgent than others.
    pub(crate) has_urgencies: bool,
    /// The scaled cost of a move.
    move_cost: i64,
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
        let objective = instance.objective();
        let unit = gcd(1000, i64::from(objective.waiting_weight_milli));
        let (scale, weight) = (
            1000 / unit,
            i64::from(objective.waiting_weight_milli) / unit,
        );
        let mut stops = vec![EngineStop::default(); 2 * instance.orders().len()];
        let mut orders = Vec::with_capacity(instance.orders().len());
        let mut prices = Vec::with_capacity(instance.orders().len());
        let mut sets = VehicleSets::new(instance.vehicles().len());
        for (index, order) in instance.orders().iter().enumerate() {
            let committed = instance.is_committed(index);
            let size = i64::from(order.size);
            if let Some(pickup) = &order.pickup {
                stops[2 * index] = stop(&proximity, pickup, size, committed);
            }
            stops[2 * index + 1] = stop(&proximity, &order.dropoff, -size, committed);
            orders.push(EngineOrder {
                size,
                pinned_to: instance.pinned_to(index),
                committed,
                picked_up: order.pickup.is_none(),
                fixed: false,
                allowed: sets.row(instance, index),
            });
            prices.push(Price {
                urgency: u64::from(order.urgency),
                current_vehicle: order.current_vehicle,
                second: i64::from(order.urgency) * weight,
                waiting: Waiting::of(order),
            });
        }
        for &(order, kind) in instance.vehicles().iter().flat_map(|it| &it.frozen) {
            match kind {
                StopKind::Pickup => orders[order].picked_up = true,
                StopKind::Dropoff => orders[order].fixed = true,
            }
        }
        let (vehicles, kinds) = prepared_vehicles(instance, &proximity, &orders, &sets);
        let travel = instance.travel();
        let mut network = Self {
            instance,
            proximity,
            stops,
            orders,
            prices,
            vehicles,
            sets,
            kinds,
            by_duration: objective.travel == TravelCost::Duration,
            scale,
            weight,
            has_urgencies: instance
                .orders()
                .windows(2)
                .any(|it| it[0].urgency != it[1].urgency),
            move_cost: objective.move_cost * scale,
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
        let mut cost = (travel + fixed + 1).min(1 << 32) * self.scale;
        if self.is_priced() {
            cost += self.longest_waiting().min(1 << 42);
        }
        if self.instance.objective().minimise_vehicles {
            self.vehicle_weight = cost;
        }
        self.lateness_weight = cost + self.vehicle_weight * self.vehicles.len() as i64;
        for vehicle in &mut self.vehicles {
            vehicle.opening_cost = vehicle.fixed_cost * self.scale + self.vehicle_weight;
        }
    }

    /// About as much as waiting and moves can cost in all.
    fn longest_waiting(&self) -> i64 {
        let prices: i64 = self.prices.iter().map(|it| it.second).sum();
        let moves = self.move_cost.saturating_mul(self.orders.len() as i64);
        let ends = self.vehicles.iter().map(|it| it.end_s - it.start_s);
        let longest = ends.max().unwrap_or(0).max(0);
        prices.saturating_mul(longest).saturating_add(moves)
    }

    /// The scaled cost of serving an order with a vehicle instead of the current one.
    pub(crate) fn move_cost(&self, order: usize, vehicle: usize) -> i64 {
        match self.prices[order].current_vehicle {
            Some(current) if current != vehicle => self.move_cost,
            _ => 0,
        }
    }

    /// Whether waiting costs anything.
    pub(crate) fn is_priced(&self) -> bool {
        self.weight > 0
    }

    /// Whether moves cost anything.
    pub(crate) fn has_moves(&self) -> bool {
        self.move_cost > 0
    }

    /// The frozen stops of a vehicle.
    pub(crate) fn frozen(&self, vehicle: usize) -> impl Iterator<Item = Node> {
        let frozen = self.instance.vehicles()[vehicle].frozen.iter();
        frozen.map(|&(order, kind)| match kind {
            StopKind::Pickup => pickup_of(order),
            StopKind::Dropoff => dropoff_of(order),
        })
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

    /// Whether the pin of an order, or its list of vehicles, admits a vehicle.
    pub(crate) fn allowed(&self, order: usize, vehicle: usize) -> bool {
        self.sets.has(self.orders[order].allowed, vehicle)
    }

    /// Whether a vehicle may serve an order, whatever else is on its tour.
    pub(crate) fn eligible(&self, order: usize, vehicle: usize) -> bool {
        let facts = &self.orders[order];
        let limits = &self.vehicles[vehicle];
        facts.pinned_to.is_none_or(|pinned| pinned == vehicle)
            && self.sets.has(facts.allowed, vehicle)
            && (facts.picked_up || facts.size <= limits.capacity)
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
    sets: &VehicleSets,
) -> (Vec<EngineVehicle>, usize) {
    // A committed order without a vehicle of its own may be put on any vehicle that it allows.
    let mut roaming: Vec<u32> = orders
        .iter()
        .filter(|facts| facts.committed && facts.pinned_to.is_none())
        .map(|facts| facts.allowed)
        .collect();
    roaming.sort_unstable();
    roaming.dedup();
    let mut prepared: Vec<EngineVehicle> = instance
        .vehicles()
        .iter()
        .enumerate()
        .map(|(index, vehicle)| EngineVehicle {
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
            soft: roaming.iter().any(|&row| sets.has(row, index)),
            fixed_cost: vehicle.fixed_cost,
            opening_cost: 0,
            kind: 0,
            frozen: vehicle.frozen.len(),
            clock: WorkClock::of(vehicle),
        })
        .collect();
    let mut has_own = vec![false; prepared.len()];
    for (order, facts) in orders.iter().enumerate() {
        if let Some(current) = instance.orders()[order].current_vehicle {
            has_own[current] = true;
        }
        let Some(vehicle) = facts.pinned_to else {
            continue;
        };
        let limits = &mut prepared[vehicle];
        has_own[vehicle] = true;
        if instance.orders()[order].pickup.is_none() {
            limits.initial_load += facts.size;
        }
        if facts.committed {
            limits.soft = true;
            limits.free_places = limits.free_places.saturating_sub(1);
        }
    }
    for (vehicle, limits) in prepared.iter_mut().enumerate() {
        let mut load = limits.initial_load;
        let mut needed = load;
        for &(order, kind) in &instance.vehicles()[vehicle].frozen {
            load += match kind {
                StopKind::Pickup => orders[order].size,
                StopKind::Dropoff => -orders[order].size,
            };
            needed = needed.max(load);
        }
        let own = orders.iter().filter(|it| it.pinned_to == Some(vehicle));
        let largest = own.filter(|it| it.committed).map(|it| it.size).max();
        needed = needed.max(largest.unwrap_or(0));
        if needed > limits.capacity {
            limits.capacity = needed;
            limits.closed = true;
        }
    }
    let kinds = name_kinds(instance, &mut prepared, &has_own, sets);
    (prepared, kinds)
}

/// The greatest common divisor.
fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Numbers the kinds of vehicles. Vehicles that differ only in their index share a number.
fn name_kinds(
    instance: &Instance,
    prepared: &mut [EngineVehicle],
    has_own: &[bool],
    sets: &VehicleSets,
) -> usize {
    let vehicles = instance.vehicles();
    let rows: Vec<Vec<u32>> = (0..prepared.len()).map(|v| sets.of(v)).collect();
    let breaks: Vec<Vec<(i64, i64, i64)>> = vehicles
        .iter()
        .map(|it| {
            let breaks = it.breaks.iter();
            let parts = |it: &Break| (it.window.earliest_s, it.window.latest_s, it.duration_s);
            breaks.map(parts).collect()
        })
        .collect();
    let mut order: Vec<usize> = (0..prepared.len()).collect();
    let key = |v: usize| {
        let it = &vehicles[v];
        (
            (it.start, it.end, it.capacity, it.max_orders),
            (it.shift.start_s, it.shift.end_s, it.fixed_cost),
            // A vehicle with orders of its own is a kind of its own.
            has_own[v].then_some(v),
            &rows[v],
            &breaks[v],
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
