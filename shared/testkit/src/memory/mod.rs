//! Ports that live in memory.

mod claims;
mod files;
mod identity;
mod imports;
mod legs;
mod locating;
mod locations;
mod mail;
mod outboxes;
mod pending_bounds;
mod phones;
mod places;
mod promises;
mod proofs;
mod put_aside;
mod queues;
mod recipients;
mod ses;
mod store;
mod tracking;

pub use files::{MemoryFiles, NextRead};
pub use identity::{CODE, EMAIL_CODE, IdentityCall, MemoryIdentity, RESET_CODE};
pub use legs::MemoryLegs;
pub use mail::MemoryMailer;
pub use phones::MemoryPhones;
pub use places::{MemoryGeocoder, MemoryPlaceCache};
pub use proofs::{MemoryProofFiles, OnePixel};
pub use put_aside::MemoryAside;
pub use queues::{
    MemoryCustomers, MemoryImportQueue, MemoryLocateQueue, MemoryNotifications, MemoryQueue,
    MemoryWakes,
};
pub use ses::MemorySes;
pub use store::{MemoryStore, NextWrite};

/// The error of an unavailable dependency.
pub(crate) fn away() -> app::refusal::Cause {
    "unavailable, because the test says so".into()
}
