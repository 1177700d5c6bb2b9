//! The delivery times that customers were told.

use app::ports::{Promise, Promises, StoreError};
use async_trait::async_trait;
use domain::{OrderId, Timestamp};

use super::MemoryStore;

#[async_trait]
impl Promises for MemoryStore {
    async fn promised(&self, orders: &[OrderId]) -> Result<Vec<Promise>, StoreError> {
        let tables = self.tables();
        let promises = tables.promises.values();
        let about = promises.filter(|promise| orders.contains(&promise.order_id));
        Ok(about.copied().collect())
    }

    async fn promise(&self, promises: &[Promise], _forget_at: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables();
        for promise in promises {
            let older = tables.promises.get(&promise.order_id);
            if older.is_none_or(|older| older.told_at < promise.told_at) {
                tables.promises.insert(promise.order_id, *promise);
            }
        }
        Ok(())
    }
}
