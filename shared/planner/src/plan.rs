//! The output of planning: routes with their times.

use crate::instance::StopKind;

/// The routes of the vehicles, and the unserved orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The routes of the used vehicles, sorted by vehicle.
    pub routes: Vec<Route>,
    /// The orders that are on no route, sorted by index.
    pub unserved: Vec<Unserved>,
    /// Metres of driving, all routes together.
    pub distance_m: i64,
    /// Seconds of driving, without waiting and service, all routes together.
    pub duration_s: i64,
    /// The lateness of committed orders in seconds, all routes together.
    pub lateness_s: i64,
    /// The rounds of ruin and recreate, all threads together; 0 if the exact solver proved the plan optimal.
    pub iterations: u64,
}

/// The stops of a vehicle in driving order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The index of the vehicle.
    pub vehicle: usize,
    /// The stops between the start and the end of the route.
    pub stops: Vec<TimedStop>,
    /// Metres of driving, including the leg to the end point if there is one.
    pub distance_m: i64,
    /// Seconds of driving, without waiting and service, including the leg to the end point if there is one.
    pub duration_s: i64,
    /// The moment at which the last stop is served or, if there is an end point, the end point is reached.
    pub finish_s: i64,
    /// The seconds by which the stops of committed orders begin after their windows, all together. If the vehicle might
    /// have to serve committed orders, the seconds by which the route exceeds its shift are added.
    pub lateness_s: i64,
}

/// A stop of a route with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedStop {
    /// The index of the order.
    pub order: usize,
    /// Pickup or drop-off.
    pub kind: StopKind,
    /// The arrival of the vehicle.
    pub arrival_s: i64,
    /// The seconds between the arrival and the begin of service.
    pub waiting_s: i64,
    /// The end of service.
    pub departure_s: i64,
    /// The load of the vehicle after service.
    pub load: u64,
}

/// An order that is on no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The index of the order.
    pub order: usize,
    /// The reason.
    pub reason: UnservedReason,
}

/// Why an order is on no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnservedReason {
    /// The instance has no vehicles.
    NoVehicle,
    /// The order is larger than the capacity of every vehicle that may serve it, or all of these vehicles have as many
    /// orders as they may have.
    OverCapacity,
    /// No vehicle that may serve it can do so within the time windows and its shift, besides the other orders of the plan.
    OutsideTimeWindows,
}
