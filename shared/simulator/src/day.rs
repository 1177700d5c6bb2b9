//! A day: its orders, its agents and its streets.

use domain::{Coordinates, NewOrder, Timestamp};

use crate::streets::Streets;

/// A day of a courier company. Times are seconds since the day began.
#[derive(Debug, Clone)]
pub struct Day {
    /// The moment at which the day begins.
    pub begins: Timestamp,
    /// The orders, in the sequence in which they are placed.
    pub orders: Vec<DayOrder>,
    /// The agents.
    pub agents: Vec<DayAgent>,
    /// The driving times.
    pub streets: Streets,
    /// The waiting that the company regards as normal. Longer waiting is late.
    pub promise_s: f64,
}

impl Day {
    /// A moment as seconds since the day began.
    pub fn seconds_of(&self, moment: Timestamp) -> f64 {
        moment.duration_since(self.begins).as_secs_f64()
    }

    /// The time at which the customer of an order begins to wait: when the order is placed, or when its pickup window
    /// opens, if that is later.
    pub fn waits_since_s(&self, order: &DayOrder) -> f64 {
        let opens = order.new.pickup.window.map(|window| window.start);
        opens.map_or(order.at_s, |opens| self.seconds_of(opens).max(order.at_s))
    }
}

/// The moment at which a generated day begins: 2030-05-06T06:00:00Z, a Monday.
pub const GENERATED_DAY: Timestamp = Timestamp::constant(1_904_277_600, 0);

/// An order of a day.
#[derive(Debug, Clone)]
pub struct DayOrder {
    /// The time at which the customer places the order.
    pub at_s: f64,
    /// The number of the customer.
    pub customer: usize,
    /// The order as the customer sends it.
    pub new: NewOrder,
    /// The time at which the customer cancels the order, unless it is picked up by then.
    pub cancelled_s: Option<f64>,
    /// Whether the agent will find nothing to pick up.
    pub pickup_fails: bool,
}

impl DayOrder {
    /// The place of the pickup.
    pub fn pickup(&self) -> Coordinates {
        self.new.pickup.location
    }

    /// The place of the drop-off.
    pub fn dropoff(&self) -> Coordinates {
        self.new.dropoff.location
    }

    /// Whether the customer has cancelled the order by this time.
    pub fn is_cancelled(&self, at_s: f64) -> bool {
        self.cancelled_s
            .is_some_and(|cancelled_s| cancelled_s <= at_s)
    }
}

/// An agent of a day.
#[derive(Debug, Clone)]
pub struct DayAgent {
    /// The place where the agent comes on duty for the first time.
    pub start: Coordinates,
    /// The times on duty, in sequence. Between two of them, the agent takes a break.
    pub duties: Vec<Duty>,
    /// The capacity of the vehicle, in size units.
    pub capacity: u32,
    /// Whether Waybill knows the end of each duty in advance, as the agent's shift.
    pub has_shifts: bool,
}

/// A time on duty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duty {
    /// The beginning.
    pub from_s: f64,
    /// The end. The agent then gives back the orders that are not aboard, and delivers the others.
    pub until_s: f64,
}

impl Duty {
    /// From this time until the end of the day.
    pub fn from(from_s: f64) -> Self {
        Self {
            from_s,
            until_s: f64::INFINITY,
        }
    }
}

impl DayAgent {
    /// The first time on duty that is not over at this time.
    pub fn duty_at(&self, at_s: f64) -> Option<Duty> {
        let mut duties = self.duties.iter();
        duties.find(|duty| at_s < duty.until_s).copied()
    }
}
