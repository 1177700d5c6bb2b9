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
    /// The moment by which the last stop is served and the end point, if there is one, is reached. It may lie before the
    /// start: such a vehicle works overtime and takes committed orders only.
    pub end_s: i64,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The pickup; `None` if the order is aboard its vehicle already. Such an order is always committed.
    pub pickup: Option<PlannerStop>,
    /// The drop-off.
    pub dropoff: PlannerStop,
    /// The load, in the unit of the vehicles' capacity; at least 1.
    pub size: u32,
    /// The index of the only vehicle that may serve the order; any vehicle may if `None`.
    pub vehicle: Option<usize>,
    /// Whether the order is on a route already. A committed order is never left unserved, whatever its windows and the
    /// shift and order limit of its vehicle say. Its lateness is minimised before the cost.
    pub committed: bool,
}

impl Order {
    /// An order that any vehicle may serve.
    #[must_use]
    pub fn new(pickup: PlannerStop, dropoff: PlannerStop, size: u32) -> Self {
        Self {
            pickup: Some(pickup),
            dropoff,
            size,
            vehicle: None,
            committed: false,
        }
    }

    /// An order that is aboard a vehicle.
    #[must_use]
    pub fn aboard(vehicle: usize, dropoff: PlannerStop, size: u32) -> Self {
        Self {
            pickup: None,
            dropoff,
            size,
            vehicle: Some(vehicle),
            committed: true,
        }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vehicle {
    /// The start point: an index into the travel matrix.
    pub start: usize,
    /// The end point; if `None`, the route ends at its last stop.
    pub end: Option<usize>,
    /// The largest load, in the unit of the orders' size. A vehicle whose committed orders exceed it takes no others.
    pub capacity: u32,
    /// The working hours.
    pub shift: Shift,
    /// The largest number of orders on the route, including those aboard.
    pub max_orders: Option<u32>,
    /// The cost of using the vehicle at all, in the unit of the objective.
    pub fixed_cost: i64,
    /// The stop to which the vehicle is driving: an order and one of its stops. It stays the first stop of the route. The
    /// order must name this vehicle, and it is always committed.
    pub next_stop: Option<(usize, StopKind)>,
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
            max_orders: None,
            fixed_cost: 0,
            next_stop: None,
        }
    }
}

/// The measure of travel cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// Metres of driving.
    #[default]
    Distance,
    /// Seconds of driving, without waiting and service.
    Duration,
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
    /// The measure of travel cost.
    pub objective: Objective,
    /// Whether fewer vehicles are better than less cost. If not, the number of vehicles decides only between plans of
    /// equal cost.
    pub minimise_vehicles: bool,
}

/// A validated instance.
///
/// A plan is better than another if, in this order, it serves more committed orders, serves more orders, has less lateness
/// of committed orders, uses fewer vehicles (if the instance minimises them), costs less, uses fewer vehicles. The cost is
/// travel plus the fixed costs of the used vehicles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    spec: InstanceSpec,
}

impl Instance {
    /// Checks that every index is valid and every number is in range.
    ///
    /// # Errors
    ///
    /// All faults, each with its place.
    pub fn new(spec: InstanceSpec) -> Result<Self, Vec<Fault>> {
        let faults = validate::faults(&spec);
        if faults.is_empty() {
            Ok(Self { spec })
        } else {
            Err(faults)
        }
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

    /// The measure of travel cost.
    #[must_use]
    pub fn objective(&self) -> Objective {
        self.spec.objective
    }

    /// Whether fewer vehicles are better than less cost.
    #[must_use]
    pub fn minimises_vehicles(&self) -> bool {
        self.spec.minimise_vehicles
    }

    /// Whether an order must be served: it is marked as committed, it is aboard, or it has its vehicle's next stop.
    ///
    /// # Panics
    ///
    /// Panics if there is no such order.
    #[must_use]
    pub fn is_committed(&self, order: usize) -> bool {
        let it = &self.spec.orders[order];
        it.committed
            || it.pickup.is_none()
            || it.vehicle.is_some_and(|vehicle| {
                self.spec.vehicles[vehicle]
                    .next_stop
                    .is_some_and(|(next, _)| next == order)
            })
    }
}
