//! Claims on zones, notes of zones without agents, and the place of the sweep.

use app::ports::{Dirty, PendingPlace, StoreError, SweepPlace, ZoneLeases, ZonesWithoutAgents};
use async_trait::async_trait;
use domain::{Timestamp, Zone};

use super::store::MemoryStore;

#[derive(Debug, Clone)]
pub(super) struct LeaseRecord {
    owner: String,
    until: Timestamp,
    dirty: Option<Dirty>,
}

#[async_trait]
impl ZoneLeases for MemoryStore {
    async fn take(
        &self,
        zone: Zone,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let before = tables.leases.get(&zone);
        let held = before.is_some_and(|lease| lease.until > now && lease.owner != owner);
        if !held {
            let lease = LeaseRecord {
                owner: owner.to_owned(),
                until,
                dirty: before.and_then(|lease| lease.dirty),
            };
            tables.leases.insert(zone, lease);
        }
        Ok(!held)
    }

    async fn mark_dirty(
        &self,
        zone: Zone,
        everything: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let lease = tables
            .leases
            .get_mut(&zone)
            .filter(|lease| lease.until > now);
        let held = lease.is_some();
        if let Some(lease) = lease {
            let before = lease.dirty.is_some_and(|dirty| dirty.everything);
            lease.dirty = Some(Dirty {
                everything: everything || before,
            });
        }
        Ok(held)
    }

    async fn give_back(&self, zone: Zone, owner: &str) -> Result<Option<Dirty>, StoreError> {
        let mut tables = self.tables();
        let Some(lease) = tables.leases.get_mut(&zone) else {
            return Ok(None);
        };
        if lease.owner != owner {
            return Ok(None);
        }
        lease.until = Timestamp::UNIX_EPOCH;
        let dirty = lease.dirty;
        if dirty.is_none() {
            tables.leases.remove(&zone);
        }
        Ok(dirty)
    }

    async fn settle(&self, zone: Zone, owner: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let theirs = tables.leases.get(&zone);
        if theirs.is_some_and(|lease| lease.owner == owner) {
            tables.leases.remove(&zone);
        }
        Ok(())
    }
}

#[async_trait]
impl SweepPlace for MemoryStore {
    async fn reached(&self) -> Result<Option<PendingPlace>, StoreError> {
        Ok(self.tables().swept_to)
    }

    async fn reach(&self, place: Option<PendingPlace>) -> Result<(), StoreError> {
        self.tables().swept_to = place;
        Ok(())
    }
}

#[async_trait]
impl ZonesWithoutAgents for MemoryStore {
    async fn note(&self, zone: Zone, until: Timestamp) -> Result<(), StoreError> {
        self.tables().without_agents.insert(zone, until);
        Ok(())
    }

    async fn among(&self, zones: &[Zone], now: Timestamp) -> Result<Vec<Zone>, StoreError> {
        let tables = self.tables();
        let noted = |zone: &&Zone| tables.without_agents.get(zone).is_some_and(|it| *it > now);
        Ok(zones.iter().filter(noted).copied().collect())
    }
}
