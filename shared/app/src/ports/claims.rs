//! Claims on the planning of a zone, the notes of zones without agents, and the place where a sweep stopped.

use async_trait::async_trait;
use domain::{Timestamp, Zone};

use super::{PendingPlace, StoreError};

/// A request that a zone received while it was being planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dirty {
    /// Whether orders that wait for their next try must be planned too.
    pub everything: bool,
}

/// Leases on zones, so that one consumer plans a zone at a time. A lease only saves work. The versions of the records
/// ensure correctness.
#[async_trait]
pub trait ZoneLeases: Send + Sync {
    /// Takes a zone's lease if it is free or has expired by `now`.
    async fn take(
        &self,
        zone: Zone,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Asks the holder of the lease to wake the zone again. `false` if nobody holds the lease.
    async fn mark_dirty(
        &self,
        zone: Zone,
        everything: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, and returns the request that arrived meanwhile. The request stays with the zone for the
    /// next holder until it is [settled](Self::settle), so a second call returns the same request. Nothing happens if
    /// the owner no longer holds the lease. A lease without a request is forgotten at once.
    async fn give_back(&self, zone: Zone, owner: &str) -> Result<Option<Dirty>, StoreError>;

    /// Forgets the request that `give_back` returned. Nothing happens if another owner has taken the lease since.
    async fn settle(&self, zone: Zone, owner: &str) -> Result<(), StoreError>;
}

/// The place in the index of pending orders that the sweeps have reached. A lost or an old place is harmless: the next
/// sweep looks at some orders twice, or at some orders a little later.
#[async_trait]
pub trait SweepPlace: Send + Sync {
    /// The order after which the next sweep begins. `None` if it begins at the beginning.
    async fn reached(&self) -> Result<Option<PendingPlace>, StoreError>;

    /// Stores the place. `None` stands for the end of the index.
    async fn reach(&self, place: Option<PendingPlace>) -> Result<(), StoreError>;
}

/// Notes of zones whose pending orders found no agent nearby. Notes are hints. An outdated note wakes a zone without
/// need. Without a note, the orders wait for their next try.
#[async_trait]
pub trait ZonesWithoutAgents: Send + Sync {
    /// Notes a zone until a time. The note replaces an earlier one.
    async fn note(&self, zone: Zone, until: Timestamp) -> Result<(), StoreError>;

    /// The zones among these that have a note at this time, in any sequence.
    async fn among(&self, zones: &[Zone], now: Timestamp) -> Result<Vec<Zone>, StoreError>;
}
