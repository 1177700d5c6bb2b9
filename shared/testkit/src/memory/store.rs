//! Users, orders and routes, with the conditions of the real store and the changes that its streams carry.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use app::events::StateChange;
use app::ports::{
    AgentPart, Changeset, DispatchLedger, IdempotencyKey, MOST_ITEMS, OrderListing, OrderPage,
    OrderPlacement, OrderStore, OverduePage, PendingPlace, Placement, Promise, RoutePage,
    RouteStore, StoreError, UserStore,
};
use async_trait::async_trait;
use domain::import::{ImportProfiles, Locating};
use domain::{
    AgentLocation, Import, ImportId, Order, OrderId, OrderStatus, Role, Route, RouteId,
    RouteStatus, RowFault, Timestamp, User, UserId, UserStatus, Zone,
};

use super::away;
use super::claims::LeaseRecord;
use super::outboxes::OutboxRecord;
use super::pending_bounds::BoundRecord;
use super::proofs::{PinRecord, ProofsRecord};
use super::recipients::MessagesRecord;
use super::tracking::LinkRecord;

/// The result of the next write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextWrite {
    /// The write succeeds. This delays the next fault by one write.
    Succeeds,
    /// The store reports that another write was faster.
    Conflicts,
    /// The store is unavailable.
    IsRefused,
    /// The write is made, but its answer is lost.
    LosesItsAnswer,
}

/// All tables.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    requests: AtomicU64,
}

#[derive(Debug, Default)]
pub(super) struct Tables {
    users: BTreeMap<UserId, User>,
    pub(super) orders: BTreeMap<OrderId, Order>,
    routes: BTreeMap<(UserId, RouteId), Route>,
    order_keys: HashMap<(UserId, String), (OrderId, String, Timestamp)>,
    pub(super) external_ids: HashMap<(UserId, String), OrderId>,
    pub(super) imports: BTreeMap<ImportId, Import>,
    pub(super) row_faults: BTreeMap<(ImportId, u32), Vec<RowFault>>,
    pub(super) outboxes: HashMap<UserId, OutboxRecord>,
    pub(super) told: HashSet<(UserId, String)>,
    pub(super) leases: HashMap<Zone, LeaseRecord>,
    pub(super) without_agents: HashMap<Zone, Timestamp>,
    pub(super) swept_to: Option<PendingPlace>,
    pub(super) promises: HashMap<OrderId, Promise>,
    pub(super) messages: HashMap<OrderId, MessagesRecord>,
    pub(super) no_messages: HashSet<String>,
    pub(super) texts: HashMap<String, u32>,
    pub(super) links: HashMap<String, LinkRecord>,
    pub(super) locations: HashMap<UserId, AgentLocation>,
    pub(super) pending_bounds: HashMap<UserId, BoundRecord>,
    pub(super) profiles: HashMap<UserId, ImportProfiles>,
    pub(super) proofs: HashMap<OrderId, ProofsRecord>,
    pub(super) pins: HashMap<OrderId, PinRecord>,
    pub(super) locating: HashMap<ImportId, Locating>,
    pub(super) unplaced_rows: BTreeMap<(ImportId, u32), Vec<RowFault>>,
    pub(super) next_turn: Option<Timestamp>,
    pub(super) asking: HashMap<String, (String, Timestamp)>,
    changes: Vec<StateChange>,
    faults: VecDeque<NextWrite>,
}

impl MemoryStore {
    /// A store with these users and orders. They appear in no change.
    pub fn with(
        users: impl IntoIterator<Item = User>,
        orders: impl IntoIterator<Item = Order>,
    ) -> Self {
        let store = Self::default();
        {
            let mut tables = store.unasked();
            tables.users = users.into_iter().map(|user| (user.id, user)).collect();
            tables.orders = orders.into_iter().map(|order| (order.id, order)).collect();
        }
        store
    }

