//! `POST /routes/{agent_id}/transfer`: a dispatcher moves all that is not aboard, for example of a courier who is ill.

use domain::{Decision, DecisionKind, Order, OrderId, Role, Route, RouteStop, Timestamp, UserId};
use intake::{Faults, Transfer};
use serde_json::Value;

use crate::answers::RouteAnswer;
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::Changeset;
use crate::refusal::Refusal;
use crate::routes::by_hand::{
    DecisionFault, DecisionFaultCode, DispatchDesk, Insertion, Run, Slots, TransferAnswer, Warning,
    refuse_agent, refuse_broken_windows, refuse_load,
};

/// `POST /routes/{agent_id}/transfer`
pub struct TransferRoute(pub DispatchDesk);

/// What happens to the orders.
struct Decided {
    change: Changeset,
    to: Option<Route>,
    warnings: Vec<Warning>,
}

impl TransferRoute {
    /// Moves each order that is not aboard to another agent, or makes it pending and keeps it from returning. All of
    /// them move in one transaction. What is aboard stays on the route. A call that finds nothing to move writes
    /// nothing.
    ///
    /// A race: the condition is the version of each order, route and agent. If a tap, a plan or another dispatcher was
    /// faster, the call reads again and moves what is not aboard then. With `If-Match` it is refused.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles, [`Refusal::NotFound`] if the agent has no open route,
    /// [`Refusal::Invalid`], [`Refusal::PreconditionFailed`], [`Refusal::DecisionNotPossible`].
    pub async fn run(
        &self,
        caller: &Caller,
        agent_id: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<TransferAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let transfer = intake::read_transfer(body)?;
        let agent_id: UserId = agent_id.parse().map_err(|_| Refusal::NotFound)?;
        if transfer.to == Some(agent_id) {
            return Err(Faults::one("#/to", "must be another agent").into());
        }
        let mut attempts = self.0.attempts();
        loop {
            let from = self.0.run_of(agent_id).await?.ok_or(Refusal::NotFound)?;
            let left = from.route.as_ref().ok_or(Refusal::NotFound)?;
            IfMatch::check(if_match, left.version)?;
            let to = match transfer.to {
                Some(to) => {
                    let run = self.0.run_of(to).await?;
                    Some(run.ok_or_else(|| Faults::one("#/to", "names no agent"))?)
                }
                None => None,
            };
            let now = self.0.clock.now();
            let (movable, aboard) = from.movable_and_aboard();
            let ids = |orders: &[&Order]| orders.iter().map(|it| it.id).collect::<Vec<OrderId>>();
            let (moved, aboard) = (ids(&movable), ids(&aboard));
            if moved.is_empty() {
                return Ok(TransferAnswer {
                    moved,
                    aboard,
                    from: RouteAnswer::from(left.clone().expected_at(now)),
                    to: None,
                    warnings: Vec::new(),
                });
            }
            let decision = Decision {
                agent_id: transfer.to,
                ..Decision::of(DecisionKind::Transferred, caller.user_id)
            };
            let mut decided = match &to {
                Some(to) => self.hand_over(&transfer, decision, (&from, to), &movable, now)?,
                None => give_back(decision, agent_id, &movable, now)?,
            };
            let left = self
                .0
                .leave(&mut decided.change, &from, &moved, decision, now)
                .ok_or(Refusal::NotFound)?;
            if !self
                .0
                .lost_the_race(decided.change, caller, &mut attempts)
                .await?
            {
                return Ok(TransferAnswer {
                    moved,
                    aboard,
                    from: RouteAnswer::from(left),
                    to: decided.to.map(RouteAnswer::from),
                    warnings: decided.warnings,
                });
            }
        }
    }

