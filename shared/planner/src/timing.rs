//! Gives sequences of stops their times.

use crate::plan::{Plan, PlannedStop, Route, Unplaced, UnplacedReason};
use crate::problem::{Problem, StopKind};

impl Plan {
    /// The plan in which vehicles make the given stops in the given order, each
    /// as soon as it can: for plans that were made elsewhere. Orders that have
    /// no stop are left over. Nothing is checked, see
    /// [`check`](crate::check); stops of unknown orders and routes of unknown
    /// vehicles are dropped.
    #[must_use]
    pub fn timed(problem: &Problem, routes: &[(usize, Vec<(usize, StopKind)>)]) -> Self {
        let vehicles = problem.vehicles().len();
        let mut routes: Vec<Route> = routes
            .iter()
            .filter(|(vehicle, stops)| *vehicle < vehicles && !stops.is_empty())
            .map(|(vehicle, stops)| timed_route(problem, *vehicle, stops))
            .collect();
        routes.sort_by_key(|route| route.vehicle);
        let mut placed = vec![false; problem.orders().len()];
        for stop in routes.iter().flat_map(|route| &route.stops) {
            placed[stop.order] = true;
        }
        let reason = if vehicles == 0 {
            UnplacedReason::NoVehicle
        } else {
            UnplacedReason::OutsideTimeWindows
        };
        let unplaced = (0..placed.len())
            .filter(|&order| !placed[order])
            .map(|order| Unplaced { order, reason })
            .collect();
        Self {
            distance_m: routes.iter().map(|route| route.distance_m).sum(),
            duration_s: routes.iter().map(|route| route.duration_s).sum(),
            lateness_s: routes.iter().map(|route| route.lateness_s).sum(),
            routes,
            unplaced,
            iterations: 0,
        }
    }
}

fn timed_route(problem: &Problem, vehicle: usize, stops: &[(usize, StopKind)]) -> Route {
    let travel = problem.travel();
    let it = &problem.vehicles()[vehicle];
    let orders = problem.orders();
    let mut load: u64 = orders
        .iter()
        .filter(|order| order.pickup.is_none() && order.vehicle == Some(vehicle))
        .map(|order| u64::from(order.size))
        .sum();
    let mut route = Route {
        vehicle,
        stops: Vec::with_capacity(stops.len()),
        distance_m: 0,
        duration_s: 0,
        finish_s: it.shift.start_s,
        lateness_s: 0,
    };
    let mut point = it.start;
    let mut drive = |route: &mut Route, to: usize| {
        let duration_s = i64::from(travel.duration_s(point, to));
        route.distance_m += i64::from(travel.distance_m(point, to));
        route.duration_s += duration_s;
        route.finish_s += duration_s;
        point = to;
    };
    for &(index, kind) in stops {
        let Some(order) = orders.get(index) else {
            continue;
        };
        let size = u64::from(order.size);
        let (stop, after) = match (kind, order.pickup) {
            (StopKind::Pickup, Some(pickup)) => (pickup, load.saturating_add(size)),
            _ => (order.dropoff, load.saturating_sub(size)),
        };
        load = after;
        drive(&mut route, stop.point);
        let arrival_s = route.finish_s;
        let begin_s = stop
            .window
            .map_or(arrival_s, |window| arrival_s.max(window.earliest_s));
        if let Some(window) = stop.window.filter(|_| problem.is_committed(index)) {
            route.lateness_s += (begin_s - window.latest_s).max(0);
        }
        route.finish_s = begin_s + stop.service_s;
        route.stops.push(PlannedStop {
            order: index,
            kind,
            arrival_s,
            waiting_s: begin_s - arrival_s,
            departure_s: route.finish_s,
            load,
        });
    }
    if let Some(end) = it.end {
        drive(&mut route, end);
    }
    let overtime = orders.iter().enumerate().any(|(index, order)| {
        order.vehicle.is_none_or(|tied| tied == vehicle) && problem.is_committed(index)
    });
    if overtime {
        route.lateness_s += (route.finish_s - it.shift.end_s).max(0);
    }
    route
}
