//! What a decision of a dispatcher may not do, and what it should not do.

use std::collections::{HashMap, HashSet};

use domain::{Order, OrderId, Route, RouteStop, Shift, StopKind, Timestamp, UserStatus};
use jiff::SignedDuration;
use serde::Serialize;

use super::Run;
use crate::refusal::Refusal;

/// Why a decision is not possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionFault {
    /// The place in the body, or `#` for the decision as a whole.
    pub pointer: String,
    /// The kind, for machines.
    pub code: DecisionFaultCode,
    /// The explanation for a person.
    pub detail: String,
    /// The order that the fault is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// The kind of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionFaultCode {
    /// A drop-off would come before its pickup.
    DropoffBeforePickup,
    /// The order is picked up, so it stays with its agent.
    OrderAboard,
    /// An address of the order is not placed on the map yet.
    AddressPending,
    /// The vehicle would carry more than it can.
    CapacityExceeded,
    /// The route has too many orders or stops.
    RouteFull,
    /// The agent lacks a skill that the order requires.
    MissingSkill,
    /// The agent is not active.
    AgentInactive,
    /// The agent is off duty.
    AgentOffDuty,
    /// A stop would begin after its time window. `force` accepts that.
    WindowBroken,
}

/// A stop of the route that is late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The kind.
    pub code: WarningCode,
    /// The order.
    pub order_id: OrderId,
    /// The stop.
    pub kind: StopKind,
    /// The seconds from the end of the time window or of the shift to the expected begin of the service.
    pub late_s: i64,
}

/// What a stop is late for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// The service begins after the time window.
    Late,
    /// The service begins after the agent's shift.
    AfterShift,
}

impl DecisionFault {
    pub(crate) fn new(
        pointer: impl Into<String>,
        code: DecisionFaultCode,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
            order_id: None,
        }
    }

    pub(crate) fn about(self, order_id: OrderId) -> Self {
        Self {
            order_id: Some(order_id),
            ..self
        }
    }
}

/// Refuses a decision with faults.
fn refuse(faults: Vec<DecisionFault>) -> Result<(), Refusal> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Refusal::DecisionNotPossible(faults))
    }
}

/// Refuses an agent who cannot get orders now. `gains` are the orders that would join the route.
pub(crate) fn refuse_agent(run: &Run, pointer: &str, gains: &[&Order]) -> Result<(), Refusal> {
    let mut faults = Vec::new();
    let mut note = |code, detail: String| faults.push(DecisionFault::new(pointer, code, detail));
    let on_duty = run.agent.agent.as_ref().is_some_and(|it| it.on_duty);
    if run.agent.status != UserStatus::Active {
        let detail = "names an agent who is not active: not approved yet, or suspended";
        note(DecisionFaultCode::AgentInactive, detail.to_owned());
    } else if !on_duty {
        let detail = "names an agent who is off duty".to_owned();
        note(DecisionFaultCode::AgentOffDuty, detail);
    }
    let room = run.room();
    if gains.len() > room {
        let detail = format!("names an agent whose route has room for {room} more orders");
        note(DecisionFaultCode::RouteFull, detail);
    }
    let profile = run.agent.agent.as_ref();
    let can = |order: &Order| profile.is_some_and(|it| it.skills.is_superset(&order.requires));
    for order in gains.iter().filter(|order| !can(order)) {
        let detail = "names an agent without all skills that the order requires";
        let fault = DecisionFault::new(pointer, DecisionFaultCode::MissingSkill, detail);
        faults.push(fault.about(order.id));
    }
    refuse(faults)
}

/// Refuses a sequence in which the vehicle carries more than it can. Before the first stop, the vehicle carries the
/// orders that have only a drop-off. What is aboard already may be too much: that is nobody's decision.
pub(crate) fn refuse_load(
    run: &Run,
    pointer: &str,
    open: &[RouteStop],
    sizes: &HashMap<OrderId, u32>,
) -> Result<(), Refusal> {
    let size = |stop: &RouteStop| u64::from(sizes.get(&stop.order_id).copied().unwrap_or(1));
    let capacity = u64::from(run.capacity());
    let picked_up: HashSet<OrderId> = open
        .iter()
        .filter(|stop| stop.kind == StopKind::Pickup)
        .map(|stop| stop.order_id)
        .collect();
    let aboard = open
        .iter()
        .filter(|stop| !picked_up.contains(&stop.order_id));
    let mut load: u64 = aboard.map(size).sum();
    let mut faults = Vec::new();
    for stop in open {
        match stop.kind {
            StopKind::Pickup => {
                load += size(stop);
                if load > capacity {
                    let detail = format!("needs room for {load}, and the vehicle has {capacity}");
                    let code = DecisionFaultCode::CapacityExceeded;
                    faults.push(DecisionFault::new(pointer, code, detail).about(stop.order_id));
                }
            }
            StopKind::Dropoff => load = load.saturating_sub(size(stop)),
        }
    }
    refuse(faults)
}

/// Refuses a sequence with a drop-off before its pickup.
pub(crate) fn refuse_sequence(pointer: &str, open: &[RouteStop]) -> Result<(), Refusal> {
    let is_early = |(index, stop): &(usize, &RouteStop)| {
        let later = &open[index + 1..];
        stop.kind == StopKind::Dropoff && later.iter().any(|it| it.order_id == stop.order_id)
    };
    let early = open.iter().enumerate().filter(is_early);
    let faults = early.map(|(index, stop)| {
        let code = DecisionFaultCode::DropoffBeforePickup;
        let detail = "is a drop-off before its pickup";
        DecisionFault::new(format!("{pointer}/{index}"), code, detail).about(stop.order_id)
    });
    refuse(faults.collect())
}

/// Refuses a route that breaks time windows, unless the dispatcher accepts that. A window counts as broken if its stop
/// is late on the new route and was not late on the old ones. Returns all that is late.
pub(crate) fn refuse_broken_windows(
    before: &[&Route],
    after: &Route,
    shift: Option<Shift>,
    force: bool,
    now: Timestamp,
) -> Result<Vec<Warning>, Refusal> {
    let was_late: HashSet<_> = before
        .iter()
        .flat_map(|route| {
            let expected = (*route).clone().expected_at(now);
            let late = expected
                .open_stops()
                .filter(|stop| is_late(stop.lateness()));
            late.map(RouteStop::visit).collect::<Vec<_>>()
        })
        .collect();
    let mut warnings = Vec::new();
    let mut faults = Vec::new();
    for stop in after.open_stops() {
        let late = stop.lateness();
        let after_shift = shift.map(|shift| stop.eta.duration_since(shift.end));
        let mut warn = |code, by: SignedDuration| {
            warnings.push(Warning {
                code,
                order_id: stop.order_id,
                kind: stop.kind,
                late_s: by.as_secs(),
            });
        };
        if is_late(late) {
            warn(WarningCode::Late, late);
            if !was_late.contains(&stop.visit()) {
                let (kind, minutes) = (stop.kind.name(), (late.as_secs() + 59) / 60);
                let detail = format!(
                    "makes the {kind} of an order {minutes} min late for its time window; force: true accepts that"
                );
                let code = DecisionFaultCode::WindowBroken;
                faults.push(DecisionFault::new("#", code, detail).about(stop.order_id));
            }
        }
        if let Some(by) = after_shift.filter(|by| is_late(*by)) {
            warn(WarningCode::AfterShift, by);
        }
    }
    if !force {
        refuse(faults)?;
    }
    Ok(warnings)
}

/// A second is no lateness: times are rounded.
fn is_late(by: SignedDuration) -> bool {
    by.as_secs() > 0
}
