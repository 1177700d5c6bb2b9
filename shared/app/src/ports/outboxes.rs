//! The news that waits for a person, and the memory of what the person was told.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::{Timestamp, UserId};

use super::StoreError;
use crate::messages::News;

/// The result of taking an outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The caller may send until the lease ends. This news waits, in no particular order.
    Ours(Vec<News>),
    /// No news waits. The outbox was not taken.
    Empty,
    /// Another consumer has the outbox, or the person got an email a moment ago. The outbox is free at this time.
    Theirs(Timestamp),
}

/// The outboxes: the news that waits for each person. One consumer at a time takes an outbox with a lease, sends one
/// email about all of its news, stores what was told, and gives the outbox back.
///
/// What was told is remembered apart from the outbox, because a stream may deliver an old record again.
#[async_trait]
pub trait Outboxes: Send + Sync {
    /// Adds news to a person's outbox. News that waits there already is added once. `false` if the outbox is full: then
    /// nothing is added.
    async fn add(&self, user_id: UserId, news: &[News], now: Timestamp)
    -> Result<bool, StoreError>;

    /// Takes the outbox, unless somebody else has it. `even_if_empty`: also without news in it, to keep others away.
    async fn take(
        &self,
        user_id: UserId,
        now: Timestamp,
        until: Timestamp,
        even_if_empty: bool,
    ) -> Result<Taken, StoreError>;

    /// The [names](News::name) of the news among these that the person was told.
    async fn told(&self, user_id: UserId, news: &[News]) -> Result<HashSet<String>, StoreError>;

    /// Remembers until `forget_at` that the person was told this news.
    async fn remember(
        &self,
        user_id: UserId,
        news: &[News],
        forget_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Removes news from the outbox and gives back the lease that ends at `until`. Nobody takes the outbox before
    /// `free_at`. Nothing happens if the lease is over and somebody else has the outbox.
    async fn give_back(
        &self,
        user_id: UserId,
        until: Timestamp,
        done: &[News],
        free_at: Timestamp,
    ) -> Result<(), StoreError>;
}
