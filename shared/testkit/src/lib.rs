//! For tests only: builders of values, ports in memory, and the contracts that these ports and the real adapters both
//! keep.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

pub mod build;
pub mod contracts;
pub mod http;
pub mod memory;
pub mod provider;
pub mod still;

pub use build::{Landmarks, UserBuilder, a_customer, an_agent, an_import, an_order, at};
pub use memory::{
    MemoryAside, MemoryCustomers, MemoryFiles, MemoryGeocoder, MemoryIdentity, MemoryImportQueue,
    MemoryLegs, MemoryLocateQueue, MemoryMailer, MemoryNotifications, MemoryPhones,
    MemoryPlaceCache, MemoryProofFiles, MemorySes, MemoryStore, MemoryWakes, NextRead, NextWrite,
    OnePixel,
};
pub use provider::{CountedRounds, FirstComeFirstServed};
pub use still::{CountedIds, NoJitter, StillClock};
