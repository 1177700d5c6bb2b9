//! Routes: planning them and looking at them.

pub(crate) mod after_change;
pub mod geojson;
mod get_routes;
pub mod optimize_routes;

pub use get_routes::GetRoutes;
pub use optimize_routes::OptimizeRoutes;
