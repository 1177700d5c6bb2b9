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
    let mut way = match steps.next() {
        Some(step) if step.kind == StepKind::Start => Way::from(step),
        _ => return Err(unreadable("a route does not begin with its start")),
    };
    for step in steps {
        let kind = match step.kind {
            StepKind::Pickup => StopKind::Pickup,
            StepKind::Job | StepKind::Delivery => StopKind::Dropoff,
            StepKind::Break => {
                way.rest(step)?;
                continue;
            }
            StepKind::End => break,
            StepKind::Start => return Err(unreadable("a route starts twice")),
        };
        let Some(id) = step.id else {
            return Err(unreadable("a stop does not say of what"));
        };
        stops.push(DraftStop {
            order: index(id)?,
            kind,
            leg: way.leg(step)?,
        });
        way = Way::from(step);
    }
    Ok(DraftRoute {
        vehicle: index(route.vehicle)?,
        stops,
        geometry: route.geometry,
    })
}

/// The way from one stop to the next, which breaks may interrupt.
struct Way<'a> {
    from: &'a Step,
    /// When the last stop or break ended.
    left_at: u64,
    /// The seconds of driving before that.
    driven: u64,
}

impl<'a> Way<'a> {
    fn from(step: &'a Step) -> Self {
        Self {
            from: step,
            left_at: end_of(step),
            driven: 0,
        }
    }

    fn rest(&mut self, pause: &Step) -> Result<(), Unusable> {
        self.driven += since(pause.arrival, self.left_at)?;
        self.left_at = end_of(pause);
        Ok(())
    }

    /// The answer has the driving time twice: as a total and in the arrival times. If they differ, the longer one
    /// counts.
    fn leg(&self, to: &Step) -> Result<Leg, Unusable> {
        let by_clock = self.driven + since(to.arrival, self.left_at)?;
        let by_total = since(to.duration, self.from.duration)?;
        let metres = |step: &Step| {
            let metres = step.distance;
            metres.ok_or_else(|| unreadable("a stop has no distance"))
        };
        let distance = since(metres(to)?, metres(self.from)?)?;
        let whole = |number: u64| {
            u32::try_from(number).map_err(|_| unreadable("a leg is longer than the world"))
        };
        Ok(Leg {
            distance_m: whole(distance)?,
            duration_s: whole(by_clock.max(by_total))?,
        })
    }
}

fn end_of(step: &Step) -> u64 {
    step.arrival + step.waiting_time + step.setup + step.service
}

fn since(later: u64, earlier: u64) -> Result<u64, Unusable> {
    let gone = later.checked_sub(earlier);
    gone.ok_or_else(|| unreadable("a stop comes before the one in front of it"))
}

fn index(id: u64) -> Result<usize, Unusable> {
    usize::try_from(id).map_err(|_| unreadable("an id is out of range"))
}

fn unreadable(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unreadable, detail)
}
