//! Computes the times of given sequences of stops.

use crate::breaks::WorkClock;
use crate::instance::{Instance, StopKind};
use crate::plan::{Plan, Route, TimedStop, Unserved, UnservedReason};

impl Plan {
    /// Builds a plan from the sequence of stops of each vehicle, for plans that were made elsewhere. Each stop happens
    /// as soon as possible. Orders without a stop are unserved. Stops of unknown orders and routes of unknown vehicles
    /// are dropped. Nothing else is checked; use [`check`](crate::check) for that.
    #[must_use]
    pub fn timed(instance: &Instance, routes: &[(usize, Vec<(usize, StopKind)>)]) -> Self {
        let vehicles = instance.vehicles().len();
        let mut routes: Vec<Route> = routes
            .iter()
            .filter(|(vehicle, stops)| *vehicle < vehicles && !stops.is_empty())
            .map(|(vehicle, stops)| timed_route(instance, *vehicle, stops))
            .collect();
        routes.sort_by_key(|route| route.vehicle);
        let mut served = vec![false; instance.orders().len()];
        for stop in routes.iter().flat_map(|route| &route.stops) {
            served[stop.order] = true;
        }
        let reason = |order: usize| {
            if vehicles == 0 {
                UnservedReason::NoVehicle
            } else if !(0..vehicles).any(|vehicle| instance.may_serve(vehicle, order)) {
                UnservedReason::NoAllowedVehicle
            } else {
                UnservedReason::OutsideTimeWindows
            }
        };
        let unserved = (0..served.len())
            .filter(|&order| !served[order])
            .map(|order| Unserved {
                order,
                reason: reason(order),
            })
            .collect();
        let mut plan = Self {
            routes,
            unserved,
            distance_m: 0,
            duration_s: 0,
            lateness_s: 0,
            waiting_s: 0,
            moves: 0,
            cost_milli: 0,
            iterations: 0,
        };
        plan.add_up(instance);
        plan
    }
}

fn timed_route(instance: &Instance, vehicle: usize, stops: &[(usize, StopKind)]) -> Route {
    let travel = instance.travel();
    let it = &instance.vehicles()[vehicle];
    let orders = instance.orders();
    let mut load: u64 = orders
        .iter()
        .filter(|order| order.pickup.is_none() && order.pinned_to == Some(vehicle))
        .map(|order| u64::from(order.size))
        .sum();
    let mut route = Route {
        vehicle,
        stops: Vec::with_capacity(stops.len()),
        breaks: Vec::new(),
        distance_m: 0,
        duration_s: 0,
        finish_s: it.shift.start_s,
        lateness_s: 0,
    };
    let mut point = it.start;
    let clock = WorkClock::of(it);
    let mut work = it.shift.start_s;
    let mut services = Vec::with_capacity(stops.len());
    let mut drive = |route: &mut Route, work: &mut i64, to: usize| {
        let duration_s = i64::from(travel.duration_s(point, to));
        route.distance_m += i64::from(travel.distance_m(point, to));
        route.duration_s += duration_s;
        *work += duration_s;
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
        drive(&mut route, &mut work, stop.point);
        let arrival_s = clock.wall(work);
        if let Some(window) = stop.window {
            work = work.max(clock.not_before(window.earliest_s));
        }
        work = clock.begin(work, stop.service_s);
        let begin_s = clock.wall(work);
        if let Some(window) = stop.window.filter(|_| instance.is_committed(index)) {
            route.lateness_s += (begin_s - window.latest_s).max(0);
        }
        services.push((work, stop.service_s));
        work += stop.service_s;
        route.stops.push(TimedStop {
            order: index,
            kind,
            arrival_s,
            waiting_s: begin_s - arrival_s,
            departure_s: begin_s + stop.service_s,
            load,
        });
    }
    if let Some(end) = it.end {
        drive(&mut route, &mut work, end);
    }
    route.finish_s = clock.wall(work);
    route.breaks = clock.breaks(work, &services);
    let overtime = (0..orders.len())
        .any(|order| instance.is_committed(order) && instance.may_serve(vehicle, order));
    if overtime {
        route.lateness_s += (route.finish_s - it.shift.end_s).max(0);
    }
    route
}
