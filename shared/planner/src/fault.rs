//! The faults of an instance.

use std::fmt;

use crate::instance::MOST_BREAKS;

/// A fault of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place, as a path into the instance: `orders[3].pickup.window`.
    pub place: String,
    /// The kind of fault.
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A matrix has the wrong number of entries.
    MatrixSize {
        /// The entries that it needs.
        expected: usize,
        /// The entries that it has.
        found: usize,
    },
    /// A point that the travel matrix does not have.
    NoSuchPoint {
        /// The point.
        point: usize,
        /// The number of points.
        points: usize,
    },
    /// A vehicle that the instance does not have.
    NoSuchVehicle {
        /// The vehicle.
        vehicle: usize,
        /// The number of vehicles.
        vehicles: usize,
    },
    /// An order that the instance does not have.
    NoSuchOrder {
        /// The order.
        order: usize,
        /// The number of orders.
        orders: usize,
    },
    /// A window that ends before it begins.
    WindowEndsBeforeItBegins,
    /// A time further than [`FaultKind::TIME_BOUND_S`] from zero.
    TimeOutOfRange,
    /// A negative service time.
    NegativeService,
    /// More than [`MOST_BREAKS`](crate::MOST_BREAKS) breaks.
    TooManyBreaks,
    /// A break that takes no time.
    BreakWithoutLength,
    /// A break that may begin before the one before it ends.
    BreaksOverlap,
    /// A cost below zero, or above [`FaultKind::COST_BOUND`].
    CostOutOfRange,
    /// An order of size 0.
    SizeZero,
    /// An order without a pickup is aboard a vehicle, but it does not name the vehicle.
    AboardWithoutVehicle,
    /// A frozen stop belongs to an order that is not pinned to this vehicle.
    FrozenOnAnotherVehicle,
    /// A frozen stop is a pickup, but the order is aboard already.
    FrozenPickupAboard,
    /// A frozen stop is a drop-off, but the order is not aboard by then.
    FrozenDropoffNotAboard,
    /// A stop is frozen twice.
    FrozenTwice,
    /// An urgency of 0.
    UrgencyZero,
    /// A promise of less than no time.
    NegativePromise,
    /// Urgencies times the weight of waiting exceed [`FaultKind::WAITING_BOUND`] in all.
    WaitingTooExpensive,
    /// There are more points, orders or vehicles than 32 bits can number.
    TooLarge,
}

impl FaultKind {
    /// The largest distance of a time from zero, in seconds: over 3,000 years.
    pub const TIME_BOUND_S: i64 = 100_000_000_000;
    /// The largest cost of a vehicle or a move.
    pub const COST_BOUND: i64 = 1_000_000_000;
    /// The largest sum of all orders' urgencies times the weight of waiting in thousandths. Costs then fit into 64
    /// bits.
    pub const WAITING_BOUND: u64 = 1_000_000_000;
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
            Self::NegativeService | Self::NegativePromise => f.write_str("must not be negative"),
            Self::TooManyBreaks => write!(f, "more than {MOST_BREAKS} breaks"),
            Self::BreaksOverlap => f.write_str("may begin before the break before it ends"),
            Self::CostOutOfRange => write!(f, "not between 0 and {}", Self::COST_BOUND),
            Self::SizeZero | Self::UrgencyZero | Self::BreakWithoutLength => {
                f.write_str("must be at least 1")
            }
            Self::AboardWithoutVehicle => {
                f.write_str("must be named, since the order has no pickup and is aboard")
            }
            Self::FrozenOnAnotherVehicle => f.write_str("the order is not pinned to this vehicle"),
            Self::FrozenPickupAboard => f.write_str("a pickup, but the order is aboard already"),
            Self::FrozenDropoffNotAboard => {
                f.write_str("a drop-off, but the order is not aboard yet")
            }
            Self::FrozenTwice => f.write_str("frozen already"),
            Self::WaitingTooExpensive => write!(
                f,
                "times the urgencies of all orders exceeds {}",
                Self::WAITING_BOUND
            ),
            Self::TooLarge => f.write_str("more than 32 bits can number"),
        }
    }
}
