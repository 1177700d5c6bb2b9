//! The violations of a plan.

use std::fmt;

use crate::instance::StopKind;

/// A rule of the instance that a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The vehicle whose route breaks the rule.
    pub vehicle: Option<usize>,
    /// The order concerned.
    pub order: Option<usize>,
    /// The rule.
    pub kind: ViolationKind,
}

/// The kinds of violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// The instance has no such vehicle.
    NoSuchVehicle,
    /// The instance has no such order.
    NoSuchOrder,
    /// The vehicle has two routes.
    SecondRoute,
    /// The route has no stops.
    NoStops,
    /// The order is neither on a route nor unserved.
    Lost,
    /// The order is on a route and unserved, or listed as unserved twice.
    ServedAndUnserved,
    /// A committed order is unserved, though there is a vehicle for it.
    CommittedUnserved,
    /// A stop occurs twice.
    Repeated(StopKind),
    /// The order has one stop on the route, but the other one is missing.
    Missing(StopKind),
    /// An order that is aboard is picked up.
    PickedUpAgain,
    /// The drop-off comes before the pickup.
    DroppedOffFirst,
    /// Only another vehicle may serve the order.
    OnAnotherVehicle,
    /// The route does not begin with the vehicle's frozen stops.
    FrozenStopSkipped,
    /// The load exceeds the capacity.
    OverCapacity {
        /// The load after the stop.
        load: u64,
        /// The capacity.
        capacity: u64,
    },
    /// The route has more orders than its vehicle may have.
    TooManyOrders {
        /// The number of orders on the route.
        orders: usize,
        /// The largest number.
        limit: usize,
    },
    /// Service begins after the window of an order that is not committed.
    AfterWindow {
        /// Seconds after its end.
        by_s: i64,
    },
    /// An order that is not committed is served after the shift, or the vehicle returns after the shift.
    AfterShift {
        /// Seconds after its end.
        by_s: i64,
    },
    /// The breaks of the route are not those that are due.
    WrongBreaks,
    /// A number of the plan does not agree with its stops.
    WrongNumber {
        /// The name of the number.
        what: &'static str,
        /// The number in the plan.
        found: i64,
        /// The correct number.
        expected: i64,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(vehicle) = self.vehicle {
            write!(f, "vehicle {vehicle}: ")?;
        }
        if let Some(order) = self.order {
            write!(f, "order {order}: ")?;
        }
        self.kind.fmt(f)
    }
}

impl std::error::Error for Violation {}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |kind| match kind {
            StopKind::Pickup => "pickup",
            StopKind::Dropoff => "drop-off",
        };
        match *self {
            Self::NoSuchVehicle => f.write_str("there is no such vehicle"),
            Self::NoSuchOrder => f.write_str("there is no such order"),
            Self::SecondRoute => f.write_str("has a route already"),
            Self::NoStops => f.write_str("its route has no stops"),
            Self::Lost => f.write_str("neither on a route nor unserved"),
            Self::ServedAndUnserved => {
                f.write_str("unserved, but also served or listed as unserved before")
            }
            Self::CommittedUnserved => f.write_str("committed, but unserved"),
            Self::Repeated(kind) => write!(f, "a second {}", name(kind)),
            Self::Missing(kind) => write!(f, "no {}", name(kind)),
            Self::PickedUpAgain => f.write_str("picked up, but aboard already"),
            Self::DroppedOffFirst => f.write_str("dropped off before it is picked up"),
            Self::OnAnotherVehicle => f.write_str("on a vehicle that may not serve it"),
            Self::FrozenStopSkipped => f.write_str("does not begin with its frozen stops"),
            Self::OverCapacity { load, capacity } => {
                write!(f, "load {load} exceeds capacity {capacity}")
            }
            Self::TooManyOrders { orders, limit } => {
                write!(f, "{orders} orders, may have {limit}")
            }
            Self::AfterWindow { by_s } => write!(f, "{by_s} s after its window"),
            Self::AfterShift { by_s } => write!(f, "{by_s} s after the shift"),
            Self::WrongBreaks => f.write_str("its breaks are not when they are due"),
            Self::WrongNumber {
                what,
                found,
                expected,
            } => write!(f, "{what} is {found}, should be {expected}"),
        }
    }
}
