//! Compares a plan of a service with our own, by our objective and with the same travel times.

use std::collections::HashMap;
use std::time::Duration;

use app::ports::{PlanAnswer, PlanRequest};
use domain::{Coordinates, Leg, LegEstimate, StopKind as DomainKind};
use planner::{Instance, Plan, PlanValue, StopKind};
use tracing::info;

use super::embedded::{self, answer_of, search};
use super::own_points::OwnPoints;

/// A plan of a service, and everything that another plan with its travel times needs.
pub(super) struct Comparison {
    /// The request with the legs of the service's plan, and with estimates for all other legs.
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
    /// The comparison for a checked plan. `None` if its legs are too long to be compared.
    ///
    /// A service returns only the legs of its own plan. All other legs are estimates that fit these legs. So the
    /// traffic and the roads of the service count for both plans.
    pub(super) fn of(
        request: &PlanRequest,
        answer: &PlanAnswer,
        estimate: LegEstimate,
    ) -> Option<Self> {
        let points = OwnPoints(request);
        let places = points.places();
        let (sequences, legs) = read(points, answer);
        let fitted = fitted(estimate, &told(points, answer, &legs), &places);
        let instance = points.instance(|from, to| match legs.get(&(from, to)) {
            Some(leg) => *leg,
            None => fitted.leg(places[from], places[to]),
        });
        let instance = instance.ok()?;
        let theirs = Plan::timed(&instance, &sequences).value(&instance);
        Some(Self {
            instance,
            places,
            theirs,
        })
    }

    /// Our own plan, if it is better than the plan of the service. If both are equal, the plan of the service is used,
    /// because the service knows the roads.
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

/// The legs that the service has told. The legs of frozen stops are our own estimates.
fn told(points: OwnPoints<'_>, answer: &PlanAnswer, legs: &Legs) -> Legs {
    let mut told = legs.clone();
    for route in &answer.routes {
        let mut at = points.start(route.vehicle);
        for (order, kind) in &points.0.vehicles[route.vehicle].frozen {
            let to = points.stop(*order, *kind);
            told.remove(&(at, to));
            at = to;
        }
    }
    told
}

/// The estimate that fits the legs of a service: a time for each leg and a time for each kilometre, by least squares. A
/// few legs, or legs of one length, say little about one of the two times. So two further legs count a little. They are
/// legs of the scaled estimate.
fn fitted(estimate: LegEstimate, legs: &Legs, places: &[Coordinates]) -> LegEstimate {
    let legs = legs
        .iter()
        .map(|((from, to), leg)| (places[*from], places[*to], leg));
    let (mut known, mut guessed) = (Sum::default(), Sum::default());
    let mut samples: Vec<Sample> = Vec::new();
    for (from, to, leg) in legs.filter(|(from, to, _)| from != to) {
        known.add(*leg);
        guessed.add(estimate.leg(from, to));
        samples.push(Sample {
            weight: 1.0,
            km: from.great_circle_m(to) / 1_000.0,
            seconds: f64::from(leg.duration_s),
        });
    }
    let duration = ratio(known.duration_s, guessed.duration_s);
    let scaled = LegEstimate {
        circuity: estimate.circuity * ratio(known.distance_m, guessed.distance_m),
        base_s: estimate.base_s * duration,
        s_per_km: estimate.s_per_km * duration,
    };
    samples.extend(GUESSED_KM.map(|km| Sample {
        weight: GUESS_WEIGHT,
        km,
        seconds: scaled.base_s + km * scaled.s_per_km,
    }));
    match line(&samples) {
        Some((base_s, s_per_km)) if base_s >= 0.0 && s_per_km > 0.0 => LegEstimate {
            base_s,
            s_per_km,
            ..scaled
        },
        _ => scaled,
    }
}

/// The lengths of the two further legs, in kilometres.
const GUESSED_KM: [f64; 2] = [1.0, 10.0];
/// The weight of each further leg. A leg of the service has the weight 1.
const GUESS_WEIGHT: f64 = 0.1;

/// Metres and seconds of many legs.
#[derive(Default)]
struct Sum {
    distance_m: f64,
    duration_s: f64,
}

impl Sum {
    fn add(&mut self, leg: Leg) {
        self.distance_m += f64::from(leg.distance_m);
        self.duration_s += f64::from(leg.duration_s);
    }
}

fn ratio(known: f64, guessed: f64) -> f64 {
    if known > 0.0 && guessed > 0.0 {
        known / guessed
    } else {
        1.0
    }
}

/// The duration of a leg.
struct Sample {
    weight: f64,
    km: f64,
    seconds: f64,
}

/// The straight line with the least squares: the seconds at 0 km, and the seconds for each kilometre. `None` if all
/// legs have one length.
fn line(samples: &[Sample]) -> Option<(f64, f64)> {
    let sum = |of: fn(&Sample) -> f64| samples.iter().map(|it| it.weight * of(it)).sum::<f64>();
    let weight = sum(|_| 1.0);
    let (km, seconds) = (sum(|it| it.km) / weight, sum(|it| it.seconds) / weight);
    let squares = sum(|it| it.km * it.km) - weight * km * km;
    let products = sum(|it| it.km * it.seconds) - weight * km * seconds;
    (squares > 0.0).then(|| {
        let slope = products / squares;
        (seconds - slope * km, slope)
    })
}

#[cfg(test)]
mod tests;
