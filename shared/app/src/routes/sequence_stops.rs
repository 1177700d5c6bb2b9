//! `PUT /routes/{agent_id}/stops`: a dispatcher sets the sequence of a route's open stops.

use domain::{Decision, DecisionKind, Role, RouteStop, StopKind, UserId};
use intake::{Faults, NewSequence};
use serde_json::Value;

use crate::answers::RouteAnswer;
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::ports::Changeset;
use crate::refusal::Refusal;
use crate::routes::by_hand::{
    DispatchDesk, Run, SequenceAnswer, refuse_agent, refuse_broken_windows, refuse_load,
    refuse_sequence,
};

/// `PUT /routes/{agent_id}/stops`
pub struct SequenceStops(pub DispatchDesk);

impl SequenceStops {
    /// Sets the sequence of all open stops, and how many of them the optimizer leaves as they are. A call that changes
    /// nothing writes nothing.
    ///
    /// A race: the condition is the version of the route, which the body names, and of the agent. If a tap, a plan or
    /// another dispatcher was faster, the call is refused with the current version.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles, [`Refusal::NotFound`] if the agent has no open route,
    /// [`Refusal::Invalid`], [`Refusal::VersionConflict`], [`Refusal::PreconditionFailed`],
    /// [`Refusal::DecisionNotPossible`].
    pub async fn run(
        &self,
        caller: &Caller,
        agent_id: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<SequenceAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let new = intake::read_sequence(body)?;
        let agent_id: UserId = agent_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = self.0.attempts();
        loop {
            let run = self.0.run_of(agent_id).await?.ok_or(Refusal::NotFound)?;
            let read = run.route.as_ref().ok_or(Refusal::NotFound)?;
            IfMatch::check(if_match, read.version)?;
            if new.version != read.version {
                let current = read.version;
                return Err(Refusal::VersionConflict { current });
            }
            let now = self.0.clock.now();
            let open = sequence(&run, &new)?;
            refuse_agent(&run, "#", &[])?;
            refuse_sequence("#/stops", &open)?;
            refuse_load(&run, "#/stops", &open, &run.sizes())?;
            let is_same = open == run.open_stops();
            let route = self.0.route_with(&run, open, now);
            let mut route = route.ok_or(Refusal::NotFound)?;
            let shift = run.agent.agent.as_ref().and_then(|it| it.shift);
            let warnings = refuse_broken_windows(&[read], &route, shift, new.force, now)?;
            if is_same {
                return Ok(SequenceAnswer {
                    route: RouteAnswer::from(read.clone().expected_at(now)),
                    warnings,
                });
            }
            let decision = Decision::of(DecisionKind::Sequenced, caller.user_id);
            route.note(decision, now);
            let mut change = Changeset::default();
            self.0.add(&mut change, &run, route.clone(), now);
            if !self.0.lost_the_race(change, caller, &mut attempts).await? {
                return Ok(SequenceAnswer {
                    route: RouteAnswer::from(route),
                    warnings,
                });
            }
        }
    }
}

/// The open stops of the run in their new sequence. The request must name each of them.
fn sequence(run: &Run, new: &NewSequence) -> Result<Vec<RouteStop>, Refusal> {
    let faults = Faults::new();
    let open = run.open_stops();
    let mut sequence = Vec::with_capacity(open.len());
    for (index, visit) in new.stops.iter().enumerate() {
        match open.iter().find(|stop| stop.visit() == *visit) {
            Some(stop) => sequence.push(RouteStop {
                pinned: index < new.pinned_through,
                ..stop.clone()
            }),
            None => {
                let aboard = open.iter().any(|stop| stop.order_id == visit.0);
                let detail = if aboard && visit.1 == StopKind::Pickup {
                    "is made already: the order is aboard"
                } else {
                    "is no open stop of the route"
                };
                faults.note(format!("#/stops/{index}"), detail);
            }
        }
    }
    for stop in &open {
        if !new.stops.contains(&stop.visit()) {
            let (kind, order) = (stop.kind.name(), stop.order_id);
            faults.note("#/stops", format!("lacks the {kind} of order {order}"));
        }
    }
    Ok(faults.or(Some(sequence))?)
}
