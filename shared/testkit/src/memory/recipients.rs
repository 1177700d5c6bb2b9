//! What recipients were told, and who wants no messages.

use std::collections::BTreeSet;

use app::digest::sha256_hex;
use app::ports::{Begun, Pseudonyms, RecipientMessages, StoreError};
use app::recipients::MOST_MESSAGES;
use async_trait::async_trait;
use domain::{Moment, OrderId, Timestamp};

use super::MemoryStore;

#[derive(Debug, Default)]
pub(super) struct MessagesRecord {
    told: BTreeSet<Moment>,
    lease_until: Option<Timestamp>,
    told_until: Option<Timestamp>,
}

#[async_trait]
impl RecipientMessages for MemoryStore {
    async fn begin(
        &self,
        order_id: OrderId,
        moment: Moment,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Begun, StoreError> {
        let mut tables = self.tables();
        let record = tables.messages.entry(order_id).or_default();
        if record.told.contains(&moment) || record.told.len() >= MOST_MESSAGES {
            return Ok(Begun::Over);
        }
        Ok(match record.lease_until {
            Some(theirs) if theirs > now => Begun::Theirs(theirs),
            _ => {
                record.lease_until = Some(until);
                Begun::Ours
            }
        })
    }

    async fn sent(
        &self,
        order_id: OrderId,
        moment: Moment,
        until: Timestamp,
        told_until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let record = tables.messages.entry(order_id).or_default();
        record.told.insert(moment);
        record.told_until = record.told_until.or(told_until);
        if record.lease_until == Some(until) {
            record.lease_until = None;
        }
        Ok(())
    }

    async fn told_until(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<(OrderId, Timestamp)>, StoreError> {
        let tables = self.tables();
        let told = tables
            .messages
            .iter()
            .filter_map(|(id, it)| Some((*id, it.told_until?)));
        Ok(told.filter(|(id, _)| orders.contains(id)).collect())
    }

    async fn count_text(
        &self,
        month: &str,
        most: u32,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let sent = tables.texts.entry(month.to_owned()).or_default();
        let may = *sent < most;
        *sent += u32::from(may);
        Ok(may)
    }

    async fn stop(&self, pseudonym: &str, _now: Timestamp) -> Result<(), StoreError> {
        self.tables().no_messages.insert(pseudonym.to_owned());
        Ok(())
    }

    async fn is_stopped(&self, pseudonym: &str) -> Result<bool, StoreError> {
        Ok(self.tables().no_messages.contains(pseudonym))
    }
}

/// Names without a key, for tests.
#[async_trait]
impl Pseudonyms for MemoryStore {
    async fn of(&self, text: &str) -> Result<String, StoreError> {
        Ok(sha256_hex(text.as_bytes()))
    }
}
