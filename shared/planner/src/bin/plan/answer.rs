//! The plan, in the names and units of the file.

use planner::{Plan, StopKind, UnservedReason};
use serde::Serialize;

use crate::input::{Input, Measures, Name};

/// The answer of the command line.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    #[serde(rename = "placed")]
    pub(crate) served: usize,
    #[serde(rename = "unplaced")]
    pub(crate) unserved: Vec<UnservedOrder>,
    pub(crate) vehicles: usize,
    pub(crate) distance_m: Measure,
    pub(crate) duration_s: Measure,
    pub(crate) routes: Vec<AnswerRoute>,
    pub(crate) iterations: u64,
    pub(crate) seconds: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct UnservedOrder {
    pub(crate) order: Name,
    pub(crate) reason: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnswerRoute {
    pub(crate) vehicle: Name,
    pub(crate) distance_m: Measure,
    pub(crate) duration_s: Measure,
    pub(crate) stops: Vec<AnswerStop>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnswerStop {
    pub(crate) order: Name,
    pub(crate) kind: &'static str,
    pub(crate) arrival_s: Measure,
    pub(crate) departure_s: Measure,
    pub(crate) load: u64,
}

/// Whole metres and seconds, or fractions in the unit of the file.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Measure {
    Whole(i64),
    Exact(f64),
}

impl Answer {
    pub(crate) fn new(input: &Input, plan: &Plan, seconds: f64) -> Self {
        let names = &input.names;
        let routes: Vec<AnswerRoute> = plan
            .routes
            .iter()
            .map(|it| answer_route(input, it))
            .collect();
        let (distance_m, duration_s) = match &input.measures {
            Measures::Metric => (
                Measure::Whole(plan.distance_m),
                Measure::Whole(plan.duration_s),
            ),
            Measures::Plane(plane) => {
                let length = plan
                    .routes
                    .iter()
                    .map(|route| plane.measure(&route.stops).0)
                    .sum();
                (Measure::Exact(length), Measure::Exact(length))
            }
        };
        Self {
            served: names.orders.len() - plan.unserved.len(),
            unserved: plan
                .unserved
                .iter()
                .map(|it| UnservedOrder {
                    order: names.orders[it.order].clone(),
                    reason: reason(it.reason),
                })
                .collect(),
            vehicles: plan.routes.len(),
            distance_m,
            duration_s,
            routes,
            iterations: plan.iterations,
            seconds: (seconds * 1000.0).round() / 1000.0,
        }
    }

    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

fn answer_route(input: &Input, route: &planner::Route) -> AnswerRoute {
    let (length, times) = match &input.measures {
        Measures::Metric => (None, Vec::new()),
        Measures::Plane(plane) => {
            let (length, times) = plane.measure(&route.stops);
            (Some(length), times)
        }
    };
    let stops = route
        .stops
        .iter()
        .enumerate()
        .map(|(index, stop)| {
            let (arrival_s, departure_s) = times.get(index).map_or(
                (
                    Measure::Whole(stop.arrival_s),
                    Measure::Whole(stop.departure_s),
                ),
                |&(arrival, departure)| (Measure::Exact(arrival), Measure::Exact(departure)),
            );
            AnswerStop {
                order: input.names.orders[stop.order].clone(),
                kind: kind(stop.kind),
                arrival_s,
                departure_s,
                load: stop.load,
            }
        })
        .collect();
    AnswerRoute {
        vehicle: input.names.vehicles[route.vehicle].clone(),
        distance_m: length.map_or(Measure::Whole(route.distance_m), Measure::Exact),
        duration_s: length.map_or(Measure::Whole(route.duration_s), Measure::Exact),
        stops,
    }
}

pub(crate) fn kind(kind: StopKind) -> &'static str {
    match kind {
        StopKind::Pickup => "pickup",
        StopKind::Dropoff => "dropoff",
    }
}

fn reason(reason: UnservedReason) -> &'static str {
    match reason {
        UnservedReason::NoVehicle => "no_vehicle",
        UnservedReason::OverCapacity => "over_capacity",
        UnservedReason::OutsideTimeWindows => "outside_time_windows",
    }
}
