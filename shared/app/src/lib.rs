//! What Waybill does: one use case a module, over the small ports that it needs.
//!
//! Nothing here knows HTTP, AWS or JSON events. A use case reads what is stored, lets the domain work out
//! the new state, and commits it on the condition that what it read is still in place; a lost race
//! is read and tried again.

pub mod accounts;
pub mod addresses;
pub mod agents;
pub mod answers;
pub mod caller;
pub mod events;
pub mod imports;
pub mod messages;
pub mod notifications;
pub mod orders;
pub mod paging;
pub mod ports;
pub mod refusal;
mod retry;
pub mod routes;

pub use caller::Caller;
pub use refusal::Refusal;
