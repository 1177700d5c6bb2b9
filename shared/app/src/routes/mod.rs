//! Routes: planning them and looking at them.

pub(crate) mod after_change;
pub mod by_hand;
pub mod geojson;
mod get_routes;
pub mod optimize_routes;
mod preview_plan;
mod sequence_stops;
mod transfer_route;
pub(crate) mod under_way;

pub use get_routes::GetRoutes;
pub use optimize_routes::OptimizeRoutes;
pub use preview_plan::{PreviewAnswer, PreviewPlan, PreviewQuery};
pub use sequence_stops::SequenceStops;
pub use transfer_route::TransferRoute;
