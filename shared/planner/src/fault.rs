//! What is wrong with a problem, and where.

use std::fmt;

/// One thing that is wrong with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path into the problem: `orders[3].pickup.window`.
    pub place: String,
    /// What.
    pub kind: FaultKind,
}

/// What may be wrong with a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A matrix has not as many entries as its points ask for.
    MatrixSize {
        /// Entries that there should be.
        expected: usize,
        /// Entries that there are.
        found: usize,
    },
    /// A point that the travel matrix does not have.
    NoSuchPoint {
        /// The point.
        point: usize,
        /// How many there are.
        points: usize,
    },
    /// A vehicle that the problem does not have.
    NoSuchVehicle {
        /// The vehicle.
        vehicle: usize,
        /// How many there are.
        vehicles: usize,
    },
    /// An order that the problem does not have.
    NoSuchOrder {
        /// The order.
        order: usize,
        /// How many there are.
        orders: usize,
    },
    /// A window that ends before it begins.
    WindowEndsBeforeItBegins,
    /// A time further than [`FaultKind::TIME_BOUND_S`] from zero.
    TimeOutOfRange,
    /// A service that takes less than no time.
    NegativeService,
    /// A cost below zero, or above [`FaultKind::COST_BOUND`].
    CostOutOfRange,
    /// An order of size 0.
    SizeZero,
    /// An order without a pickup is aboard of some vehicle: which is not said.
    AboardWithoutVehicle,
    /// The next stop is of an order that is not tied to this vehicle.
    NextStopOfAnotherVehicle,
    /// The next stop is a pickup, and the order is aboard already.
    NextStopPickedUpAlready,
    /// The next stop is a drop-off, and the order is not aboard yet.
    NextStopNotPickedUp,
    /// More points, orders or vehicles than indices of 32 bits can tell apart.
    TooLarge,
}

impl FaultKind {
    /// Times lie within this many seconds of zero (over 3,000 years).
    pub const TIME_BOUND_S: i64 = 100_000_000_000;
    /// Fixed costs are at most this.
    pub const COST_BOUND: i64 = 1_000_000_000_000;
}

impl Fault {
    pub(crate) fn new(place: impl Into<String>, kind: FaultKind) -> Self {
        Self {
            place: place.into(),
            kind,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MatrixSize { expected, found } => {
                write!(f, "has {found} entries, needs {expected}")
            }
            Self::NoSuchPoint { point, points } => {
                write!(f, "no point {point}, there are {points}")
            }
            Self::NoSuchVehicle { vehicle, vehicles } => {
                write!(f, "no vehicle {vehicle}, there are {vehicles}")
            }
            Self::NoSuchOrder { order, orders } => {
                write!(f, "no order {order}, there are {orders}")
            }
            Self::WindowEndsBeforeItBegins => f.write_str("ends before it begins"),
            Self::TimeOutOfRange => {
                write!(f, "further than {} s from zero", Self::TIME_BOUND_S)
            }
            Self::NegativeService => f.write_str("takes less than no time"),
            Self::CostOutOfRange => write!(f, "not between 0 and {}", Self::COST_BOUND),
            Self::SizeZero => f.write_str("must be at least 1"),
            Self::AboardWithoutVehicle => {
                f.write_str("has no pickup, so it is aboard, and must name its vehicle")
            }
            Self::NextStopOfAnotherVehicle => f.write_str("its order is not tied to this vehicle"),
            Self::NextStopPickedUpAlready => f.write_str("a pickup of an order aboard already"),
            Self::NextStopNotPickedUp => f.write_str("a drop-off of an order not aboard yet"),
            Self::TooLarge => f.write_str("more than 32 bits can number"),
        }
    }
}
