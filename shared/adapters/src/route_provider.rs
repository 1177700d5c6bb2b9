//! Who plans routes: the planner within this process, or a service outside, whose answers are checked and in whose
//! place the planner stands when it has a bad day.

mod breaker;
mod draft;
pub mod embedded;
pub mod fallback;
pub mod google;
pub mod ors;
pub mod ors_matrix;
mod outline;
pub mod remote;
