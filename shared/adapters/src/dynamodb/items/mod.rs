//! The stored attributes. Each type is one item or a part of one.
//!
//! These types have no `Debug` output: they hold names, addresses and phone numbers.

mod claim;
mod import;
mod known_place;
mod legs;
mod location;
mod order;
mod packed;
mod place;
mod profiles;
mod promise;
mod proof;
mod route;
#[cfg(test)]
mod tests;
mod tracking;
mod user;

pub(crate) use claim::{
    SECONDS_KEPT, StoredExternalId, StoredLease, StoredNoAgents, StoredOrderKey,
    StoredPendingBound, StoredSweepPlace, whole_seconds,
};
pub(crate) use import::{StoredImport, StoredLocating, StoredRowFaults};
pub(crate) use known_place::StoredPlaces;
pub(crate) use legs::StoredLegs;
pub(crate) use location::StoredLocation;
pub(crate) use order::StoredOrder;
pub(crate) use profiles::StoredProfiles;
pub(crate) use promise::StoredPromise;
pub(crate) use proof::{StoredPin, StoredProofs};
pub(crate) use route::{StoredGeometry, StoredRoute};
pub(crate) use tracking::{StoredCurrentLink, StoredLink};
pub(crate) use user::StoredUser;

use thiserror::Error;

/// An item whose attributes contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the stored item is broken: {0}")]
pub struct BrokenItem(pub(crate) &'static str);
