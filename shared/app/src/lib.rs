//! The use cases of Waybill, one per file, over small ports.
//!
//! Nothing here knows HTTP, AWS or Lambda events. A use case reads stored records, lets the domain compute the new
//! state, and commits that state on the condition that the records have not changed. After a lost race the use case
//! reads the records again and retries.

pub mod accounts;
pub mod addresses;
pub mod agents;
pub mod answers;
pub mod back_off;
pub mod caller;
pub mod customers;
pub mod digest;
pub mod events;
pub mod if_match;
pub mod imports;
pub mod messages;
pub mod notifications;
pub mod orders;
pub mod paging;
pub mod ports;
pub mod proofs;
pub mod recipients;
pub mod refusal;
mod retry;
pub mod routes;
pub mod tracking;

pub use caller::Caller;
pub use if_match::IfMatch;
pub use refusal::Refusal;
