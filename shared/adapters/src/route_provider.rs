//! Route providers: the embedded planner, and outside services. Plans of services are checked, and the embedded planner
//! stands in when a service fails.

mod breaker;
mod draft;
pub mod embedded;
pub mod fallback;
pub mod google;
pub mod ors;
pub mod ors_matrix;
mod outline;
pub mod remote;
