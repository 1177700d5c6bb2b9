//! The input of planning.

use crate::fault::Fault;
use crate::travel::TravelMatrix;
use crate::validate;

/// The time span in which service at a stop may begin, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The earliest begin of service. A vehicle that arrives earlier waits.
    pub earliest_s: i64,
    /// The latest begin of service that is on time.
    pub latest_s: i64,
}

/// The working hours of a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The moment at which the vehicle leaves its start point.
    pub start_s: i64,
    /// The moment by which the last stop is served and the end point, if there is one, is reached. It may lie before
    /// the start: such a vehicle works overtime and takes committed orders only.
    pub end_s: i64,
}

/// A vehicle has at most this many breaks.
pub const MOST_BREAKS: usize = 3;

/// A pause of a vehicle in its shift.
///
/// It begins as soon as its time span opens. If the vehicle serves an order at that moment, it begins when that service
/// ends. A service that would end after the time span begins only after the break. Driving is interrupted, and waiting
/// for a time window may fall into a break. So every vehicle takes each of its breaks in time, whatever its stops are.
///
/// The break belongs to the route if it is due before the route ends. If the shift starts after it is due, it begins
/// with the shift, even after its time span. If it could have ended by then, it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Break {
    /// The time span in which the break begins, both ends included.
    pub window: Window,
    /// The length of the break, at least 1 s.
    pub duration_s: i64,
}

/// The place, time window and service time of a pickup or a drop-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannerStop {
    /// The place: an index into the travel matrix.
    pub point: usize,
    /// The time span in which service may begin; any time if there is none.
    pub window: Option<Window>,
    /// The duration of service.
    pub service_s: i64,
}

impl PlannerStop {
    /// A stop without a time window and without service time.
    #[must_use]
    pub fn at(point: usize) -> Self {
        Self {
            point,
            window: None,
            service_s: 0,
        }
    }
}

/// A request to carry something from a pickup to a drop-off with one vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The pickup; `None` if the order is aboard its vehicle already. Such an order is always committed.
    pub pickup: Option<PlannerStop>,
    /// The drop-off.
    pub dropoff: PlannerStop,
    /// The load, in the unit of the vehicles' capacity; at least 1.
    pub size: u32,
    /// The index of the only vehicle that may serve the order; any vehicle may if `None`. Orders aboard, frozen orders
    /// and orders that a dispatcher pinned have one.
    pub pinned_to: Option<usize>,
    /// The indices of the vehicles that may serve the order; any vehicle may if `None`. A pin is stronger: a pinned
    /// order stays on its vehicle even if the vehicle is not in the list. A committed order that no vehicle of the list
    /// can carry stays on its current vehicle.
    pub allowed_vehicles: Option<Vec<usize>>,
    /// Whether the order is on a route already. A committed order is never left unserved, whatever its windows and the
    /// shift and order limit of its vehicle say. Its lateness is minimised before the cost.
    pub committed: bool,
    /// The index of the vehicle that has the order now. If another vehicle serves the order, the plan has one more
    /// move.
    pub current_vehicle: Option<usize>,
    /// How much a second of waiting counts, compared with other orders; at least 1. Of plans that leave equally many
    /// orders unserved, the one that leaves less urgency unserved is better.
    pub urgency: u32,
    /// The moment at which the customer began to wait. If the pickup has a window that opens later, waiting starts when
    /// that opens. It may lie before second 0.
    pub waiting_since_s: i64,
    /// The seconds of waiting after which each second counts [`BROKEN_PROMISE_FACTOR`](crate::BROKEN_PROMISE_FACTOR)
    /// times. A window of the drop-off replaces it: its end is then the promised moment.
    pub promise_s: Option<i64>,
}

impl Order {
    /// A pending order that any vehicle may serve. It has urgency 1, waits since second 0 and has no promise.
    #[must_use]
    pub fn new(pickup: PlannerStop, dropoff: PlannerStop, size: u32) -> Self {
        Self {
            pickup: Some(pickup),
            dropoff,
            size,
            pinned_to: None,
            allowed_vehicles: None,
            committed: false,
            current_vehicle: None,
            urgency: 1,
            waiting_since_s: 0,
            promise_s: None,
        }
    }

    /// An order that is aboard a vehicle.
    #[must_use]
    pub fn aboard(vehicle: usize, dropoff: PlannerStop, size: u32) -> Self {
        Self {
            pickup: None,
            pinned_to: Some(vehicle),
            committed: true,
            ..Self::new(dropoff, dropoff, size)
        }
    }

    /// Whether the order's list of vehicles has this one, or there is no list.
    #[must_use]
    pub fn allows(&self, vehicle: usize) -> bool {
        let allowed = self.allowed_vehicles.as_ref();
        allowed.is_none_or(|allowed| allowed.contains(&vehicle))
    }
}

/// The kind of a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StopKind {
    /// The order is taken aboard.
    Pickup,
    /// The order is handed over.
    Dropoff,
}

/// A vehicle with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vehicle {
    /// The start point: an index into the travel matrix.
    pub start: usize,
    /// The end point; if `None`, the route ends at its last stop.
    pub end: Option<usize>,
    /// The largest load, in the unit of the orders' size. A vehicle whose committed orders exceed it takes no others.
    pub capacity: u32,
    /// The working hours.
    pub shift: Shift,
    /// The breaks, at most [`MOST_BREAKS`], in the sequence of time. None may begin before the one before it has ended.
    pub breaks: Vec<Break>,
    /// The largest number of orders on the route, including those aboard.
    pub max_orders: Option<u32>,
    /// The cost of using the vehicle at all, in the unit of the objective.
    pub fixed_cost: i64,
    /// The stops with which the route begins, in this order: each is an order and one of its stops. Nothing is inserted
    /// before or between them. The stop to which a vehicle is driving is such a stop. The orders must be pinned to this
    /// vehicle, and they are always committed. A drop-off needs its pickup earlier in the list, or an order aboard.
    pub frozen: Vec<(usize, StopKind)>,
    /// The stops of committed orders that the route had so far behind the frozen ones, in this order. The search starts
    /// from them as far as they still fit, so that its plan is at least as good as the old one with the new orders
    /// inserted. They bind nothing.
    pub planned: Vec<(usize, StopKind)>,
}

