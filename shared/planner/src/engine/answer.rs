//! Turns tours into a plan.

use super::network::{Network, kind_of, order_of};
use super::schedule::{Schedule, UNSERVED};
use super::tour::Tour;
use crate::plan::{Plan, Route, TimedStop, Unserved, UnservedReason};

/// The plan for a schedule.
pub(crate) fn plan(network: &Network<'_>, schedule: &Schedule, iterations: u64) -> Plan {
    let routes: Vec<Route> = schedule
        .tours
        .iter()
        .filter(|tour| !tour.is_empty())
        .map(|tour| route(network, tour))
        .collect();
    let unserved = (0..network.orders.len())
        .filter(|&order| schedule.tour_of[order] == UNSERVED)
        .map(|order| Unserved {
            order,
            reason: reason(network, schedule, order),
        })
        .collect();
    let mut plan = Plan {
        routes,
        unserved,
        distance_m: 0,
        duration_s: 0,
        lateness_s: 0,
        waiting_s: 0,
        moves: 0,
        cost_milli: 0,
        iterations,
    };
    plan.add_up(network.instance);
    plan
}

fn route(network: &Network<'_>, tour: &Tour) -> Route {
    let clock = &tour.clock;
    let mut distance_m = 0;
    let mut duration_s = 0;
    let mut stops = Vec::with_capacity(tour.len());
    let mut finish = 0;
    for pair in tour.visits.windows(2) {
        let [here, next] = pair else { break };
        let leg = network.from(here.point)[next.point as usize];
        distance_m += i64::from(leg.distance_m);
        duration_s += i64::from(leg.duration_s);
        finish = here.depart + i64::from(leg.duration_s);
        let (arrival_s, begin_s) = (clock.wall(finish), clock.wall(next.begin));
        if stops.len() < tour.len() {
            stops.push(TimedStop {
                order: order_of(next.node),
                kind: kind_of(next.node),
                arrival_s,
                waiting_s: begin_s - arrival_s,
                departure_s: begin_s + next.service,
                load: next.load.unsigned_abs(),
            });
        }
    }
    let services: Vec<(i64, i64)> = tour
        .stops()
        .iter()
        .map(|visit| (visit.begin, visit.service))
        .collect();
    Route {
        vehicle: tour.vehicle,
        stops,
        breaks: clock.breaks(finish, &services),
        distance_m,
        duration_s,
        finish_s: clock.wall(finish),
        lateness_s: tour.lateness,
    }
}

/// Why an order is unserved.
fn reason(network: &Network<'_>, schedule: &Schedule, order: usize) -> UnservedReason {
    if network.vehicles.is_empty() {
        return UnservedReason::NoVehicle;
    }
    if !(0..network.vehicles.len()).any(|vehicle| network.instance.may_serve(vehicle, order)) {
        return UnservedReason::NoAllowedVehicle;
    }
    let has_room = schedule.tours.iter().any(|tour| {
        let limits = &network.vehicles[tour.vehicle];
        network.eligible(order, tour.vehicle) && tour.places_taken < limits.free_places
    });
    if has_room {
        UnservedReason::OutsideTimeWindows
    } else {
        UnservedReason::OverCapacity
    }
}
