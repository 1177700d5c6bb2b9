//! The stores of records, and how records change.
//!
//! Every record has a version. Version 1 is written on the condition that there is no record yet, and version *n* on
//! the condition that version *n - 1* is stored. So a write fails with [`StoreError::Conflict`] if another write was
//! faster. If the answer of a write was lost and the write is repeated, the second write conflicts with the first.
//! Reading the record again shows that the write was made. All reads of single records are strongly consistent.
//! Listings and indexes are hints.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::{
    Order, OrderId, OrderStatus, Role, Route, RouteId, RouteStatus, Timestamp, User, UserId,
    UserStatus, Zone,
};
use thiserror::Error;

use crate::refusal::Cause;

/// Why a read or a write did not happen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The record has changed since it was read.
    #[error("another write has changed the record")]
    Conflict,
    /// The store is unavailable or throttles, after the client's own retries.
    #[error("the store is unavailable")]
    Unavailable(#[source] Cause),
    /// The stored record cannot be read.
    #[error("the stored record cannot be read")]
    Unreadable(#[source] Cause),
}

/// People with an account.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// One record.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Several records, in no particular order, without those that do not exist.
    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_user(&self, user: &User) -> Result<(), StoreError>;

    /// The ids of agents or customers with a status, in ascending order: at most `limit` ids after `after`. Nobody is
    /// listed whose address is not confirmed, and no dispatcher. A hint.
    async fn with_status(
        &self,
        role: Role,
        status: UserStatus,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError>;

    /// Ids of agents on duty in a zone. A hint.
    async fn agents_on_duty(&self, zone: Zone) -> Result<Vec<UserId>, StoreError>;
}

/// A caller's name for a request. A repeated request with the same name changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is.
    pub caller: UserId,
    /// The header as sent.
    pub key: String,
    /// SHA-256 of the body, in hexadecimal.
    pub fingerprint: String,
    /// The time at which it is forgotten.
    pub expires_at: Timestamp,
}

/// The result of placing an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// The order is stored.
    Placed,
    /// The key was used before, and nothing was stored.
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

/// A page of a listing, newest first. It is a hint. The records decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The ids found.
    pub ids: Vec<OrderId>,
    /// The place at which the next page begins. `None` on the last page. A page before the last may be short or empty.
    pub next: Option<OrderId>,
}

/// The place of an order in the index of pending orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingPlace {
    /// The zone of the order.
    pub zone: Zone,
    /// The time of the order's next try.
    pub due_at: Timestamp,
    /// The order. It may have another status by now.
    pub order_id: OrderId,
}

/// A part of the index of pending orders. It is a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverduePage {
    /// The zones of the orders in this part that are overdue.
    pub zones: BTreeSet<Zone>,
    /// The last order of this part, after which the next part begins. `None` at the end of the index.
    pub next: Option<PendingPlace>,
    /// The oldest order of this part, overdue or not.
    pub oldest: Option<OrderId>,
}

/// Orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// One record.
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError>;

    /// Several records, in no particular order, without those that do not exist.
    async fn orders(&self, ids: &[OrderId]) -> Result<Vec<Order>, StoreError>;

    /// Writes a record on the condition of its version.
    async fn put_order(&self, order: &Order) -> Result<(), StoreError>;

    /// The ids of orders that were placed before `before`, newest first.
    async fn list_orders(
        &self,
        listing: OrderListing,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError>;

    /// The ids of pending orders in a zone. The order that is due longest comes first. With `due_by`, only orders that
    /// are due by then. A hint.
    async fn pending_in(
        &self,
        zone: Zone,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError>;

    /// The zones with pending orders that were due by then, in the part of the index after `after`. The store reads
    /// `limit` orders or a few less. All parts together contain each order that was pending all the time. The store
    /// chooses the sequence of the orders.
    async fn zones_overdue(
        &self,
        due_by: Timestamp,
        after: Option<PendingPlace>,
        limit: usize,
    ) -> Result<OverduePage, StoreError>;
}

/// New orders, and the claims that go with them. This port is apart from [`OrderStore`], because it needs a table for
/// claims, and only one use case takes single new orders.
#[async_trait]
pub trait OrderPlacement: Send + Sync {
    /// Stores a new order and remembers its key, both or neither. A key that expired by `order.created_at` counts as
    /// unused, also if it was not deleted yet.
    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError>;

    /// The order that was placed with this key, if the key has not expired.
    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError>;
}

/// A page of an agent's routes.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutePage {
    /// The routes, newest first, with their geometries.
    pub routes: Vec<Route>,
    /// The next page has routes that were made before this one. `None` on the last page. A page before the last may be
    /// short or empty.
    pub next: Option<RouteId>,
}

/// Routes.
#[async_trait]
pub trait RouteStore: Send + Sync {
    /// One record, with its geometry.
    async fn route(&self, agent_id: UserId, route_id: RouteId)
    -> Result<Option<Route>, StoreError>;

    /// Several records with their geometries, in no particular order, without those that do not exist. The ids must
    /// differ.
    async fn whole_routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError>;

    /// Several records without their geometries, in no particular order, without those that do not exist.
    async fn routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError>;

    /// At most `limit` routes of an agent that were made before `before`, newest first, with their geometries. The
    /// store reads only a part of a long history, so a page with a `status` may be short.
    async fn routes_of(
        &self,
        agent_id: UserId,
        status: Option<RouteStatus>,
        before: Option<RouteId>,
        limit: usize,
    ) -> Result<RoutePage, StoreError>;
}

/// The part of a change that is about an agent's record.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentPart {
    /// The stored record must still have this version.
    Unchanged(User),
    /// This record replaces the stored one, on the condition of its version.
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
