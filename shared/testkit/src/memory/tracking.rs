//! Tracking links.

use app::ports::{LinkUse, StoreError, TrackingLinks};
use async_trait::async_trait;
use domain::{OrderId, Timestamp};

use super::MemoryStore;

/// A stored link.
#[derive(Debug)]
pub(super) struct LinkRecord {
    order_id: OrderId,
    expires_at: Timestamp,
    /// Whether the next link of the customer replaces it.
    of_customer: bool,
    minute: i64,
    uses: u32,
}

#[async_trait]
impl TrackingLinks for MemoryStore {
    async fn replace(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        tables
            .links
            .retain(|_, link| !link.of_customer || link.order_id != order_id);
        let link = LinkRecord {
            order_id,
            expires_at,
            of_customer: true,
            minute: 0,
            uses: 0,
        };
        tables.links.insert(token_hash.to_owned(), link);
        Ok(())
    }

    async fn add(
        &self,
        order_id: OrderId,
        token_hash: &str,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let link = LinkRecord {
            order_id,
            expires_at,
            of_customer: false,
            minute: 0,
            uses: 0,
        };
        let mut tables = self.tables();
        tables.links.entry(token_hash.to_owned()).or_insert(link);
        Ok(())
    }

    async fn use_link(
        &self,
        token_hash: &str,
        most_a_minute: u32,
        now: Timestamp,
    ) -> Result<LinkUse, StoreError> {
        let mut tables = self.tables();
        let found = tables.links.get_mut(token_hash);
        let Some(link) = found.filter(|link| link.expires_at > now) else {
            return Ok(LinkUse::Unknown);
        };
        let minute = now.as_second().div_euclid(60);
        if link.minute != minute {
            (link.minute, link.uses) = (minute, 0);
        }
        if link.uses == most_a_minute {
            return Ok(LinkUse::TooOften);
        }
        link.uses += 1;
        Ok(LinkUse::Order(link.order_id))
    }
}
