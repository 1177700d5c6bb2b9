//! Pickup-and-delivery route planning: it takes an instance and returns a plan.
//!
//! An [`Instance`] holds the vehicles, the orders with their time windows, and the distances between places. [`solve`]
//! returns a [`Plan`]: the stops of each vehicle in driving order with their times, and the unserved orders, each with
//! a reason. [`check`] tells whether any plan keeps the rules of its instance.
//!
//! The search is *Slack Induction by String Removals* (J. Christiaens and G. Vanden Berghe, Transportation Science
//! 54(2), 2020). Instances with up to 7 orders are solved to the optimum. `docs/PLANNER.md` explains how it works and
//! what was added to the paper.
//!
//! Distances are metres and times are seconds. The caller chooses the moment of second 0; the start of planning is a
//! good choice. Times may be negative.
//!
//! ```
//! use planner::{Instance, InstanceSpec, Limit, Objective, Options, Order, PlannerStop, Shift};
//! use planner::{TravelMatrix, Vehicle, solve};
//!
//! let minutes = |m: u32| 60 * m;
//! // Three points on a line: a vehicle's start, a shop, a customer.
//! let durations_s = [0, 5, 9, 5, 0, 4, 9, 4, 0].map(minutes).to_vec();
//! let distances_m = [0, 2000, 3600, 2000, 0, 1600, 3600, 1600, 0].to_vec();
//! let instance = Instance::new(InstanceSpec {
//!     travel: TravelMatrix::new(3, distances_m, durations_s)?,
//!     vehicles: vec![Vehicle::new(0, 4, Shift { start_s: 0, end_s: 4 * 3600 })],
//!     orders: vec![Order::new(PlannerStop::at(1), PlannerStop::at(2), 1)],
//!     objective: Objective::distance(),
//! })?;
//! let plan = solve(&instance, &Options::new(Limit::Iterations(100)));
//! assert_eq!(plan.distance_m, 3600);
//! assert!(plan.unserved.is_empty());
//! # Ok::<(), Vec<planner::Fault>>(())
//! ```
#![warn(clippy::pedantic)]

#[cfg(test)]
extern crate self as planner;

mod breaks;
mod check;
mod engine;
mod fault;
mod instance;
pub mod map;
mod options;
mod plan;
mod timing;
mod travel;
mod validate;
mod value;
mod violation;
mod waiting;

pub use check::check;
pub use engine::{solve, solve_with};
pub use fault::{Fault, FaultKind};
pub use instance::{
    Break, Instance, InstanceSpec, MOST_BREAKS, Objective, Order, PlannerStop, Shift, StopKind,
    TravelCost, Vehicle, Window,
};
pub use options::{Limit, Options, Progress};
pub use plan::{Plan, Route, TimedBreak, TimedStop, Unserved, UnservedReason};
pub use travel::TravelMatrix;
pub use value::PlanValue;
pub use violation::{Violation, ViolationKind};
pub use waiting::BROKEN_PROMISE_FACTOR;