    /// Sets the results of the next writes of users, orders and routes, one after the other.
    pub fn next_writes(&self, faults: impl IntoIterator<Item = NextWrite>) {
        self.unasked().faults = faults.into_iter().collect();
    }

    /// The changes since the last call, as the tables' streams carry them.
    pub fn take_changes(&self) -> Vec<StateChange> {
        std::mem::take(&mut self.unasked().changes)
    }

    /// All users.
    pub fn all_users(&self) -> Vec<User> {
        self.unasked().users.values().cloned().collect()
    }

    /// All orders, oldest first.
    pub fn all_orders(&self) -> Vec<Order> {
        self.unasked().orders.values().cloned().collect()
    }

    /// All routes.
    pub fn all_routes(&self) -> Vec<Route> {
        self.unasked().routes.values().cloned().collect()
    }

    /// The number of requests so far: each call of a port is one.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The tables for a request.
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.unasked()
    }

    /// The tables for the test itself.
    fn unasked(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }

    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tables = self.tables();
        match tables.faults.pop_front() {
            None | Some(NextWrite::Succeeds) => write(&mut tables),
            Some(NextWrite::Conflicts) => Err(StoreError::Conflict),
            Some(NextWrite::IsRefused) => Err(StoreError::Unavailable(away())),
            Some(NextWrite::LosesItsAnswer) => {
                write(&mut tables)?;
                Err(StoreError::Unavailable(away()))
            }
        }
    }
}

/// Checks that version 1 replaces nothing, and that version n replaces version n - 1.
pub(super) fn follows(stored: Option<u64>, version: u64) -> Result<(), StoreError> {
    let fits = stored == (version > 1).then(|| version - 1);
    fits.then_some(()).ok_or(StoreError::Conflict)
}

impl Tables {
    fn user_follows(&self, user: &User) -> Result<(), StoreError> {
        follows(
            self.users.get(&user.id).map(|stored| stored.version),
            user.version,
        )
    }

    fn order_follows(&self, order: &Order) -> Result<(), StoreError> {
        follows(
            self.orders.get(&order.id).map(|stored| stored.version),
            order.version,
        )
    }

    fn route_follows(&self, route: &Route) -> Result<(), StoreError> {
        let stored = self.routes.get(&(route.agent_id, route.id));
        follows(stored.map(|stored| stored.version), route.version)
    }

    fn put_user(&mut self, user: &User) {
        let before = self.users.insert(user.id, user.clone());
        self.changes.push(StateChange::User {
            before: before.map(Box::new),
            after: Some(Box::new(user.clone())),
        });
    }

    pub(super) fn put_order(&mut self, order: &Order) {
        let before = self.orders.insert(order.id, order.clone());
        self.changes.push(StateChange::Order {
            before: before.map(Box::new),
            after: Some(Box::new(order.clone())),
        });
    }

