//! Waybill itself in virtual time: the real use cases, with the delays of streams and queues.
//!
//! What is modelled: the batch windows of the stream, of the optimizer's queue and of the notification queue; delayed
//! wake-ups; the time between a plan's reads and its commit, in which agents tap; the sweep of each minute. An agent
//! sees a new route at once, drives to its first open stop, and taps after the service. On the way to a stop, an agent
//! turns only if the stop leaves the route. A stream record or a message comes once, and calls take no time.

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
