//! The outboxes, and what people were told.

use std::collections::HashSet;

use app::messages::News;
use app::ports::{Outboxes, StoreError, Taken};
use async_trait::async_trait;
use domain::{Timestamp, UserId};

use super::store::MemoryStore;

/// An outbox with this much news takes no more.
pub const MOST_NEWS: usize = 500;

#[derive(Debug, Clone, Default)]
pub(super) struct OutboxRecord {
    news: Vec<News>,
    lease_until: Option<Timestamp>,
}

#[async_trait]
impl Outboxes for MemoryStore {
    async fn add(
        &self,
        user_id: UserId,
        news: &[News],
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        let outbox = tables.outboxes.entry(user_id).or_default();
        if outbox.news.len() >= MOST_NEWS {
            return Ok(false);
        }
        for news in news {
            if !outbox.news.contains(news) {
                outbox.news.push(news.clone());
            }
        }
        Ok(true)
    }

    async fn take(
        &self,
        user_id: UserId,
        now: Timestamp,
        until: Timestamp,
        even_if_empty: bool,
    ) -> Result<Taken, StoreError> {
        let mut tables = self.tables();
        let outbox = tables.outboxes.entry(user_id).or_default();
        if !even_if_empty && outbox.news.is_empty() {
            return Ok(Taken::Empty);
        }
        Ok(match outbox.lease_until {
            Some(theirs) if theirs > now => Taken::Theirs(theirs),
            _ => {
                outbox.lease_until = Some(until);
                Taken::Ours(outbox.news.clone())
            }
        })
    }

    async fn told(&self, user_id: UserId, news: &[News]) -> Result<HashSet<String>, StoreError> {
        let tables = self.tables();
        let names = news.iter().map(News::name);
        Ok(names
            .filter(|name| tables.told.contains(&(user_id, name.clone())))
            .collect())
    }

    async fn remember(
        &self,
        user_id: UserId,
        news: &[News],
        _forget_at: Timestamp,
    ) -> Result<(), StoreError> {
        let names = news.iter().map(|news| (user_id, news.name()));
        self.tables().told.extend(names);
        Ok(())
    }

    async fn give_back(
        &self,
        user_id: UserId,
        until: Timestamp,
        done: &[News],
        free_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        let outbox = tables.outboxes.entry(user_id).or_default();
        if outbox.lease_until == Some(until) {
            outbox.lease_until = Some(free_at);
            outbox.news.retain(|news| !done.contains(news));
        }
        Ok(())
    }
}
