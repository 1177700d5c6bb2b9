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
    /// Absent if waiting and moves cost nothing.
    #[serde(flatten)]
    pub(crate) price: Option<Price>,
    pub(crate) routes: Vec<AnswerRoute>,
    pub(crate) iterations: u64,
    pub(crate) seconds: f64,
}

/// The figures of an objective with a price for waiting or for moves.
#[derive(Debug, Serialize)]
pub(crate) struct Price {
    /// The number that the plan minimises, in units of travel.
    pub(crate) cost: f64,
    /// The mean of the orders' seconds of waiting.
    pub(crate) waiting_mean_s: f64,
    /// The 90th percentile of the orders' seconds of waiting.
    pub(crate) waiting_p90_s: i64,
    /// The longest waiting of an order in seconds.
    pub(crate) waiting_max_s: i64,
    pub(crate) moves: usize,
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
    /// Absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) breaks: Vec<AnswerBreak>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AnswerBreak {
    /// The number of stops before the break.
    pub(crate) after: usize,
    pub(crate) begin_s: i64,
    pub(crate) end_s: i64,
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
    /// `null`: the file has no distances.
    Unknown,
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
            Measures::Seconds => (Measure::Unknown, Measure::Whole(plan.duration_s)),
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
            price: price(input, plan),
            routes,
            iterations: plan.iterations,
            seconds: (seconds * 1000.0).round() / 1000.0,
        }
    }

    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "figures to be read are far below 2^53"
)]
fn price(input: &Input, plan: &Plan) -> Option<Price> {
    let objective = input.instance.objective();
    if objective.waiting_weight_milli == 0 && objective.move_cost == 0 {
        return None;
    }
    let waits = plan.waits(&input.instance);
    let mut waits: Vec<i64> = waits.into_iter().map(|(_, waits)| waits).collect();
    waits.sort_unstable();
    let ninth = waits.len().saturating_sub(1) * 9 / 10;
    let mean = plan.waiting_s as f64 / waits.len().max(1) as f64;
    Some(Price {
        cost: plan.cost_milli as f64 / 1000.0,
        waiting_mean_s: (mean * 10.0).round() / 10.0,
        waiting_p90_s: waits.get(ninth).copied().unwrap_or(0),
        waiting_max_s: waits.last().copied().unwrap_or(0),
        moves: plan.moves,
    })
}

fn answer_route(input: &Input, route: &planner::Route) -> AnswerRoute {
    let (length, times) = match &input.measures {
        Measures::Metric | Measures::Seconds => (None, Vec::new()),
        Measures::Plane(plane) => {
            let (length, times) = plane.measure(&route.stops);
            (Some(length), times)
        }
    };
    let distance_m = match (&input.measures, length) {
        (Measures::Seconds, _) => Measure::Unknown,
        (_, Some(length)) => Measure::Exact(length),
        (_, None) => Measure::Whole(route.distance_m),
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
        distance_m,
        duration_s: length.map_or(Measure::Whole(route.duration_s), Measure::Exact),
        stops,
        breaks: route
            .breaks
            .iter()
            .map(|it| AnswerBreak {
                after: it.after,
                begin_s: it.begin_s,
                end_s: it.end_s,
            })
            .collect(),
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
        UnservedReason::NoAllowedVehicle => "no_allowed_vehicle",
        UnservedReason::OverCapacity => "over_capacity",
        UnservedReason::OutsideTimeWindows => "outside_time_windows",
    }
}
