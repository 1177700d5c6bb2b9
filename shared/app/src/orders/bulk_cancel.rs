//! Cancels several orders at once, each with its route.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{Actor, LegEstimate, Order, OrderId, OrderStatus, Route, Timestamp, User, ZoneGrid};
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

/// Which orders are cancelled, why, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct BulkCancel {
    /// Whether orders on routes stay where they are.
    pub(crate) only_pending: bool,
    /// The side that asks.
    pub(crate) by: Actor,
    /// The reason for the history.
    pub(crate) reason: Option<String>,
    /// The id of the request, for the logs.
    pub(crate) request_id: Option<String>,
}

/// Cancels orders in bulk.
pub struct CancelInBulk {
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

impl CancelInBulk {
    /// Cancels these orders, and returns all of them as they are now. An order that cannot be cancelled stays as it is:
    /// it is aboard, or it has ended. So does an order for which each attempt lost its race.
    ///
    /// The orders of one route are one transaction, and a pending order is a write of its own. A crash in between
    /// leaves some orders cancelled and the others as they were, so the call can be repeated.
    ///
    /// # Errors
    /// If the store is unavailable.
    pub(crate) async fn run(
        &self,
        orders: Vec<Order>,
        how: &BulkCancel,
    ) -> Result<Vec<Order>, Refusal> {
        let mut on_routes: HashMap<_, Vec<Order>> = HashMap::new();
        let mut groups = Vec::new();
        let mut left = Vec::new();
        for order in orders {
            match (goes(&order, how), order.assignment) {
                (false, _) => left.push(order),
                (true, Some(on)) => on_routes.entry(on.route_id).or_default().push(order),
                (true, None) => groups.push(vec![order]),
            }
        }
        groups.extend(on_routes.into_values());
        let writes = groups.into_iter().map(|group| self.group(group, how));
        let taken: Vec<Vec<Order>> = stream::iter(writes)
            .buffer_unordered(WRITES_AT_ONCE)
            .try_collect()
            .await?;
        left.extend(taken.into_iter().flatten());
        Ok(left)
    }

    /// Cancels the orders of one route, or one pending order. A writer that loses the race reads them again: they may
    /// be on other routes by then, or aboard.
    async fn group(&self, mut group: Vec<Order>, how: &BulkCancel) -> Result<Vec<Order>, Refusal> {
        let ids: Vec<OrderId> = group.iter().map(|order| order.id).collect();
        let mut attempts = Attempts::on_route(self.jitter.as_ref());
        loop {
            let changes = self.changes(&group, how, self.clock.now()).await?;
            let commits = changes.iter().map(|change| self.write(change));
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
                    .flat_map(|change| change.orders)
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
        how: &BulkCancel,
        now: Timestamp,
    ) -> Result<Vec<Changeset>, Refusal> {
        let mut on_routes: HashMap<_, Vec<&Order>> = HashMap::new();
        let mut changes = Vec::new();
        for order in group.iter().filter(|order| goes(order, how)) {
            match order.assignment {
                Some(on) => on_routes
                    .entry((on.agent_id, on.route_id))
                    .or_default()
                    .push(order),
                None => changes.push(Changeset {
                    orders: vec![stepped(order, how, now)?],
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
                self.of_route(route, agent, &orders, how, now)
            });
        changes.extend(try_join_all(routes).await?);
        Ok(changes)
    }

    fn of_route(
        &self,
        route: Route,
        agent: User,
        orders: &[&Order],
        how: &BulkCancel,
        now: Timestamp,
    ) -> Result<Changeset, Refusal> {
        let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
        let mut route = route.with_orders_skipped(&ids, &self.estimate, now);
        // The path was read apart from the route, so it may be an older one. The store keeps what it has.
        route.geometry = route.geometry.filter(String::is_empty);
        let mut freed = agent.changed(now);
        let is_free = set_free(&mut freed, &route, self.grid);
        Ok(Changeset {
            orders: orders
                .iter()
                .map(|order| stepped(order, how, now))
                .collect::<Result<_, _>>()?,
            routes: vec![route],
            agents: is_free
                .then_some(AgentPart::Changed(freed))
                .into_iter()
                .collect(),
        })
    }
}

/// Whether the order can be cancelled now.
fn goes(order: &Order, how: &BulkCancel) -> bool {
    match order.status {
        OrderStatus::Pending => true,
        OrderStatus::Assigned => !how.only_pending,
        OrderStatus::InProgress
        | OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Cancelled => false,
    }
}

fn stepped(order: &Order, how: &BulkCancel, now: Timestamp) -> Result<Order, Refusal> {
    let stepped = order.step(OrderStatus::Cancelled, how.by, how.reason.clone(), now);
    let mut stepped = stepped.map_err(|step| Refusal::Broken(step.into()))?;
    stepped.request_id.clone_from(&how.request_id);
    Ok(stepped)
}
