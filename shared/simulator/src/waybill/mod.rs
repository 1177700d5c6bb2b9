//! Waybill itself in virtual time: the real use cases, with the delays of streams and queues.
//!
//! The simulation includes the batching windows of the stream, of the optimization queue and of the notification queue.
//! It includes delayed wake-ups, and the sweep of each minute. It also includes the time between a plan's reads and its
//! commit, in which agents tap. An agent sees a new route at once, drives to its first open stop, and taps after the
//! service. On the way to a stop, an agent turns only if the stop leaves the route. Each stream record and each message
//! comes once. Calls take no time.

mod acts;
mod agenda;
mod courier;
mod delivery;
mod planner;
mod run;
mod settings;
mod wiring;

pub use planner::PlanMade;
pub use run::{PlanRun, Report, SimulationError, run};
pub use settings::Deployment;