    /// The orders on the route of another agent.
    fn hand_over(
        &self,
        transfer: &Transfer,
        decision: Decision,
        (from, to): (&Run, &Run),
        moved: &[&Order],
        now: Timestamp,
    ) -> Result<Decided, Refusal> {
        refuse_agent(to, "#/to", moved)?;
        let (open, sizes) = self.merged(from, to, moved, now)?;
        refuse_load(to, "#/to", &open, &sizes)?;
        let mut route = self.0.route_with(to, open, now).ok_or(Refusal::NotFound)?;
        let before: Vec<&Route> = [from, to]
            .iter()
            .filter_map(|it| it.route.as_ref())
            .collect();
        let shift = to.agent.agent.as_ref().and_then(|it| it.shift);
        let warnings = refuse_broken_windows(&before, &route, shift, transfer.force, now)?;
        let other = Decision {
            agent_id: Some(from.agent.id),
            ..decision
        };
        route.note(other, now);
        let on = (to.agent.id, route.id);
        let orders = moved
            .iter()
            .map(|order| order.assigned_by_hand(on, transfer.pinned, decision, now))
            .collect::<Result<_, _>>();
        let mut change = Changeset {
            orders: orders.map_err(|error| Refusal::Broken(error.into()))?,
            ..Changeset::default()
        };
        self.0.add(&mut change, to, route.clone(), now);
        Ok(Decided {
            change,
            to: Some(route),
            warnings,
        })
    }

    /// The open stops of the other agent with the moved ones. An agent without a route gets them in the sequence that
    /// they had, if the vehicle has room for that. Otherwise each order goes to its best place.
    fn merged(
        &self,
        from: &Run,
        to: &Run,
        moved: &[&Order],
        now: Timestamp,
    ) -> Result<(Vec<RouteStop>, std::collections::HashMap<OrderId, u32>), Refusal> {
        let mut sizes = to.sizes();
        sizes.extend(moved.iter().map(|order| (order.id, order.size)));
        let comes = |stop: &RouteStop| moved.iter().any(|order| order.id == stop.order_id);
        let as_it_was: Vec<RouteStop> = from
            .open_stops()
            .into_iter()
            .filter(comes)
            .map(|stop| RouteStop {
                pinned: false,
                ..stop
            })
            .collect();
        let own = to.open_stops();
        if own.is_empty() && refuse_load(to, "#/to", &as_it_was, &sizes).is_ok() {
            return Ok((as_it_was, sizes));
        }
        let frozen = to
            .route
            .as_ref()
            .and_then(|route| route.frozen_stop(self.0.rules.freeze, now));
        let departs = match &to.route {
            Some(route) if frozen.is_some() => route.departure(),
            _ => self.0.departure(to, now).ok_or(Refusal::NotFound)?,
        };
        let pinned = to.route.as_ref().map_or(0, Route::pinned_through);
        let first = pinned.max(usize::from(frozen.is_some()));
        let all: Vec<&RouteStop> = own.iter().chain(&as_it_was).collect();
        let weighed = (&self.0.estimate, &self.0.rules);
        let insertion = Insertion::new(to, departs, all.clone(), &sizes, weighed, now);
        let mut sequence: Vec<usize> = (0..own.len()).collect();
        let mut faults = Vec::new();
        for order in moved {
            let mut visits = (0..all.len()).filter(|it| all[*it].order_id == order.id);
            let Some(visits) = visits.next().zip(visits.next()) else {
                continue;
            };
            let slots = Slots {
                first,
                last: sequence.len(),
            };
            match insertion.best(&sequence, visits, slots) {
                Some(longer) => sequence = longer,
                None => {
                    let (size, capacity) = (order.size, to.capacity());
                    let detail = format!("needs room for {size}, and the vehicle has {capacity}");
                    let code = DecisionFaultCode::CapacityExceeded;
                    faults.push(DecisionFault::new("#/to", code, detail).about(order.id));
                }
            }
        }
        if faults.is_empty() {
            let open = sequence.iter().map(|stop| all[*stop].clone()).collect();
            Ok((open, sizes))
        } else {
            Err(Refusal::DecisionNotPossible(faults))
        }
    }
}

/// The orders as pending. They do not return to the agent.
fn give_back(
    decision: Decision,
    agent_id: UserId,
    moved: &[&Order],
    now: Timestamp,
) -> Result<Decided, Refusal> {
    let orders = moved
        .iter()
        .map(|order| order.released_by_hand(None, &[agent_id], decision, now))
        .collect::<Result<_, _>>();
    let orders = orders.map_err(|error| Refusal::Broken(error.into()))?;
    Ok(Decided {
        change: Changeset {
            orders,
            ..Changeset::default()
        },
        to: None,
        warnings: Vec::new(),
    })
}
