//! What is wrong with a plan, and where.

use std::fmt;

use crate::problem::StopKind;

/// One thing that a plan does which its problem forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The vehicle on whose route it is.
    pub vehicle: Option<usize>,
    /// The order that it is about.
    pub order: Option<usize>,
    /// What it is.
    pub kind: ViolationKind,
}

/// What a plan may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// The problem has no such vehicle.
    NoSuchVehicle,
    /// The problem has no such order.
    NoSuchOrder,
    /// The vehicle has two routes.
    SecondRoute,
    /// The route has no stops.
    NoStops,
    /// The order is neither on a route nor left over.
    Lost,
    /// The order is on a route and left over, or left over twice.
    PlacedAndLeftOver,
    /// A committed order is left over, though there is a vehicle for it.
    CommittedLeftOver,
    /// A stop occurs twice, on one route or on two.
    Repeated(StopKind),
    /// The order has a stop on the route, and its other one is missing there.
    Missing(StopKind),
    /// An order that is aboard is picked up.
    PickedUpAgain,
    /// The drop-off comes before the pickup.
    DroppedOffFirst,
    /// The order is tied to another vehicle.
    TiedElsewhere,
    /// The vehicle has a fixed next stop, and starts with something else.
    NextStopPassedOver,
    /// The load exceeds the capacity.
    OverCapacity {
        /// Load after the stop.
        load: u64,
        /// What fits in.
        capacity: u64,
    },
    /// The route has more orders than its vehicle takes.
    TooManyOrders {
        /// Orders on the route.
        orders: usize,
        /// What it takes.
        limit: usize,
    },
    /// Service begins after the window of an order that is not committed.
    AfterWindow {
        /// Seconds after its end.
        by_s: i64,
    },
    /// An order that is not committed is served after the shift, or the
    /// vehicle returns after it.
    AfterShift {
        /// Seconds after its end.
        by_s: i64,
    },
    /// A number of the plan is not what its stops amount to.
    Miscounted {
        /// Which number.
        what: &'static str,
        /// What it says.
        found: i64,
        /// What it should say.
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
            Self::Lost => f.write_str("neither on a route nor left over"),
            Self::PlacedAndLeftOver => f.write_str("left over, and placed or left over before"),
            Self::CommittedLeftOver => f.write_str("committed, and left over"),
            Self::Repeated(kind) => write!(f, "a second {}", name(kind)),
            Self::Missing(kind) => write!(f, "no {}", name(kind)),
            Self::PickedUpAgain => f.write_str("picked up, though it is aboard"),
            Self::DroppedOffFirst => f.write_str("dropped off before it is picked up"),
            Self::TiedElsewhere => f.write_str("tied to another vehicle"),
            Self::NextStopPassedOver => f.write_str("does not start with its next stop"),
            Self::OverCapacity { load, capacity } => {
                write!(f, "load {load} exceeds capacity {capacity}")
            }
            Self::TooManyOrders { orders, limit } => {
                write!(f, "{orders} orders, takes {limit}")
            }
            Self::AfterWindow { by_s } => write!(f, "{by_s} s after its window"),
            Self::AfterShift { by_s } => write!(f, "{by_s} s after the shift"),
            Self::Miscounted {
                what,
                found,
                expected,
            } => write!(f, "{what} is {found}, should be {expected}"),
        }
    }
}
