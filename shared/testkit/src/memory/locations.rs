//! Where agents were last seen.

use app::ports::{LocationStore, StoreError};
use async_trait::async_trait;
use domain::{AgentLocation, Timestamp, UserId};

use super::MemoryStore;

#[async_trait]
impl LocationStore for MemoryStore {
    async fn locations(
        &self,
        agents: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<AgentLocation>, StoreError> {
        let tables = self.tables();
        let known = tables.locations.values();
        let asked = known.filter(|it| agents.contains(&it.agent_id) && !it.is_forgotten(now));
        Ok(asked.copied().collect())
    }

    async fn put_location(
        &self,
        location: &AgentLocation,
        before: Option<&AgentLocation>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|tables| {
            let stored = tables.locations.get(&location.agent_id);
            let stored = stored.filter(|it| before.is_some() || !it.is_forgotten(now));
            if stored.map(|it| it.last.at) != before.map(|it| it.last.at) {
                return Err(StoreError::Conflict);
            }
            tables.locations.insert(location.agent_id, *location);
            Ok(())
        })
    }
}
