//! Pickup-and-delivery route planning: a problem in, a plan out.
//!
//! A [`Problem`] says where vehicles start, which orders are to be taken from
//! where to where and when, and how far apart places are. [`solve`] answers
//! with a [`Plan`]: each vehicle's stops in order with their times, and which
//! orders found no place and why. [`check`] tells whether a plan, whoever made
//! it, keeps to its problem.
//!
//! The search is *Slack Induction by String Removals* (J. Christiaens and
//! G. Vanden Berghe, Transportation Science 54(2), 2020). Problems of up to 7
//! orders are solved to the optimum. `docs/PLANNER.md` says how it works, what
//! was added, and how it measures.
//!
//! Distances are metres, times are seconds. What instant second 0 stands for
//! is the caller's choice; the start of planning is a good one. Times may be
//! negative.
//!
//! ```
//! use planner::{Limit, Objective, Options, Order, Problem, ProblemSpec, Shift, Stop};
//! use planner::{TravelMatrix, Vehicle, solve};
//!
//! let minutes = |m: u32| 60 * m;
//! // Three points on a line: a vehicle's start, a shop, a customer.
//! let durations_s = [0, 5, 9, 5, 0, 4, 9, 4, 0].map(minutes).to_vec();
//! let distances_m = [0, 2000, 3600, 2000, 0, 1600, 3600, 1600, 0].to_vec();
//! let problem = Problem::new(ProblemSpec {
//!     travel: TravelMatrix::new(3, distances_m, durations_s)?,
//!     vehicles: vec![Vehicle::new(0, 4, Shift { start_s: 0, end_s: 4 * 3600 })],
//!     orders: vec![Order::new(Stop::at(1), Stop::at(2), 1)],
//!     objective: Objective::Distance,
//!     minimise_vehicles: false,
//! })?;
//! let plan = solve(&problem, &Options::new(Limit::Iterations(100)));
//! assert_eq!(plan.distance_m, 3600);
//! assert!(plan.unplaced.is_empty());
//! # Ok::<(), Vec<planner::Fault>>(())
//! ```
#![warn(clippy::pedantic)]

#[cfg(test)]
extern crate self as planner;

mod check;
mod engine;
mod fault;
mod options;
mod plan;
mod problem;
mod timing;
mod travel;
mod validate;
mod violation;

pub use check::check;
pub use engine::{solve, solve_with};
pub use fault::{Fault, FaultKind};
pub use options::{Limit, Options, Progress};
pub use plan::{Plan, PlannedStop, Route, Unplaced, UnplacedReason};
pub use problem::{Objective, Order, Problem, ProblemSpec, Shift, Stop, StopKind, Vehicle, Window};
pub use travel::TravelMatrix;
pub use violation::{Violation, ViolationKind};
