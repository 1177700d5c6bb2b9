//! What a service outside answers, and whether it is believed.

use std::collections::HashMap;

use app::ports::{
    FallbackReason, PlanAnswer, PlanRequest, PlannedRoute, PlannedVisit, UnplacedOrder, domain_kind,
};
use domain::{Leg, UnplacedReason};
use planner::{Instance, Plan, StopKind};

use super::own_points::OwnPoints;
use super::remote::Unusable;

/// Routes as a service has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Draft {
    pub(super) routes: Vec<DraftRoute>,
    /// The orders that it says it has left over; it may say so twice.
    pub(super) left_over: Vec<usize>,
}

/// A vehicle's stops.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DraftRoute {
    pub(super) vehicle: usize,
    /// In driving order, without start and end.
    pub(super) stops: Vec<DraftStop>,
    /// Encoded polyline of the way, precision 5.
    pub(super) geometry: Option<String>,
}

/// A stop with the leg that leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DraftStop {
    pub(super) order: usize,
    pub(super) kind: StopKind,
    pub(super) leg: Leg,
}

impl Draft {
    /// The plan of it, if it keeps to every rule of the request: `planner::check` says so, on a clock that runs by the
    /// service's own legs. Arrival times that the service names count for nothing.
    pub(super) fn believed(
        self,
        request: &PlanRequest,
        provider: &'static str,
    ) -> Result<PlanAnswer, Unusable> {
        self.names_what_there_is(request)?;
        let left_over = self.nothing_is_lost(request)?;
        let instance = self.instance(request)?;
        if let Some(order) = left_over
            .iter()
            .find(|order| instance.is_committed(**order))
        {
            return Err(Unusable::new(
                FallbackReason::Unsupported,
                format!("order {order} is on a route and was left over, since it would be late"),
            ));
        }
        let sequences: Vec<(usize, Vec<(usize, StopKind)>)> = self
            .routes
            .iter()
            .map(|route| {
                let stops = route.stops.iter();
                (
                    route.vehicle,
                    stops.map(|stop| (stop.order, stop.kind)).collect(),
                )
            })
            .collect();
        let plan = Plan::timed(&instance, &sequences);
        planner::check(&instance, &plan).map_err(|violations| {
            let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
            Unusable::new(FallbackReason::BrokenPlan, violations.join("; "))
        })?;
        let unplaced = left_over.into_iter().map(|order| UnplacedOrder {
            order,
            reason: reason(request, order),
        });
        Ok(PlanAnswer {
            provider,
            unplaced: unplaced.collect(),
            routes: self.planned(&plan),
            fallbacks: Vec::new(),
        })
    }

    fn names_what_there_is(&self, request: &PlanRequest) -> Result<(), Unusable> {
        let (vehicles, orders) = (request.vehicles.len(), request.orders.len());
        let stops = self.routes.iter().flat_map(|route| &route.stops);
        let mut named = stops
            .map(|stop| stop.order)
            .chain(self.left_over.iter().copied());
        let known = self.routes.iter().all(|route| route.vehicle < vehicles)
            && named.all(|order| order < orders);
        if known {
            Ok(())
        } else {
            Err(broken("it names an order or a vehicle that there is not"))
        }
    }

    /// The orders left over, each once. Every order is on a route or among them, and none is both.
    fn nothing_is_lost(&self, request: &PlanRequest) -> Result<Vec<usize>, Unusable> {
        let mut placed = vec![false; request.orders.len()];
        for route in &self.routes {
            // We add frozen pickups. Only the drop-off shows that the service knows the order.
            let ours = &request.vehicles[route.vehicle].frozen;
            for (place, stop) in route.stops.iter().enumerate() {
                let pickup = (stop.order, StopKind::Pickup);
                let is_ours = stop.kind == StopKind::Pickup && ours.get(place) == Some(&pickup);
                placed[stop.order] |= !is_ours;
            }
        }
        let mut left_over = self.left_over.clone();
        left_over.sort_unstable();
        left_over.dedup();
        if let Some(order) = left_over.iter().find(|order| placed[**order]) {
            return Err(broken(format!("order {order} is on a route and left over")));
        }
        let lost = (0..placed.len()).find(|o| !placed[*o] && left_over.binary_search(o).is_err());
        match lost {
            Some(order) => Err(Unusable::new(
                FallbackReason::MissingOrder,
                format!("it says nothing of order {order}"),
            )),
            None => Ok(left_over),
        }
    }

    /// The request with the service's own legs. No vehicle drives other legs.
    fn instance(&self, request: &PlanRequest) -> Result<Instance, Unusable> {
        let points = OwnPoints(request);
        let mut legs = HashMap::new();
        for route in &self.routes {
            let mut at = points.start(route.vehicle);
            for stop in &route.stops {
                let to = points.stop(stop.order, stop.kind);
                legs.insert((at, to), stop.leg);
                at = to;
            }
        }
        let instance =
            points.instance(|from, to| legs.get(&(from, to)).copied().unwrap_or_default());
        // A request that contradicts itself is the embedded planner's to name.
        instance.map_err(|_| {
            Unusable::new(
                FallbackReason::Unsupported,
                "the instance contradicts itself",
            )
        })
    }

    fn planned(self, plan: &Plan) -> Vec<PlannedRoute> {
        let routes = self
            .routes
            .into_iter()
            .filter(|route| !route.stops.is_empty());
        let timed = |vehicle| plan.routes.iter().find(move |it| it.vehicle == vehicle);
        let planned = routes.filter_map(|route| {
            let stops = route.stops.iter().zip(&timed(route.vehicle)?.stops);
            let visits = stops.map(|(stop, timed)| PlannedVisit {
                order: stop.order,
                kind: domain_kind(stop.kind),
                begin_s: timed.arrival_s + timed.waiting_s,
                distance_m: stop.leg.distance_m,
                duration_s: stop.leg.duration_s,
            });
            Some(PlannedRoute {
                vehicle: route.vehicle,
                visits: visits.collect(),
                geometry: route.geometry,
            })
        });
        planned.collect()
    }
}

/// Why an order was left over, as the embedded planner would say it.
fn reason(request: &PlanRequest, order: usize) -> UnplacedReason {
    let it = &request.orders[order];
    let vehicles = request.vehicles.iter().enumerate();
    let mut may_take = vehicles
        .filter(|(index, _)| match it.pinned_to {
            Some(pinned) => pinned == *index,
            None => it.allows(*index),
        })
        .peekable();
    if request.vehicles.is_empty() {
        UnplacedReason::NoAgentOnDuty
    } else if may_take.peek().is_none() {
        UnplacedReason::NoAgentWithSkills
    } else if may_take.all(|(_, vehicle)| vehicle.capacity < it.size) {
        UnplacedReason::OverCapacity
    } else {
        UnplacedReason::OutsideTimeWindows
    }
}

fn broken(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::BrokenPlan, detail)
}

#[cfg(test)]
mod tests;
