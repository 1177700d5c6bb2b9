//! Imports.

use app::ports::{
    Chunk, ChunkOutcome, ImportChunks, ImportPage, ImportStore, ProfileStore, StoreError,
};
use async_trait::async_trait;
use domain::import::ImportProfiles;
use domain::{Import, ImportId, ImportStatus, OrderId, RowFault, UserId};

use super::store::{MemoryStore, follows};

impl MemoryStore {
    /// All imports, oldest first.
    pub fn all_imports(&self) -> Vec<Import> {
        self.tables().imports.values().cloned().collect()
    }

    /// Resets an import to an earlier state, as a restored backup of the table does.
    pub fn set_back(&self, import: &Import) {
        let mut tables = self.tables();
        tables.imports.insert(import.id, import.clone());
        let rows = import.rows();
        let kept = |id: &ImportId, row: &u32| *id != import.id || *row <= rows;
        tables.row_faults.retain(|(id, row), _| kept(id, row));
    }
}

fn import_follows(stored: Option<&Import>, import: &Import) -> Result<(), StoreError> {
    follows(stored.map(|stored| stored.version), import.version)
}

#[async_trait]
impl ImportStore for MemoryStore {
    async fn import(&self, id: ImportId) -> Result<Option<Import>, StoreError> {
        Ok(self.tables().imports.get(&id).cloned())
    }

    async fn put_import(&self, import: &Import) -> Result<(), StoreError> {
        self.write(|tables| {
            import_follows(tables.imports.get(&import.id), import)?;
            tables.imports.insert(import.id, import.clone());
            Ok(())
        })
    }

    async fn imports_of(
        &self,
        customer: UserId,
        status: Option<ImportStatus>,
        before: Option<ImportId>,
        limit: usize,
    ) -> Result<ImportPage, StoreError> {
        let tables = self.tables();
        let theirs = tables.imports.values().rev().filter(|import| {
            import.customer_id == customer
                && status.is_none_or(|status| import.status == status)
                && before.is_none_or(|before| import.id < before)
        });
        let mut imports: Vec<Import> = theirs.take(limit + 1).cloned().collect();
        let more = imports.len() > limit;
        imports.truncate(limit);
        let next = imports.last().map(|import| import.id).filter(|_| more);
        Ok(ImportPage { imports, next })
    }

    async fn row_faults(
        &self,
        id: ImportId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<RowFault>, StoreError> {
        let tables = self.tables();
        let chunks = tables.row_faults.range((id, after + 1)..=(id, u32::MAX));
        let mut found = Vec::new();
        for (_, faults) in chunks {
            found.extend_from_slice(faults);
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl ProfileStore for MemoryStore {
    async fn profiles_of(&self, customer: UserId) -> Result<ImportProfiles, StoreError> {
        let found = self.tables().profiles.get(&customer).cloned();
        Ok(found.unwrap_or_else(|| ImportProfiles::none(customer)))
    }

    async fn put_profiles(&self, profiles: &ImportProfiles) -> Result<(), StoreError> {
        self.write(|tables| {
            let stored = tables.profiles.get(&profiles.customer_id);
            follows(stored.map(|stored| stored.version), profiles.version)?;
            let profiles = profiles.clone();
            tables.profiles.insert(profiles.customer_id, profiles);
            Ok(())
        })
    }
}

#[async_trait]
impl ImportChunks for MemoryStore {
    async fn store_chunk(&self, chunk: &Chunk) -> Result<ChunkOutcome, StoreError> {
        let named = |order: &domain::Order| {
            let external_id = order.external_id.clone()?;
            Some((order.customer_id, external_id))
        };
        let room = chunk.orders.len() + chunk.orders.iter().filter_map(named).count();
        assert!(
            room <= Chunk::ROOM,
            "{room} items do not fit into a transaction"
        );
        assert!(chunk.faults.len() <= Chunk::MOST_FAULTS);
        self.write(|tables| {
            if import_follows(tables.imports.get(&chunk.import.id), &chunk.import).is_err() {
                return Ok(ChunkOutcome::Superseded);
            }
            let those = |stands: &dyn Fn(&domain::Order) -> bool| -> Vec<OrderId> {
                let orders = chunk.orders.iter().filter(|order| stands(order));
                orders.map(|order| order.id).collect()
            };
            let there = those(&|order| tables.orders.contains_key(&order.id));
            let taken = those(&|order| {
                let used_by = named(order).and_then(|name| tables.external_ids.get(&name));
                let used_by = used_by.and_then(|id| tables.orders.get(id));
                used_by.is_some_and(|other| !other.status.frees_external_id())
            });
            if !there.is_empty() || !taken.is_empty() {
                return Ok(ChunkOutcome::Refused { there, taken });
            }
            for order in &chunk.orders {
                if let Some(name) = named(order) {
                    let used = tables.external_ids.insert(name, order.id);
                    let is_new = |id: &OrderId| chunk.orders.iter().any(|order| order.id == *id);
                    assert!(
                        !used.is_some_and(|id| is_new(&id)),
                        "two orders of a chunk have one external_id"
                    );
                }
                tables.put_order(order);
            }
            if let Some(first) = chunk.faults.first() {
                let key = (chunk.import.id, first.row);
                tables.row_faults.insert(key, chunk.faults.clone());
            }
            tables.imports.insert(chunk.import.id, chunk.import.clone());
            Ok(ChunkOutcome::Stored)
        })
    }
}
