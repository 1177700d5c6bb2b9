//! The answer: who drives where, and when.

use crate::problem::StopKind;

/// Routes for a problem's vehicles, and what found no place in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The vehicles that have stops, by index.
    pub routes: Vec<Route>,
    /// The orders in no route, by index.
    pub unplaced: Vec<Unplaced>,
    /// Metres driven, all routes together.
    pub distance_m: i64,
    /// Seconds of driving (no waiting, no service), all routes together.
    pub duration_s: i64,
    /// Seconds that committed orders are late, all routes together.
    pub lateness_s: i64,
    /// Rounds of ruin and recreate that it took, all threads together; 0 where
    /// all plans were tried, which small problems allow.
    pub iterations: u64,
}

/// A vehicle's stops, in driving order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Index of the vehicle.
    pub vehicle: usize,
    /// Where it stops between its start and its end.
    pub stops: Vec<PlannedStop>,
    /// Metres driven, to the end point where there is one.
    pub distance_m: i64,
    /// Seconds of driving (no waiting, no service), to the end point where
    /// there is one.
    pub duration_s: i64,
    /// When the last stop is served, or the end point is reached.
    pub finish_s: i64,
    /// Seconds that committed stops begin after their windows, all together,
    /// plus the seconds that the route overruns its shift, where it may: where
    /// a committed order is tied to its vehicle, or to none.
    pub lateness_s: i64,
}

/// A visit to one end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedStop {
    /// Index of the order.
    pub order: usize,
    /// Which end of it.
    pub kind: StopKind,
    /// When the vehicle gets there.
    pub arrival_s: i64,
    /// Seconds until the window opens and service begins.
    pub waiting_s: i64,
    /// When service ends.
    pub departure_s: i64,
    /// Load on departure.
    pub load: u64,
}

/// An order that is in no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// Index of the order.
    pub order: usize,
    /// What stood in the way.
    pub reason: UnplacedReason,
}

/// Why an order is in no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnplacedReason {
    /// The problem has no vehicles.
    NoVehicle,
    /// It is larger than the capacity of every vehicle that might take it, or
    /// all of these have as many orders as they may have.
    OverCapacity,
    /// No vehicle that might take it can do so within its windows and the
    /// shift, besides what the plan holds already.
    OutsideTimeWindows,
}