    fn put_route(&mut self, route: &Route) {
        let key = (route.agent_id, route.id);
        let before = self.routes.remove(&key);
        let mut after = route.clone();
        // A geometry is a separate item. It stays if the new version has none.
        let kept = before.as_ref().and_then(|before| before.geometry.clone());
        after.geometry = after.geometry.or(kept).filter(|it| !it.is_empty());
        self.routes.insert(key, after.clone());
        self.changes.push(StateChange::Route {
            before: before.map(Box::new),
            after: Some(Box::new(after)),
        });
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.tables().users.get(&id).cloned())
    }

    async fn users(&self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let tables = self.tables();
        let distinct: BTreeSet<&UserId> = ids.iter().collect();
        let found = distinct.into_iter().filter_map(|id| tables.users.get(id));
        Ok(found.cloned().collect())
    }

    async fn put_user(&self, user: &User) -> Result<(), StoreError> {
        self.write(|tables| {
            tables.user_follows(user)?;
            tables.put_user(user);
            Ok(())
        })
    }

    async fn with_status(
        &self,
        role: Role,
        status: UserStatus,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let tables = self.tables();
        let listed = tables
            .users
            .values()
            .filter(|user| user.role == role && user.status == status)
            .filter(|_| role != Role::Dispatcher && status != UserStatus::Unconfirmed);
        let ids = listed
            .map(|user| user.id)
            .filter(|id| after.is_none_or(|after| *id > after));
        Ok(ids.take(limit).collect())
    }

    async fn agents_on_duty(&self, zone: Zone) -> Result<Vec<UserId>, StoreError> {
        let tables = self.tables();
        let there = |user: &&User| {
            user.agent
                .as_ref()
                .is_some_and(|profile| profile.available(user.status) && profile.zone == Some(zone))
        };
        Ok(tables
            .users
            .values()
            .filter(there)
            .map(|user| user.id)
            .collect())
    }
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        Ok(self.tables().orders.get(&id).cloned())
    }

    async fn orders(&self, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        let tables = self.tables();
        let distinct: BTreeSet<&OrderId> = ids.iter().collect();
        let found = distinct.into_iter().filter_map(|id| tables.orders.get(id));
        Ok(found.cloned().collect())
    }

    async fn put_order(&self, order: &Order) -> Result<(), StoreError> {
        self.write(|tables| {
            tables.order_follows(order)?;
            tables.put_order(order);
            Ok(())
        })
    }

    async fn list_orders(
        &self,
        listing: OrderListing,
        status: Option<OrderStatus>,
        before: Option<OrderId>,
        limit: usize,
    ) -> Result<OrderPage, StoreError> {
        let tables = self.tables();
        let listed = tables.orders.values().rev().filter(|order| {
            let of_whom = match listing {
                OrderListing::Customer(customer) => order.customer_id == customer,
                OrderListing::All => true,
            };
            of_whom
                && status.is_none_or(|status| order.status == status)
                && before.is_none_or(|before| order.id < before)
        });
        let mut ids: Vec<OrderId> = listed.map(|order| order.id).take(limit + 1).collect();
        let more = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().copied().filter(|_| more);
        Ok(OrderPage { ids, next })
    }

    async fn pending_in(
        &self,
        zone: Zone,
        due_by: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<OrderId>, StoreError> {
        let tables = self.tables();
        let mut due: Vec<(Timestamp, OrderId)> = tables
            .orders
            .values()
            .filter(|order| order.zone == Some(zone) && order.may_be_planned())
            .filter_map(|order| Some((order.waiting?.retry_at, order.id)))
            .filter(|(retry_at, _)| due_by.is_none_or(|by| *retry_at <= by))
            .collect();
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, id)| id).take(limit).collect())
    }

    async fn zones_overdue(
        &self,
        due_by: Timestamp,
        after: Option<PendingPlace>,
        limit: usize,
    ) -> Result<OverduePage, StoreError> {
        let tables = self.tables();
        let mut pending: Vec<PendingPlace> = (tables.orders.values())
            .filter(|order| order.may_be_planned())
            .filter_map(|order| {
                Some(PendingPlace {
                    zone: order.zone?,
                    due_at: order.waiting?.retry_at,
                    order_id: order.id,
                })
            })
            .filter(|place| after.is_none_or(|after| in_order(place) > in_order(&after)))
            .collect();
        pending.sort_unstable_by_key(in_order);
        let more = pending.len() > limit;
        pending.truncate(limit);
        let overdue = pending.iter().filter(|place| place.due_at <= due_by);
        Ok(OverduePage {
            zones: overdue.map(|place| place.zone).collect(),
            next: pending.last().copied().filter(|_| more),
            oldest: pending.iter().map(|place| place.order_id).min(),
        })
    }
}

fn in_order(place: &PendingPlace) -> (Timestamp, OrderId) {
    (place.due_at, place.order_id)
}

