//! What is to be planned.

use crate::fault::Fault;
use crate::travel::TravelMatrix;
use crate::validate;

/// When service at a stop may begin, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Who comes earlier waits.
    pub earliest_s: i64,
    /// Who comes later is late.
    pub latest_s: i64,
}

/// When a vehicle drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// When it leaves its start point.
    pub start_s: i64,
    /// By when its last stop is served, and its end point reached where it has
    /// one. May lie before the start, for a vehicle that works overtime: it
    /// then takes committed orders only.
    pub end_s: i64,
}

/// One end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Where: an index into the travel matrix.
    pub point: usize,
    /// When service may begin; at any time if there is none.
    pub window: Option<Window>,
    /// How long service takes.
    pub service_s: i64,
}

impl Stop {
    /// A stop at a point, at any time, that takes no time.
    #[must_use]
    pub fn at(point: usize) -> Self {
        Self {
            point,
            window: None,
            service_s: 0,
        }
    }
}

/// Something to be taken from one point to another by one vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Where it comes from; `None` if it is aboard its vehicle already. Such
    /// an order counts as committed whatever `committed` says.
    pub pickup: Option<Stop>,
    /// Where it goes.
    pub dropoff: Stop,
    /// Room that it takes, in the unit of the vehicles' capacity; at least 1.
    pub size: u32,
    /// The only vehicle that may take it, by index.
    pub vehicle: Option<usize>,
    /// On a route already: it is never left over, whatever its windows and its
    /// vehicle's shift and limit of orders say. Its lateness is minimised
    /// before travel is.
    pub committed: bool,
}

impl Order {
    /// An order that any vehicle may take.
    #[must_use]
    pub fn new(pickup: Stop, dropoff: Stop, size: u32) -> Self {
        Self {
            pickup: Some(pickup),
            dropoff,
            size,
            vehicle: None,
            committed: false,
        }
    }

    /// An order that a vehicle has aboard.
    #[must_use]
    pub fn aboard(vehicle: usize, dropoff: Stop, size: u32) -> Self {
        Self {
            pickup: None,
            dropoff,
            size,
            vehicle: Some(vehicle),
            committed: true,
        }
    }
}

/// One of the two ends of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StopKind {
    /// Where it is taken aboard.
    Pickup,
    /// Where it is handed over.
    Dropoff,
}

/// What drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vehicle {
    /// Where it starts: an index into the travel matrix.
    pub start: usize,
    /// Where it has to be in the end; wherever its last stop is, if `None`.
    pub end: Option<usize>,
    /// Room for orders, in the unit of their size. A vehicle whose committed
    /// orders do not fit into it takes no others.
    pub capacity: u32,
    /// When it drives.
    pub shift: Shift,
    /// How many orders it takes at most, those aboard included.
    pub max_orders: Option<u32>,
    /// What it costs to use it at all, in the unit of the objective.
    pub fixed_cost: i64,
    /// The stop that it is on its way to, by order: its first one, whatever
    /// happens. The order must be tied to this vehicle, and counts as
    /// committed.
    pub next_stop: Option<(usize, StopKind)>,
}

impl Vehicle {
    /// A vehicle that may end anywhere, with no limit but its capacity.
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

/// What travel is measured by, once all orders are placed that can be and as
/// few seconds late as can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// Metres driven.
    #[default]
    Distance,
    /// Seconds of driving: neither waiting nor service.
    Duration,
}

/// The parts of a problem, not yet known to fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemSpec {
    /// Between the points that vehicles and stops name.
    pub travel: TravelMatrix,
    /// Who drives; there may be none.
    pub vehicles: Vec<Vehicle>,
    /// What is to be moved; there may be nothing.
    pub orders: Vec<Order>,
    /// What travel is measured by.
    pub objective: Objective,
    /// Whether fewer vehicles are better than less travel. If not, they only
    /// decide between equals.
    pub minimise_vehicles: bool,
}

/// A problem whose parts fit together.
///
/// A plan is better than another if, in this order, it places more committed
/// orders, more orders, has less lateness of committed orders, fewer vehicles
/// (where that is asked for), less travel with fixed costs, fewer vehicles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    spec: ProblemSpec,
}

impl Problem {
    /// Checks that every index points at something and every number makes
    /// sense.
    ///
    /// # Errors
    ///
    /// Every fault that there is, with its place.
    pub fn new(spec: ProblemSpec) -> Result<Self, Vec<Fault>> {
        let faults = validate::faults(&spec);
        if faults.is_empty() {
            Ok(Self { spec })
        } else {
            Err(faults)
        }
    }

    /// Distances and driving times.
    #[must_use]
    pub fn travel(&self) -> &TravelMatrix {
        &self.spec.travel
    }

    /// Who drives.
    #[must_use]
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.spec.vehicles
    }

    /// What is to be moved.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.spec.orders
    }

    /// What travel is measured by.
    #[must_use]
    pub fn objective(&self) -> Objective {
        self.spec.objective
    }

    /// Whether fewer vehicles are better than less travel.
    #[must_use]
    pub fn minimises_vehicles(&self) -> bool {
        self.spec.minimise_vehicles
    }

    /// Whether an order is never left over: it says so, it is aboard, or it is
    /// its vehicle's next stop.
    ///
    /// # Panics
    ///
    /// If there is no such order.
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