impl Vehicle {
    /// A vehicle that may end anywhere, without other limits than its capacity and shift.
    #[must_use]
    pub fn new(start: usize, capacity: u32, shift: Shift) -> Self {
        Self {
            start,
            end: None,
            capacity,
            shift,
            breaks: Vec::new(),
            max_orders: None,
            fixed_cost: 0,
            frozen: Vec::new(),
            planned: Vec::new(),
        }
    }
}

/// The measure of travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TravelCost {
    /// Metres of driving.
    #[default]
    Distance,
    /// Seconds of driving, without waiting and service.
    Duration,
}

/// The number that a plan minimises, after the orders that it serves and the lateness of committed orders.
///
/// The cost of a plan is the sum of its travel, the fixed costs of its vehicles, the weighted waiting of its orders
/// and its moves. The default is the distance alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Objective {
    /// The measure of travel.
    pub travel: TravelCost,
    /// Whether fewer vehicles are better than less cost. If not, the number of vehicles decides only between plans of
    /// equal cost.
    pub minimise_vehicles: bool,
    /// The cost of a second of waiting of an order with urgency 1, in thousandths of a unit of travel. 200 makes a
    /// second of waiting worth 0.2 seconds of driving. With 0, waiting costs nothing.
    pub waiting_weight_milli: u32,
    /// The cost of serving an order with another vehicle than its current one, in the unit of travel.
    pub move_cost: i64,
}

impl Objective {
    /// Metres of driving.
    #[must_use]
    pub fn distance() -> Self {
        Self::default()
    }

    /// Seconds of driving.
    #[must_use]
    pub fn duration() -> Self {
        Self {
            travel: TravelCost::Duration,
            ..Self::default()
        }
    }
}

/// The parts of an instance, before they are validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSpec {
    /// The legs between the points that vehicles and stops name.
    pub travel: TravelMatrix,
    /// The vehicles; the list may be empty.
    pub vehicles: Vec<Vehicle>,
    /// The orders; the list may be empty.
    pub orders: Vec<Order>,
    /// The number to minimise.
    pub objective: Objective,
}

/// A validated instance.
///
/// A plan is better than another if, in this order, it leaves fewer committed orders unserved, leaves fewer orders
/// unserved, leaves less urgency unserved, has less lateness of committed orders, uses fewer vehicles (if the instance
/// minimises them), costs less, uses fewer vehicles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    spec: InstanceSpec,
    /// For each order: whether it must be served.
    committed: Vec<bool>,
    /// For each order: the only vehicle that may serve it.
    pinned_to: Vec<Option<usize>>,
}

impl Instance {
    /// Checks that every index is valid and every number is in range.
    ///
    /// # Errors
    ///
    /// All faults, each with its place.
    pub fn new(spec: InstanceSpec) -> Result<Self, Vec<Fault>> {
        let faults = validate::faults(&spec);
        if !faults.is_empty() {
            return Err(faults);
        }
        let is_committed = |order: &Order| order.committed || order.pickup.is_none();
        let mut committed: Vec<bool> = spec.orders.iter().map(is_committed).collect();
        for (order, _) in spec.vehicles.iter().flat_map(|vehicle| &vehicle.frozen) {
            committed[*order] = true;
        }
        let pinned = spec
            .orders
            .iter()
            .zip(&committed)
            .map(|(order, committed)| {
                // A committed order that fits nowhere stays where it is.
                let mut vehicles = spec.vehicles.iter().enumerate();
                let fits = vehicles.any(|(v, it)| order.size <= it.capacity && order.allows(v));
                let stays = order.current_vehicle.filter(|_| *committed && !fits);
                order.pinned_to.or(stays)
            });
        Ok(Self {
            pinned_to: pinned.collect(),
            committed,
            spec,
        })
    }

    /// The distances and driving times.
    #[must_use]
    pub fn travel(&self) -> &TravelMatrix {
        &self.spec.travel
    }

    /// The vehicles.
    #[must_use]
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.spec.vehicles
    }

    /// The orders.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.spec.orders
    }

    /// The number to minimise.
    #[must_use]
    pub fn objective(&self) -> &Objective {
        &self.spec.objective
    }

    /// Whether an order must be served: it is marked as committed, it is aboard, or one of its stops is frozen.
    ///
    /// # Panics
    ///
    /// Panics if there is no such order.
    #[must_use]
    pub fn is_committed(&self, order: usize) -> bool {
        self.committed[order]
    }

    /// The only vehicle that may serve an order, if it is pinned. A committed order that is too large for every allowed
    /// vehicle stays on its current one.
    ///
    /// # Panics
    ///
    /// Panics if there is no such order.
    #[must_use]
    pub fn pinned_to(&self, order: usize) -> Option<usize> {
        self.pinned_to[order]
    }

    /// Whether a vehicle may serve an order: the order is pinned to it, or it is not pinned and allows the vehicle.
    ///
    /// # Panics
    ///
    /// Panics if there is no such order.
    #[must_use]
    pub fn may_serve(&self, vehicle: usize, order: usize) -> bool {
        match self.pinned_to[order] {
            Some(pinned) => pinned == vehicle,
            None => self.spec.orders[order].allows(vehicle),
        }
    }
}
