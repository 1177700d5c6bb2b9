//! `PUT /orders/{order_id}/assignment`: a dispatcher puts an order on an agent's route.

use domain::{
    Decision, DecisionKind, Order, OrderId, OrderStatus, Role, Route, RouteStop, StopKind,
    Timestamp, UserId,
};
use intake::{Faults, NewAssignment, Position};
use serde_json::Value;

use crate::answers::{OrderAnswer, RouteAnswer};
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::Changeset;
use crate::refusal::Refusal;
use crate::routes::by_hand::{
    AssignmentAnswer, DecisionFault, DecisionFaultCode, DispatchDesk, Insertion, Run, Slots,
    Warning, refuse_agent, refuse_broken_windows, refuse_load,
};

/// `PUT /orders/{order_id}/assignment`
pub struct AssignOrder(pub DispatchDesk);

/// A decision that is possible, ready to be written.
struct Decided {
    order: Order,
    route: Route,
    change: Changeset,
    warnings: Vec<Warning>,
}

impl AssignOrder {
    /// Puts a pending or assigned order on an agent's route, in one transaction with the route that it leaves.
    ///
    /// A race: the condition is the version of the order, of each route and of each agent. If a tap, a plan or another
    /// dispatcher was faster, the call reads again and decides again. With `If-Match` it is refused then.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles, [`Refusal::NotFound`], [`Refusal::Invalid`],
    /// [`Refusal::PreconditionFailed`], [`Refusal::StepNotAllowed`] for an order that has ended,
    /// [`Refusal::DecisionNotPossible`].
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<AssignmentAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let new = intake::read_assignment(body)?;
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = self.0.attempts();
        loop {
            let order = self.0.orders.order(id).await?.ok_or(Refusal::NotFound)?;
            IfMatch::check(if_match, order.version)?;
            refuse_status(&order, OrderStatus::Assigned)?;
            if order.awaits_places() {
                return Err(no_location_yet(&order));
            }
            let to = self.0.run_of(new.agent_id).await?;
            let to = to.ok_or_else(|| Faults::one("#/agent_id", "names no agent"))?;
            let from = match order.assignment.filter(|on| on.agent_id != new.agent_id) {
                Some(on) => match self.0.run_with(id, on.agent_id).await? {
                    None => {
                        attempts.pause().await?;
                        continue;
                    }
                    from => from,
                },
                None => None,
            };
            let now = self.0.clock.now();
            let decided = self.decide(caller.user_id, &new, &order, (from, to), now)?;
            if !self
                .0
                .lost_the_race(decided.change, caller, &mut attempts)
                .await?
            {
                return Ok(AssignmentAnswer {
                    order: OrderAnswer::of(decided.order, Some(&decided.route)),
                    route: RouteAnswer::from(decided.route),
                    warnings: decided.warnings,
                });
            }
        }
    }

    fn decide(
        &self,
        dispatcher: UserId,
        new: &NewAssignment,
        order: &Order,
        (from, to): (Option<Run>, Run),
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        let stays = to.orders.iter().any(|it| it.id == order.id);
        let gains: &[&Order] = if stays { &[] } else { &[order] };
        refuse_agent(&to, "#/agent_id", gains)?;
        let open = self.sequence(new, order, &to, now)?;
        let mut route = self.0.route_with(&to, open, now).ok_or(Refusal::NotFound)?;
        let mut old_routes: Vec<&Route> = to.route.iter().collect();
        old_routes.extend(from.iter().filter_map(|run| run.route.as_ref()));
        let shift = to.agent.agent.as_ref().and_then(|it| it.shift);
        let warnings = refuse_broken_windows(&old_routes, &route, shift, new.force, now)?;
        let decision = Decision {
            agent_id: Some(new.agent_id),
            ..Decision::of(DecisionKind::Assigned, dispatcher)
        };
        let on = (new.agent_id, route.id);
        let assigned = order
            .assigned_by_hand(on, new.pinned, decision, now)
            .map_err(not_possible_now)?;
        let of_route = |agent_id| Decision {
            agent_id,
            order_id: Some(order.id),
            ..Decision::of(DecisionKind::Assigned, dispatcher)
        };
        route.note(of_route(from.as_ref().map(|run| run.agent.id)), now);
        let mut change = Changeset {
            orders: vec![assigned.clone()],
            ..Changeset::default()
        };
        self.0.add(&mut change, &to, route.clone(), now);
        if let Some(from) = &from {
            let decision = of_route(Some(new.agent_id));
            self.0.leave(&mut change, from, &[order.id], decision, now);
        }
        Ok(Decided {
            order: assigned,
            route,
            change,
            warnings,
        })
    }

    /// The open stops of the agent's route with the order at its place.
    fn sequence(
        &self,
        new: &NewAssignment,
        order: &Order,
        to: &Run,
        now: Timestamp,
    ) -> Result<Vec<RouteStop>, Refusal> {
        let others: Vec<RouteStop> = to
            .open_stops()
            .into_iter()
            .filter(|stop| stop.order_id != order.id)
            .collect();
        let frozen = to.route.as_ref().and_then(|route| {
            let frozen = route.frozen_stop(self.0.rules.freeze, now)?;
            (frozen.order_id != order.id).then_some(1)
        });
        let frozen = frozen.unwrap_or_default();
        let pinned = others
            .iter()
            .rposition(|stop| stop.pinned)
            .map_or(0, |it| it + 1);
        let end = others.len();
        let slots = match new.position {
            Position::Best => (frozen.max(pinned), end),
            Position::Next => (frozen, frozen),
            Position::Last => (end, end),
            Position::Before(other) => {
                let place = others.iter().position(|stop| stop.order_id == other);
                let detail = "names no other order with an open stop on this route";
                let place = place.ok_or_else(|| Faults::one("#/position/before", detail))?;
                (place, place)
            }
        };
        let visits = [StopKind::Pickup, StopKind::Dropoff].map(|kind| RouteStop::open(order, kind));
        let [Some(pickup), Some(dropoff)] = visits else {
            return Err(no_location_yet(order));
        };
        let visits = [pickup, dropoff];
        let all: Vec<&RouteStop> = others.iter().chain(&visits).collect();
        let mut sizes = to.sizes();
        sizes.insert(order.id, order.size);
        let departs = match &to.route {
            Some(route) if frozen > 0 => route.departure(),
            _ => self.0.departure(to, now).ok_or(Refusal::NotFound)?,
        };
        let weighed = (&self.0.estimate, &self.0.rules);
        let insertion = Insertion::new(to, departs, all.clone(), &sizes, weighed, now);
        let sequence: Vec<usize> = (0..end).collect();
        let slots = Slots {
            first: slots.0,
            last: slots.1,
        };
        let found = match new.position {
            Position::Last => Some(insertion.last(&sequence, (end, end + 1))),
            Position::Best | Position::Next | Position::Before(_) => {
                insertion.best(&sequence, (end, end + 1), slots)
            }
        };
        let Some(sequence) = found.filter(|_| order.size <= to.capacity()) else {
            let (size, capacity) = (order.size, to.capacity());
            let detail = format!(
                "needs room for {size} there, and the vehicle has {capacity} for all that is aboard then"
            );
            let code = DecisionFaultCode::CapacityExceeded;
            let fault = DecisionFault::new("#/position", code, detail).about(order.id);
            return Err(Refusal::DecisionNotPossible(vec![fault]));
        };
        let mut open: Vec<RouteStop> = sequence.iter().map(|stop| all[*stop].clone()).collect();
        let is_fixed = matches!(new.position, Position::Next | Position::Before(_));
        if new.pinned && is_fixed {
            // The dispatcher wants the pickup at this place, so the stops before it stay, too.
            let place = open.iter().position(|stop| stop.order_id == order.id);
            for stop in open.iter_mut().take(place.map_or(0, |place| place + 1)) {
                stop.pinned = true;
            }
        }
        refuse_load(to, "#/position", &open, &sizes)?;
        Ok(open)
    }
}

