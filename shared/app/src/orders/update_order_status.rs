//! Moving an order on: picked up, delivered, failed, cancelled.

use std::sync::Arc;

use domain::order::{Assignment, StepNotAllowed};
use domain::{
    LegEstimate, Order, OrderId, OrderStatus, Role, Route, StopKind, Timestamp, User, UserStatus,
    ZoneGrid,
};
use futures::future::try_join;
use intake::{Faults, StatusChange};
use jiff::SignedDuration;
use serde_json::Value;

use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::orders::tap_proof::{CheckProof, TriedPin};
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::set_free;

/// How long an agent may repeat a tap on an order whose route has ended: an app may have been offline for the rest of
/// the day.
const REPEATED_TAP: SignedDuration = SignedDuration::from_hours(24);

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
    /// Checks the proof of pickups and deliveries.
    pub proof: CheckProof,
}

/// An order with the route and the agent that change along with it.
struct Dispatched {
    order: Order,
    on_route: Option<(Route, User)>,
}

impl Dispatched {
    fn answer(self, role: Role, now: Timestamp) -> OrderAnswer {
        let route = self.on_route.map(|(route, _)| route.expected_at(now));
        OrderAnswer::seen_by(role, self.order, route.as_ref())
    }
}

/// Whether an order has the status that is asked for, or has gone past it: an app that was offline sends "picked up"
/// after "delivered". A failed drop-off may have led to another status.
fn is_done_already(order: &Order, role: Role, change: &StatusChange, now: Timestamp) -> bool {
    if order.status == change.status {
        return true;
    }
    match change.status {
        OrderStatus::Failed => order.has_failed_already(role, &change.tap, now),
        // A dispatcher sends the agent of an undelivered order to the door again.
        OrderStatus::InProgress => match order.status {
            OrderStatus::Delivered => true,
            OrderStatus::Undelivered | OrderStatus::Returning | OrderStatus::Returned => {
                role == Role::Agent
            }
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Failed
            | OrderStatus::Cancelled => false,
        },
        OrderStatus::Pending
        | OrderStatus::Assigned
        | OrderStatus::Delivered
        | OrderStatus::Cancelled
        | OrderStatus::Undelivered
        | OrderStatus::Returning
        | OrderStatus::Returned => false,
    }
}

/// Whether the order has this tap already. The order may have gone on since, and the same tap is no further step.
fn is_known_tap(order: &Order, change: &StatusChange) -> Result<bool, Refusal> {
    let Some(known) = change.tap.id.as_ref().and_then(|id| order.tapped(id)) else {
        return Ok(false);
    };
    // A failed drop-off leads to one of several statuses.
    let led_from_failure = known == OrderStatus::Undelivered || known == OrderStatus::Returning;
    if known == change.status || (led_from_failure && change.status == OrderStatus::Failed) {
        return Ok(true);
    }
    let faults = Faults::new();
    let detail =
        format!("was sent before with the status {known}; each tap needs an id of its own");
    faults.note("#/tap_id", detail);
    Err(faults.into())
}

