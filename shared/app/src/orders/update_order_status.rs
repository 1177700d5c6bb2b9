//! Moving an order on: picked up, delivered, failed, cancelled.

use std::sync::Arc;

use domain::order::StatusChange;
use domain::{
    LegEstimate, Order, OrderId, OrderStatus, Role, Route, StopKind, Timestamp, User, UserStatus,
    ZoneGrid,
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::{retimed, set_free};

/// For so long an agent may repeat a tap on an order of a route that has ended.
const REPEATED_TAP: SignedDuration = SignedDuration::from_mins(15);

/// `PUT /orders/{order_id}/status`
pub struct UpdateOrderStatus {
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
    /// Chance, between attempts.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs over stops that fall away.
    pub estimate: LegEstimate,
}

/// An order with the route and the agent that change along with it.
struct Dispatched {
    order: Order,
    on_route: Option<(Route, User)>,
}

impl UpdateOrderStatus {
    /// Writes the order, its stops on the route, and the agent where the route ends, in one transaction.
    ///
    /// A status that is set again is answered with the order as it is. Whoever loses a race reads again: two
    /// taps on different stops both count, and the last of them completes the route.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an order that is not the caller's, [`Refusal::Forbidden`] for a status that is not
    /// theirs to set, [`Refusal::StepNotAllowed`], [`Refusal::AgentNotActive`].
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
    ) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent, Role::Customer])?;
        let change = StatusChange::read(body)?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = Attempts::new(self.jitter.as_ref());
        loop {
            let found = self.read(caller, role, id).await?;
            if !change.status.may_be_set_by(role) {
                return Err(Refusal::Forbidden);
            }
            if found.order.status == change.status {
                return Ok(found.order.into());
            }
            let changeset = self
                .changeset(found, role, &change, self.clock.now())
                .await?;
            match self.ledger.commit(&changeset).await {
                Ok(()) => {
                    let changed = changeset.orders.into_iter().find(|order| order.id == id);
                    return changed.map(OrderAnswer::from).ok_or(Refusal::NotFound);
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn read(&self, caller: &Caller, role: Role, id: OrderId) -> Result<Dispatched, Refusal> {
        let open_route_id = match role {
            Role::Agent => {
                let agent = self.users.user(caller.user_id).await?;
                let profile = agent.as_ref().and_then(User::active_agent);
                profile.ok_or(Refusal::AgentNotActive)?.open_route_id
            }
            Role::Dispatcher | Role::Customer => None,
        };
        let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
        let theirs = match role {
            Role::Dispatcher => true,
            Role::Customer => order.customer_id == caller.user_id,
            Role::Agent => {
                let on_open_route = order
                    .assignment
                    .is_some_and(|on| Some(on.route_id) == open_route_id);
                // A tap whose answer was lost is repeated, maybe after it has ended the route.
                let just_now = self.clock.now().duration_since(order.updated_at) <= REPEATED_TAP;
                order.is_on_route_of(caller.user_id) && (on_open_route || just_now)
            }
        };
        if !theirs {
            return Err(Refusal::NotFound);
        }
        // A pending order is on no route, and a finished one has no step left.
        let on_route = match order.assignment.filter(|_| !order.status.next().is_empty()) {
            Some(on) => {
                let route = self.routes.route(on.agent_id, on.route_id).await?;
                let agent = self.users.user(on.agent_id).await?;
                let both = route.zip(agent);
                Some(both.ok_or_else(|| {
                    Refusal::Broken("an order names a route that is not there".into())
                })?)
            }
            None => None,
        };
        Ok(Dispatched { order, on_route })
    }

    async fn changeset(
        &self,
        found: Dispatched,
        role: Role,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changeset, Refusal> {
        let reason = change.reason.clone();
        let step = found.order.step(change.status, role.into(), reason, now);
        let mut order = step.map_err(|step| Refusal::StepNotAllowed {
            from: step.from,
            to: step.to,
            allowed: allowed_for(role, step.from),
        })?;
        let Some((route, agent)) = found.on_route else {
            return Ok(Changeset {
                orders: vec![order],
                ..Changeset::default()
            });
        };
        if role == Role::Agent && agent.status != UserStatus::Active {
            return Err(Refusal::AgentNotActive);
        }
        let mut others = Vec::new();
        let mut route = match change.status {
            OrderStatus::InProgress => route.with_stop_made(order.id, StopKind::Pickup, now),
            OrderStatus::Delivered => route.with_stop_made(order.id, StopKind::Dropoff, now),
            OrderStatus::Failed | OrderStatus::Cancelled => {
                let shorter = route.with_orders_taken_off(&[order.id], &self.estimate, now);
                let after = self.orders.orders(&shorter.open_orders()).await?;
                others = retimed(after, &shorter, now);
                shorter
            }
            // Only planning leads here: nobody may set these.
            OrderStatus::Pending | OrderStatus::Assigned => return Err(Refusal::Forbidden),
        };
        // Read apart from the route, it may be an older one; the store keeps what it has, unless that is gone.
        route.geometry = route.geometry.filter(String::is_empty);
        order.expect_at(route.eta_of(order.id));
        others.push(order);
        let mut freed = agent.changed(now);
        let agent = if set_free(&mut freed, &route, self.grid) {
            AgentPart::Changed(freed)
        } else {
            AgentPart::Unchanged(agent)
        };
        Ok(Changeset {
            orders: others,
            route: Some(route),
            agent: Some(agent),
        })
    }
}

fn allowed_for(role: Role, from: OrderStatus) -> Vec<OrderStatus> {
    let next = from.next().iter().copied();
    next.filter(|status| status.may_be_set_by(role)).collect()
}
