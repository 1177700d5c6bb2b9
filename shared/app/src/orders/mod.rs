//! Orders: creating, reading and updating them, and waking the zones of pending orders.

mod assign_order;
mod create_order;
mod get_order;
mod list_orders;
mod release_order;
mod room;
mod sweep_pending_orders;
mod update_order_status;

pub use assign_order::AssignOrder;
pub use create_order::CreateOrder;
pub(crate) use create_order::OUTSIDE_SERVICE_AREA;
pub use get_order::GetOrder;
pub use list_orders::ListOrders;
pub use release_order::ReleaseOrder;
pub use room::RoomForOrders;
pub use sweep_pending_orders::{SweepPendingOrders, SweepReport};
pub use update_order_status::UpdateOrderStatus;