/// Nobody can drive to an address that is not placed.
fn no_location_yet(order: &Order) -> Refusal {
    let code = DecisionFaultCode::AddressPending;
    let detail = "an address of the order is not placed on the map yet; wait, or edit the order";
    let fault = DecisionFault::new("#", code, detail).about(order.id);
    Refusal::DecisionNotPossible(vec![fault])
}

/// Refuses an order that is aboard, and one that has ended.
pub(super) fn refuse_status(order: &Order, wanted: OrderStatus) -> Result<(), Refusal> {
    match order.status {
        OrderStatus::Pending | OrderStatus::Assigned => Ok(()),
        OrderStatus::InProgress | OrderStatus::Undelivered | OrderStatus::Returning => {
            let code = DecisionFaultCode::OrderAboard;
            let detail = "the order is picked up, so it stays with its agent";
            let fault = DecisionFault::new("#", code, detail).about(order.id);
            Err(Refusal::DecisionNotPossible(vec![fault]))
        }
        OrderStatus::Delivered
        | OrderStatus::Failed
        | OrderStatus::Cancelled
        | OrderStatus::Returned => Err(Refusal::StepNotAllowed {
            from: order.status,
            to: wanted,
            allowed: Vec::new(),
        }),
    }
}

pub(super) fn not_possible_now(step: domain::order::StepNotAllowed) -> Refusal {
    Refusal::StepNotAllowed {
        from: step.from,
        to: step.to,
        allowed: Vec::new(),
    }
}
