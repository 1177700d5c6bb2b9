//! Route providers: the embedded planner, and outside services. Plans of services are checked. If a service fails or
//! makes a worse plan, the plan of the embedded planner is used.

mod breaker;
mod comparison;
mod draft;
pub mod embedded;
pub mod fallback;
pub mod google;
pub mod ors;
pub mod ors_matrix;
mod outline;
mod own_points;
pub mod remote;