impl UpdateOrderStatus {
    /// Writes the order, its stops on the route, and the agent where the route ends, in one transaction.
    ///
    /// A status that is set again is answered with the order as it is, and so is a tap that comes again. A caller who
    /// loses a race reads again: two taps on different stops both count, and the last of them completes the route.
    /// The taps of an app that was offline lead to the same records in any sequence.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an order that is not the caller's, [`Refusal::Forbidden`] for a status that is not
    /// theirs to set, [`Refusal::StepNotAllowed`], [`Refusal::ProofMissing`], [`Refusal::AgentNotActive`],
    /// [`Refusal::AccountSuspended`].
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
    ) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Agent, Role::Customer])?;
        let change = intake::read_status_change(body, self.clock.now())?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = Attempts::on_route(self.jitter.as_ref());
        let mut tried = TriedPin::default();
        loop {
            let found = self.read(caller, role, id).await?;
            if !change.status.may_be_set_by(role) {
                return Err(Refusal::Forbidden);
            }
            let now = self.clock.now();
            if is_known_tap(&found.order, &change)? {
                return Ok(found.answer(role, now));
            }
            let late = self.late_pickup(&found.order, role, &change, now).await?;
            let mut changeset = match late {
                Some(changeset) => changeset,
                None if is_done_already(&found.order, role, &change, now) => {
                    return Ok(found.answer(role, now));
                }
                None => {
                    let order = &found.order;
                    let proof = self
                        .proof
                        .run(order, role, &change, &mut tried, now)
                        .await?;
                    let mut changeset = self.changeset(found, role, &change, now)?;
                    let changed = changeset.orders.iter_mut().find(|order| order.id == id);
                    if let Some(line) = changed.and_then(|order| order.history.last_mut()) {
                        line.proof = proof;
                    }
                    changeset
                }
            };
            for order in &mut changeset.orders {
                order.request_id.clone_from(&caller.request_id);
            }
            match self.ledger.commit(&changeset).await {
                Ok(()) => {
                    let changed = changeset.orders.into_iter().find(|order| order.id == id);
                    let changed = changed.ok_or(Refusal::NotFound)?;
                    let route = changeset.routes.first();
                    return Ok(OrderAnswer::seen_by(role, changed, route));
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The change for a pickup that is reported after the hand-over: an app was offline, and its taps come in another
    /// sequence. The status stays, and the history and the route get the time of the pickup. `None` if the tap tells
    /// nothing new.
    async fn late_pickup(
        &self,
        order: &Order,
        role: Role,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Option<Changeset>, Refusal> {
        if change.status != OrderStatus::InProgress {
            return Ok(None);
        }
        let on = order.assignment;
        let picked_up = order.picked_up_late(role.into(), &change.tap, now);
        let Some((mut order, on)) = picked_up.zip(on) else {
            return Ok(None);
        };
        let (route, agent) = self.read_route(on).await?;
        let made_at = change.tap.time(now);
        let mut changed = route.with_pickup_made_late(order.id, made_at, &self.estimate, now);
        // The drop-off has failed, and not the pickup. After the end of the route, the order stays as it is.
        if route.status.is_open() && order.goes_on_after_late_pickup() {
            changed = changed.with_next_hand_over(&order, &self.estimate, now);
            changed.version = route.version + 1;
        }
        changed.geometry = changed.geometry.filter(String::is_empty);
        // An agent whose route has ended stands where its last stop was made, until the next route begins.
        let mut moved = agent.changed(now);
        let stands_there = agent.agent.as_ref().is_some_and(|profile| {
            profile.open_route_id.is_none() && profile.position == Some(route.position())
        });
        let agent = match &mut moved.agent {
            Some(profile) if stands_there && changed.position() != route.position() => {
                profile.place(Some(changed.position()), self.grid);
                AgentPart::Changed(moved)
            }
            _ => AgentPart::Unchanged(agent),
        };
        Ok(Some(Changeset {
            orders: vec![order],
            routes: vec![changed],
            agents: vec![agent],
        }))
    }

    async fn read_route(&self, on: Assignment) -> Result<(Route, User), Refusal> {
        let route = self.routes.route(on.agent_id, on.route_id);
        let (route, agent) = try_join(route, self.users.user(on.agent_id)).await?;
        let both = route.zip(agent);
        both.ok_or_else(|| Refusal::Broken("an order names a route that is not there".into()))
    }

    async fn read(&self, caller: &Caller, role: Role, id: OrderId) -> Result<Dispatched, Refusal> {
        let own_record = async {
            match role {
                Role::Agent => Ok(self.users.user(caller.user_id).await?),
                Role::Customer => caller.as_customer(self.users.as_ref()).await,
                Role::Dispatcher => Ok(None),
            }
        };
        let order = async { Ok(self.orders.order(id).await?) };
        // Records that are read at the same time are out of date less often.
        let (own_record, order) = try_join(own_record, order).await?;
        let open_route_id = match role {
            Role::Agent => {
                let profile = own_record.as_ref().and_then(User::active_agent);
                profile.ok_or(Refusal::AgentNotActive)?.open_route_id
            }
            Role::Dispatcher | Role::Customer => None,
        };
        let order = order.ok_or(Refusal::NotFound)?;
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
            Some(on) => Some(self.read_route(on).await?),
            None => None,
        };
        Ok(Dispatched { order, on_route })
    }

    fn changeset(
        &self,
        found: Dispatched,
        role: Role,
        change: &StatusChange,
        now: Timestamp,
    ) -> Result<Changeset, Refusal> {
        let reason = change.reason.clone();
        let (order, allowed) = (&found.order, allowed_for(role, found.order.status));
        let to = match change.status {
            OrderStatus::Failed => order.after_failure(role),
            asked_for => asked_for,
        };
        let step = order.step_tapped(to, role.into(), reason, &change.tap, now);
        let step = step.and_then(|order| {
            let (from, to) = (found.order.status, change.status);
            let may = allowed.contains(&to);
            may.then_some(order).ok_or(StepNotAllowed { from, to })
        });
        let mut order = step.map_err(|step| Refusal::StepNotAllowed {
            from: step.from,
            to: change.status,
            allowed,
        })?;
        let made_at = order.history.last().map_or(now, |line| line.at);
        if let Some(line) = order.history.last_mut() {
            line.reason_code = change.reason_code;
        }
        if found.order.status.is_aboard() {
            order.wait_for_next_attempt(made_at);
        }
        let Some((route, agent)) = found.on_route else {
            return Ok(Changeset {
                orders: vec![order],
                ..Changeset::default()
            });
        };
        if role == Role::Agent && agent.status != UserStatus::Active {
            return Err(Refusal::AgentNotActive);
        }
        let estimate = &self.estimate;
        let mut route = match to {
            OrderStatus::InProgress if found.order.status == OrderStatus::Undelivered => {
                route.with_order_edited(&order, estimate, now)
            }
            OrderStatus::InProgress => {
                route.with_stop_made_at(made_at, (order.id, StopKind::Pickup), estimate, now)
            }
            OrderStatus::Delivered | OrderStatus::Returned => {
                route.with_stop_made_at(made_at, (order.id, StopKind::Dropoff), estimate, now)
            }
            OrderStatus::Failed | OrderStatus::Cancelled => {
                route.with_orders_skipped(&[order.id], estimate, now)
            }
            OrderStatus::Undelivered | OrderStatus::Returning => {
                route.with_next_hand_over(&order, estimate, now)
            }
            // Only planning leads here: nobody may set these.
            OrderStatus::Pending | OrderStatus::Assigned => return Err(Refusal::Forbidden),
        };
        // Read apart from the route, it may be an older one; the store keeps what it has, unless that is gone.
        route.geometry = route.geometry.filter(String::is_empty);
        let mut freed = agent.changed(now);
        let agent = if set_free(&mut freed, &route, self.grid) {
            AgentPart::Changed(freed)
        } else {
            AgentPart::Unchanged(agent)
        };
        Ok(Changeset {
            orders: vec![order],
            routes: vec![route],
            agents: vec![agent],
        })
    }
}

fn allowed_for(role: Role, from: OrderStatus) -> Vec<OrderStatus> {
    let next = from.next().iter().copied();
    // After a drop-off has failed, a dispatcher may send the parcel back, or the agent to the door again.
    let undelivered = from == OrderStatus::Undelivered;
    let fits = |to: OrderStatus| match to {
        OrderStatus::Returning => undelivered,
        OrderStatus::InProgress => !undelivered || role == Role::Dispatcher,
        OrderStatus::Pending
        | OrderStatus::Assigned
        | OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Cancelled
        | OrderStatus::Undelivered
        | OrderStatus::Returned => true,
    };
    next.filter(|to| to.may_be_set_by(role) && fits(*to))
        .collect()
}
