//! Changes several orders at once, each with its route.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{
    Actor, LegEstimate, Order, OrderId, OrderStatus, Route, Timestamp, User, UserId, ZoneGrid,
};
use futures::future::{try_join, try_join_all};
use futures::{StreamExt, TryStreamExt, stream};

use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::set_free;

/// This many transactions run at once.
const WRITES_AT_ONCE: usize = 16;

/// A change that is made to many orders, and the request that led to it.
#[derive(Debug, Clone)]
pub(crate) struct BulkChange {
    /// What happens to each order.
    pub(crate) step: BulkStep,
    /// The id of the request, for the logs.
    pub(crate) request_id: Option<String>,
}

/// What happens to each order.
#[derive(Debug, Clone)]
pub(crate) enum BulkStep {
    /// It is cancelled.
    Cancel {
        /// Whether orders on routes stay where they are.
        only_pending: bool,
        /// The side that asks.
        by: Actor,
        /// The reason for the history.
        reason: Option<String>,
    },
    /// Its customer is suspended: it leaves its route and waits.
    Suspend {
        /// The dispatcher.
        by: UserId,
        /// The beginning of the suspension. An order that a dispatcher has put on a route since then stays there.
        since: Timestamp,
    },
    /// Its customer is suspended no more.
    Resume {
        /// The dispatcher.
        by: UserId,
    },
}

impl BulkChange {
    /// The order after the change. `None` for an order that the change leaves as it is.
    fn of(&self, order: &Order, now: Timestamp) -> Option<Order> {
        let mut changed = match &self.step {
            BulkStep::Cancel {
                only_pending,
                by,
                reason,
            } => match order.status {
                OrderStatus::Assigned if *only_pending => None,
                OrderStatus::Pending | OrderStatus::Assigned => {
                    let cancelled = OrderStatus::Cancelled;
                    order.step(cancelled, *by, reason.clone(), now).ok()
                }
                OrderStatus::InProgress
                | OrderStatus::Delivered
                | OrderStatus::Failed
                | OrderStatus::Cancelled
                | OrderStatus::Undelivered
                | OrderStatus::Returning
                | OrderStatus::Returned => None,
            },
            BulkStep::Suspend { by, since } => {
                let stays =
                    order.status == OrderStatus::Assigned && order.was_decided_since(*since);
                let suspended = || order.customer_suspended(Some(*by), now);
                (!stays).then(suspended).flatten()
            }
            BulkStep::Resume { by } => order.customer_active(*by, now),
        }?;
        changed.request_id.clone_from(&self.request_id);
        Some(changed)
    }

    /// Whether the change leaves the order as it is.
    pub(crate) fn is_done(&self, order: &Order, now: Timestamp) -> bool {
        self.of(order, now).is_none()
    }

    /// The route without the stops of these orders.
    fn without(
        &self,
        route: &Route,
        orders: &[OrderId],
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Route {
        match self.step {
            BulkStep::Cancel { .. } => route.with_orders_skipped(orders, estimate, now),
            BulkStep::Suspend { .. } | BulkStep::Resume { .. } => {
                route.with_orders_given_back(orders, estimate, now)
            }
        }
    }
}

/// Changes orders in bulk.
#[derive(Clone)]
pub struct ChangeInBulk {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Changes that must agree.
    pub ledger: Arc<dyn DispatchLedger>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs over stops that fall away.
    pub estimate: LegEstimate,
}

impl ChangeInBulk {
    /// Changes these orders, and returns all of them as they are now. An order that cannot be changed stays as it is:
    /// it is aboard, or it has ended. So does an order for which each attempt lost its race.
    ///
    /// The orders of one route are one transaction, and a pending order is a write of its own. A crash in between
    /// leaves some orders changed and the others as they were, so the call can be repeated.
    ///
    /// # Errors
    /// If the store is unavailable.
    pub(crate) async fn run(
        &self,
        orders: Vec<Order>,
        change: &BulkChange,
    ) -> Result<Vec<Order>, Refusal> {
        let mut on_routes: HashMap<_, Vec<Order>> = HashMap::new();
        let mut groups = Vec::new();
        let mut left = Vec::new();
        let now = self.clock.now();
        for order in orders {
            match (change.is_done(&order, now), order.assignment) {
                (true, _) => left.push(order),
                (false, Some(on)) => on_routes.entry(on.route_id).or_default().push(order),
                (false, None) => groups.push(vec![order]),
            }
        }
        groups.extend(on_routes.into_values());
        let writes = groups.into_iter().map(|group| self.group(group, change));
        let taken: Vec<Vec<Order>> = stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect()
            .await?;
        left.extend(taken.into_iter().flatten());
        Ok(left)
    }

