//! How far the addresses of imports are placed, and the turns to ask the geocoder.

use app::ports::{GeocoderTurns, LocatingStore, StoreError, Turn};
use async_trait::async_trait;
use domain::import::Locating;
use domain::{ImportId, RowFault, Timestamp};
use jiff::SignedDuration;

use super::store::{MemoryStore, follows};

#[async_trait]
impl LocatingStore for MemoryStore {
    async fn locating(&self, id: ImportId) -> Result<Locating, StoreError> {
        let found = self.tables().locating.get(&id).cloned();
        Ok(found.unwrap_or_else(|| Locating::none(id)))
    }

    async fn put_locating(
        &self,
        locating: &Locating,
        faults: &[RowFault],
    ) -> Result<(), StoreError> {
        self.write(|tables| {
            let id = locating.import_id;
            let stored = tables.locating.get(&id).map(|stored| stored.version);
            follows(stored, locating.version)?;
            tables.locating.insert(id, locating.clone());
            if let Some(first) = faults.first() {
                tables
                    .unplaced_rows
                    .insert((id, first.row), faults.to_vec());
            }
            Ok(())
        })
    }

    async fn unplaced_rows(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError> {
        let tables = self.tables();
        let writes = tables.unplaced_rows.range((id, after + 1)..=(id, u32::MAX));
        let mut found = Vec::new();
        for (_, faults) in writes {
            found.extend_from_slice(faults);
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl GeocoderTurns for MemoryStore {
    async fn take_turn(
        &self,
        apart: SignedDuration,
        now: Timestamp,
        within: SignedDuration,
    ) -> Result<Turn, StoreError> {
        let mut tables = self.tables();
        let turn = tables.next_turn.map_or(now, |next| next.max(now));
        if turn > now + within {
            return Ok(Turn::NotBefore(turn));
        }
        tables.next_turn = Some(turn + apart);
        Ok(Turn::At(turn))
    }

    async fn rest_until(&self, time: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables.next_turn = tables.next_turn.max(Some(time));
        Ok(())
    }

    async fn claim(
        &self,
        key: &str,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let held = tables.asking.get(key);
        let by_others = held.is_some_and(|(other, until)| other != owner && *until > now);
        if !by_others {
            let claim = (owner.to_owned(), until);
            tables.asking.insert(key.to_owned(), claim);
        }
        Ok(!by_others)
    }

    async fn give_up(&self, key: &str, owner: &str) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if tables
            .asking
            .get(key)
            .is_some_and(|(other, _)| other == owner)
        {
            tables.asking.remove(key);
        }
        Ok(())
    }
}
