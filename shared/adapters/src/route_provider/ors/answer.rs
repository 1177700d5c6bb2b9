//! VROOM's answer.

use app::ports::FallbackReason;
use domain::Leg;
use planner::StopKind;

use super::wire::{Route, Solution, Step, StepKind};
use crate::route_provider::draft::{Draft, DraftRoute, DraftStop};
use crate::route_provider::remote::Unusable;

pub(super) fn draft(solution: Solution) -> Result<Draft, Unusable> {
    if solution.code != 0 {
        return Err(unreadable(format!("its code is {}", solution.code)));
    }
    let routes: Result<Vec<DraftRoute>, Unusable> =
        solution.routes.into_iter().map(route).collect();
    let left_over: Result<Vec<usize>, Unusable> = solution
        .unassigned
        .iter()
        .map(|unassigned| index(unassigned.id))
        .collect();
    Ok(Draft {
        routes: routes?,
        left_over: left_over?,
    })
}

fn route(route: Route) -> Result<DraftRoute, Unusable> {
    let mut stops = Vec::with_capacity(route.steps.len());
    let mut steps = route.steps.iter();
    let mut before = match steps.next() {
        Some(step) if step.kind == StepKind::Start => step,
        _ => return Err(unreadable("a route does not begin with its start")),
    };
    for step in steps {
        let kind = match step.kind {
            StepKind::Pickup => StopKind::Pickup,
            StepKind::Job | StepKind::Delivery => StopKind::Dropoff,
            StepKind::End => break,
            StepKind::Start => return Err(unreadable("a route starts twice")),
        };
        let Some(id) = step.id else {
            return Err(unreadable("a stop does not say of what"));
        };
        stops.push(DraftStop {
            order: index(id)?,
            kind,
            leg: leg(before, step)?,
        });
        before = step;
    }
    Ok(DraftRoute {
        vehicle: index(route.vehicle)?,
        stops,
        geometry: route.geometry,
    })
}

/// The answer has the driving time twice: as a total and in the arrival times. If they differ, the longer one counts.
fn leg(from: &Step, to: &Step) -> Result<Leg, Unusable> {
    let left_at = from.arrival + from.waiting_time + from.setup + from.service;
    let by_clock = to.arrival.checked_sub(left_at);
    let by_total = to.duration.checked_sub(from.duration);
    let distance = to.distance.checked_sub(from.distance);
    let (Some(by_clock), Some(by_total), Some(distance)) = (by_clock, by_total, distance) else {
        return Err(unreadable("a stop comes before the one in front of it"));
    };
    let whole = |number: u64| {
        u32::try_from(number).map_err(|_| unreadable("a leg is longer than the world"))
    };
    Ok(Leg {
        distance_m: whole(distance)?,
        duration_s: whole(by_clock.max(by_total))?,
    })
}

fn index(id: u64) -> Result<usize, Unusable> {
    usize::try_from(id).map_err(|_| unreadable("an id is out of range"))
}

fn unreadable(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unreadable, detail)
}