    /// Changes the orders of one route, or one pending order. A writer that loses the race reads them again: they may
    /// be on other routes by then, or aboard.
    async fn group(
        &self,
        mut group: Vec<Order>,
        change: &BulkChange,
    ) -> Result<Vec<Order>, Refusal> {
        let ids: Vec<OrderId> = group.iter().map(|order| order.id).collect();
        let mut attempts = Attempts::on_route(self.jitter.as_ref());
        loop {
            let changes = self.changes(&group, change, self.clock.now()).await?;
            let commits = changes.iter().map(|it| self.write(it));
            let mut lost = false;
            for outcome in futures::future::join_all(commits).await {
                match outcome {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => lost = true,
                    Err(error) => return Err(error.into()),
                }
            }
            if !lost {
                let mut now: HashMap<OrderId, Order> = changes
                    .into_iter()
                    .flat_map(|it| it.orders)
                    .map(|order| (order.id, order))
                    .collect();
                let after = group
                    .into_iter()
                    .map(|order| now.remove(&order.id).unwrap_or(order));
                return Ok(after.collect());
            }
            let again = attempts.pause().await;
            group = self.orders.orders(&ids).await?;
            if again.is_err() {
                return Ok(group);
            }
        }
    }

    /// An order without a route needs no transaction, which costs twice as much.
    async fn write(&self, change: &Changeset) -> Result<(), StoreError> {
        match (change.orders.as_slice(), change.routes.as_slice()) {
            ([order], []) => self.orders.put_order(order).await,
            _ => self.ledger.commit(change).await,
        }
    }

    /// One change for each route, and one for each order without a route.
    async fn changes(
        &self,
        group: &[Order],
        change: &BulkChange,
        now: Timestamp,
    ) -> Result<Vec<Changeset>, Refusal> {
        let mut on_routes: HashMap<_, Vec<Order>> = HashMap::new();
        let mut changes = Vec::new();
        for order in group {
            let Some(changed) = change.of(order, now) else {
                continue;
            };
            match order.assignment {
                Some(on) => on_routes
                    .entry((on.agent_id, on.route_id))
                    .or_default()
                    .push(changed),
                None => changes.push(Changeset {
                    orders: vec![changed],
                    ..Changeset::default()
                }),
            }
        }
        let routes = on_routes
            .into_iter()
            .map(|((agent, route), orders)| async move {
                let route = self.routes.route(agent, route);
                let (route, agent) = try_join(route, self.users.user(agent)).await?;
                let (Some(route), Some(agent)) = (route, agent) else {
                    return Err(Refusal::Broken(
                        "an order names a route that is not there".into(),
                    ));
                };
                Ok(self.of_route(&route, &agent, orders, change, now))
            });
        changes.extend(try_join_all(routes).await?);
        Ok(changes)
    }

    fn of_route(
        &self,
        route: &Route,
        agent: &User,
        orders: Vec<Order>,
        change: &BulkChange,
        now: Timestamp,
    ) -> Changeset {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let mut route = change.without(route, &ids, &self.estimate, now);
        // The path was read apart from the route, so it may be an older one. The store keeps what it has.
        route.geometry = route.geometry.filter(String::is_empty);
        let mut freed = agent.changed(now);
        let is_free = set_free(&mut freed, &route, self.grid);
        Changeset {
            orders,
            routes: vec![route],
            agents: is_free
                .then_some(AgentPart::Changed(freed))
                .into_iter()
                .collect(),
        }
    }
}
