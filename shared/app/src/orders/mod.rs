//! Orders: creating, reading and updating them, and waking the zones of pending orders.

mod assign_order;
mod bulk;
mod cancel_orders;
mod create_order;
mod edit_order;
mod get_order;
mod list_orders;
mod places;
mod quote_order;
mod release_order;
mod room;
mod sweep_pending_orders;
mod tap_proof;
mod update_order_status;

pub use assign_order::AssignOrder;
pub use bulk::ChangeInBulk;
pub(crate) use bulk::{BulkChange, BulkStep};
pub use cancel_orders::{CancelAnswer, CancelOrders, CancelOutcome, CancelResult, CancelledAnswer};
pub use create_order::CreateOrder;
pub use edit_order::EditOrder;
pub use get_order::GetOrder;
pub use list_orders::ListOrders;
pub(crate) use places::OUTSIDE_SERVICE_AREA;
pub use quote_order::{QuoteAnswer, QuoteOrder};
pub use release_order::ReleaseOrder;
pub use room::RoomForOrders;
pub use sweep_pending_orders::{SweepPendingOrders, SweepReport};
pub use tap_proof::{CheckProof, LackingProof};
pub use update_order_status::UpdateOrderStatus;
