//! What is stored, and how it changes.
//!
//! Every record carries a version. Version 1 is written on the condition that nothing is there,
//! version *n* on the condition that version *n - 1* is; so a write says what it read, and loses
//! with [`StoreError::Conflict`] if somebody was faster. A write that was made but whose answer was lost
//! loses against itself when it is tried again: re-reading shows that it was made.
//! All reads of single records are strongly consistent; listings and indexes are hints.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Order, OrderId, OrderStatus, Route, RouteId, RouteStatus, Timestamp, User, UserId, UserStatus,
    Zone,
};
use thiserror::Error;

use crate::refusal::Cause;

/// Why a read or a write did not happen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// What was read before is not in place any more.
    #[error("somebody else has changed it")]
    Conflict,
    /// The store is away or throttles, after the client's own retries.
    #[error("the store is away")]
    Unavailable(#[source] Cause),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read")]
    Unreadable(#[source] Cause),
}

/// People with an account.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// One record.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Several records, in no particular order; who is not there is left out.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_user(&self, user: &User) -> Result<(), StoreError>;

    /// Ids of agents with a status, ascending, at most `limit`, those after `after`. A hint.
    async fn agents_with_status(
        &self,
        status: UserStatus,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Ids of agents on duty in a zone. A hint.
    async fn agents_on_duty(&self, zone: Zone) -> Result<Vec<UserId>, StoreError>;
}

/// A caller's name for a request, so that trying it again does not do it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is.
    pub caller: UserId,
    /// The header as sent.
    pub key: String,
    /// SHA-256 of the body, in hexadecimal.
    pub fingerprint: String,
    /// Until when it is remembered.
    pub expires_at: Timestamp,
}

/// How placing an order ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// The order is stored.
    Placed,
    /// The key was used before; nothing was stored.
    KeyUsed {
        /// The order that was placed with it.
        order_id: OrderId,
        /// The fingerprint of the body that came with it.
        fingerprint: String,
    },
}

/// Whose orders to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderListing {
    /// One customer's.
    Customer(UserId),
    /// Everybody's.
    All,
}

/// A page of a listing, newest first. A hint: the records decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The ids found.
    pub ids: Vec<OrderId>,
    /// Where to go on; `None` at the end. A page may be short, even empty, and still not the last.
    pub next: Option<OrderId>,
}

/// Orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// One record.
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Several records, in no particular order; what is not there is left out.
    async fn orders(&self, ids: &[OrderId]) -> Result<Vec<Order>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_order(&self, order: &Order) -> Result<(), StoreError>;

    /// Ids of orders before `before` in time, newest first.
    async fn list_orders(
        &self,
        listing: OrderListing,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError>;

    /// Ids of orders pending in a zone, those due longest first; with `due_by`, only those due by then. A hint.
    async fn pending_in(
        &self,
        zone: Zone,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError>;

    /// Zones with orders pending that were due by then. A hint.
    async fn zones_overdue(&self, due_by: Timestamp) -> Result<BTreeSet<Zone>, StoreError>;
}

/// New orders, and the claims that go with them. Apart from [`OrderStore`]: it needs a place for claims too, and only
/// one use case takes new orders one by one.
#[async_trait]
pub trait OrderPlacement: Send + Sync {
    /// Stores a new order and remembers its key, both or neither. A key that has expired by `order.created_at`
    /// counts as unused, whether or not it has been deleted.
    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError>;

    /// The order that was placed with a key before, if the key is remembered still.
    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError>;
}

/// Routes.
#[async_trait]
pub trait RouteStore: Send + Sync {
    /// One record, with its geometry.
    async fn route(&self, agent_id: UserId, route_id: RouteId)
    -> Result<Option<Route>, StoreError>;

    /// Several records, without their geometries, in no particular order; what is not there is left out.
    async fn routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError>;

    /// An agent's routes before `before` in time, newest first, with their geometries.
    /// At most `limit`; a shorter page is the last one.
    async fn routes_of(
        &self,
        agent_id: UserId,
        status: Option<RouteStatus>,
        before: Option<RouteId>,
        limit: usize,
    ) -> Result<Vec<Route>, StoreError>;
}

/// What a change of orders and routes asks of the agent's record.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentPart {
    /// It must still have the version of this one.
    Unchanged(User),
    /// It becomes this one, on the condition of its version.
    Changed(User),
}

impl AgentPart {
    /// The agent's record after the change.
    pub fn user(&self) -> &User {
        match self {
            Self::Unchanged(user) | Self::Changed(user) => user,
        }
    }

    /// The agent's record after the change.
    pub fn into_user(self) -> User {
        match self {
            Self::Unchanged(user) | Self::Changed(user) => user,
        }
    }
}

/// The largest number of items of a change: DynamoDB takes at most so many in a transaction.
pub const MOST_ITEMS: usize = 100;

/// Orders, routes and their agents that change together or not at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changeset {
    /// Orders in their new state, each on the condition of its version.
    pub orders: Vec<Order>,
    /// Routes in their new state, each on the condition of its version. A geometry is written where there is one, and
    /// an empty one is read as none.
    pub routes: Vec<Route>,
    /// The agents of the routes.
    pub agents: Vec<AgentPart>,
}

impl Changeset {
    /// The number of items that the change writes or checks. At most [`MOST_ITEMS`] fit into one transaction.
    pub fn items(&self) -> usize {
        let geometries = self.routes.iter().filter(|it| it.geometry.is_some());
        self.orders.len() + self.routes.len() + geometries.count() + self.agents.len()
    }
}

/// Changes that must agree.
#[async_trait]
pub trait DispatchLedger: Send + Sync {
    /// Writes all of a change, or nothing of it.
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError>;
}
