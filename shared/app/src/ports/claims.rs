//! Claims on work that is to be done once: an email, the planning of a zone.

use async_trait::async_trait;
use domain::{Timestamp, Zone};

use super::StoreError;

/// How claiming an email ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailClaim {
    /// It is ours to send, until the lease ends.
    Ours,
    /// It was sent before.
    Sent,
    /// Somebody else is sending it now, or has died doing so; the end of their lease will tell.
    Theirs,
}

/// Who sends which email. Claim with a lease, send, mark as sent: one is sent twice only where the last step is missing,
/// or where sending it succeeded unheard.
#[async_trait]
pub trait EmailClaims: Send + Sync {
    /// Claims an email by the name of the event that it tells of.
    async fn claim(
        &self,
        event: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<EmailClaim, StoreError>;

    /// Marks an email as sent; remembered until `forget_at`.
    async fn mark_sent(&self, event: &str, forget_at: Timestamp) -> Result<(), StoreError>;
}

/// What others asked of a zone while it was being planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dirty {
    /// Orders that wait out a pause are to be planned too.
    pub everything: bool,
}

/// Who plans which zone. A lease saves work; the versions of the records give correctness.
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

    /// Asks the holder to wake the zone again. `false` if nobody holds it any more.
    async fn mark_dirty(
        &self,
        zone: Zone,
        everything: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the lease back, and says what others asked for meanwhile. That stays asked for, of whoever takes the lease next,
    /// until it is [settled](Self::settle); so giving back twice says the same twice. Nothing happens if the lease is not the
    /// owner's any more.
    async fn give_back(&self, zone: Zone, owner: &str) -> Result<Option<Dirty>, StoreError>;

    /// Forgets what the owner heard on giving back. Nothing happens if somebody has taken the lease since.
    async fn settle(&self, zone: Zone, owner: &str) -> Result<(), StoreError>;
}
