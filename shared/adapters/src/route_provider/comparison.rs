//! Whether a plan of a service is as good as our own, by our objective and on the same travel times.

use std::collections::HashMap;
use std::time::Duration;

use app::ports::{PlanAnswer, PlanRequest};
use domain::{Coordinates, Leg, LegEstimate, StopKind as DomainKind};
use planner::{Instance, Plan, PlanValue, StopKind};
use tracing::info;

use super::embedded::{self, answer_of, search};
use super::own_points::OwnPoints;

/// A plan of a service, and all that it takes to make another plan on its travel times.
pub(super) struct Comparison {
    /// The request on the service's legs where its plan has them, and on estimates elsewhere.
    instance: Instance,
    /// The points of the instance.
    places: Vec<Coordinates>,
    /// The value of the service's plan.
    theirs: PlanValue,
}

/// The legs of a plan, from point to point.
type Legs = HashMap<(usize, usize), Leg>;

/// The stops of each vehicle.
type Sequences = Vec<(usize, Vec<(usize, StopKind)>)>;

impl Comparison {
    /// For a plan that was checked. `None` if its legs are too long to be compared.
    ///
    /// A service says how long its own legs are, and nothing of the others. These are estimated, and the estimates are
    /// scaled: by how much longer the legs of its plan are than their estimates, all together. So the traffic and the
    /// roads of the service count for both plans.
    pub(super) fn of(
        request: &PlanRequest,
        answer: &PlanAnswer,
        estimate: LegEstimate,
    ) -> Option<Self> {
        let points = OwnPoints(request);
        let places = points.places();
        let (sequences, legs) = read(points, answer);
        let scale = Scale::of(&legs, |from, to| estimate.leg(places[from], places[to]));
        let instance = points.instance(|from, to| match legs.get(&(from, to)) {
            Some(leg) => *leg,
            None => scale.applied_to(estimate.leg(places[from], places[to])),
        });
        let instance = instance.ok()?;
        let theirs = Plan::timed(&instance, &sequences).value(&instance);
        Some(Self {
            instance,
            places,
            theirs,
        })
    }

    /// Our own plan, if it is better than that of the service. Equal plans are left to the service, because it knows
    /// the roads.
    pub(super) fn better(&self, time_limit: Duration, threads: usize) -> Option<PlanAnswer> {
        let plan = search(&self.instance, time_limit, threads);
        let ours = plan.value(&self.instance);
        if ours >= self.theirs {
            return None;
        }
        info!(?ours, theirs = ?self.theirs, "our own plan is better");
        let answer = answer_of(embedded::NAME, &self.instance, &self.places, &plan);
        Some(answer)
    }
}

/// The stops of each vehicle, and the legs between them.
fn read(points: OwnPoints<'_>, answer: &PlanAnswer) -> (Sequences, Legs) {
    let mut legs = Legs::new();
    let sequences = answer.routes.iter().map(|route| {
        let mut at = points.start(route.vehicle);
        let stops = route.visits.iter().map(|visit| {
            let kind = match visit.kind {
                DomainKind::Pickup => StopKind::Pickup,
                DomainKind::Dropoff => StopKind::Dropoff,
            };
            let to = points.stop(visit.order, kind);
            let leg = Leg {
                distance_m: visit.distance_m,
                duration_s: visit.duration_s,
            };
            legs.insert((at, to), leg);
            at = to;
            (visit.order, kind)
        });
        (route.vehicle, stops.collect())
    });
    (sequences.collect(), legs)
}

/// How much longer the legs of a service are than their estimates.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Scale {
    distance: f64,
    duration: f64,
}

impl Scale {
    fn of(legs: &Legs, estimate: impl Fn(usize, usize) -> Leg) -> Self {
        let (mut known, mut estimated) = ([0.0; 2], [0.0; 2]);
        for ((from, to), leg) in legs {
            let guess = estimate(*from, *to);
            known[0] += f64::from(leg.distance_m);
            known[1] += f64::from(leg.duration_s);
            estimated[0] += f64::from(guess.distance_m);
            estimated[1] += f64::from(guess.duration_s);
        }
        let ratio = |part: usize| {
            if known[part] > 0.0 && estimated[part] > 0.0 {
                known[part] / estimated[part]
            } else {
                1.0
            }
        };
        Self {
            distance: ratio(0),
            duration: ratio(1),
        }
    }

    fn applied_to(self, leg: Leg) -> Leg {
        let scaled = |number: u32, factor: f64| (f64::from(number) * factor).round() as u32;
        Leg {
            distance_m: scaled(leg.distance_m, self.distance),
            duration_s: scaled(leg.duration_s, self.duration),
        }
    }
}

#[cfg(test)]
mod tests;