#[async_trait]
impl OrderPlacement for MemoryStore {
    async fn place(
        &self,
        order: &Order,
        key: Option<&IdempotencyKey>,
    ) -> Result<Placement, StoreError> {
        self.write(|tables| {
            if let Some(key) = key {
                let name = (key.caller, key.key.clone());
                let used = tables.order_keys.get(&name);
                if let Some((order_id, fingerprint, expires_at)) = used
                    && *expires_at > order.created_at
                {
                    return Ok(Placement::KeyUsed {
                        order_id: *order_id,
                        fingerprint: fingerprint.clone(),
                    });
                }
                tables.order_follows(order)?;
                let remembered = (order.id, key.fingerprint.clone(), key.expires_at);
                tables.order_keys.insert(name, remembered);
            }
            tables.order_follows(order)?;
            if let Some(external_id) = &order.external_id {
                let name = (order.customer_id, external_id.clone());
                tables.external_ids.insert(name, order.id);
            }
            tables.put_order(order);
            Ok(Placement::Placed)
        })
    }

    async fn key_used(
        &self,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Placement>, StoreError> {
        let tables = self.tables();
        let used = tables.order_keys.get(&(key.caller, key.key.clone()));
        let used = used.filter(|(_, _, expires_at)| *expires_at > now);
        Ok(used.map(|(order_id, fingerprint, _)| Placement::KeyUsed {
            order_id: *order_id,
            fingerprint: fingerprint.clone(),
        }))
    }
}

#[async_trait]
impl RouteStore for MemoryStore {
    async fn route(
        &self,
        agent_id: UserId,
        route_id: RouteId,
    ) -> Result<Option<Route>, StoreError> {
        Ok(self.tables().routes.get(&(agent_id, route_id)).cloned())
    }

    async fn whole_routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        let tables = self.tables();
        let found = ids.iter().filter_map(|id| tables.routes.get(id));
        Ok(found.cloned().collect())
    }

    async fn routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        let found = self.whole_routes(ids).await?.into_iter();
        let bare = found.map(|route| Route {
            geometry: None,
            ..route
        });
        Ok(bare.collect())
    }

    async fn routes_of(
        &self,
        agent_id: UserId,
        status: Option<RouteStatus>,
        before: Option<RouteId>,
        limit: usize,
    ) -> Result<RoutePage, StoreError> {
        let tables = self.tables();
        let theirs = tables.routes.values().rev().filter(|route| {
            route.agent_id == agent_id
                && status.is_none_or(|status| route.status == status)
                && before.is_none_or(|before| route.id < before)
        });
        // One more than asked for shows whether there is another page.
        let mut routes: Vec<Route> = theirs.take(limit.saturating_add(1)).cloned().collect();
        let more = routes.len() > limit;
        routes.truncate(limit);
        let next = routes.last().filter(|_| more).map(|route| route.id);
        Ok(RoutePage { routes, next })
    }
}

#[async_trait]
impl DispatchLedger for MemoryStore {
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError> {
        // DynamoDB refuses such a transaction as a whole.
        if change.items() > MOST_ITEMS {
            return Err(StoreError::Unavailable("too many items".into()));
        }
        self.write(|tables| {
            for order in &change.orders {
                tables.order_follows(order)?;
            }
            for route in &change.routes {
                tables.route_follows(route)?;
            }
            for agent in &change.agents {
                match agent {
                    AgentPart::Changed(agent) => tables.user_follows(agent)?,
                    AgentPart::Unchanged(agent) => {
                        let stored = tables.users.get(&agent.id).map(|stored| stored.version);
                        if stored != Some(agent.version) {
                            return Err(StoreError::Conflict);
                        }
                    }
                }
            }
            for order in &change.orders {
                tables.put_order(order);
            }
            for route in &change.routes {
                tables.put_route(route);
            }
            for agent in &change.agents {
                if let AgentPart::Changed(agent) = agent {
                    tables.put_user(agent);
                }
            }
            Ok(())
        })
    }
}
