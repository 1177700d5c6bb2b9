//! A problem in VROOM's format.

use super::wire::{Job, LonLat, Options, Shipment, Vehicle, VroomProblem, VroomStop};
use crate::route_provider::outline::{End, Outline, Start, Task};
use domain::Coordinates;

/// The profile of the road network. OpenRouteService does not have VROOM's default profile.
pub(in crate::route_provider) const PROFILE: &str = "driving-car";
/// VROOM serves the higher priority first if not all orders can be served: 100 is the highest, 0 the default.
const COMMITTED: u8 = 100;
/// No plan reaches this time.
const NEVER: u64 = 31 * 24 * 3_600;

pub(super) fn problem(outline: &Outline) -> VroomProblem {
    let jobs = outline.tasks.iter().filter(|task| task.pickup.is_none());
    VroomProblem {
        jobs: jobs.map(job).collect(),
        shipments: outline.tasks.iter().filter_map(shipment).collect(),
        vehicles: outline.vehicles.iter().map(vehicle).collect(),
        options: Options { g: true },
    }
}

fn job(task: &Task) -> Job {
    Job {
        stop: stop(task, task.dropoff),
        delivery: [task.size],
        skills: skills(task.vehicle),
        priority: priority(task),
    }
}

fn shipment(task: &Task) -> Option<Shipment> {
    Some(Shipment {
        amount: [task.size],
        skills: skills(task.vehicle),
        priority: priority(task),
        pickup: stop(task, task.pickup?),
        delivery: stop(task, task.dropoff),
    })
}

fn stop(task: &Task, end: End) -> VroomStop {
    let windows = end.window.iter().map(|window| {
        let latest = window.latest_s.map_or(NEVER, second);
        [second(window.earliest_s), latest]
    });
    VroomStop {
        id: task.order as u64,
        location: lon_lat(end.place),
        service: second(end.service_s),
        time_windows: windows.collect(),
    }
}

fn vehicle(start: &Start) -> Vehicle {
    Vehicle {
        id: start.vehicle as u64,
        profile: PROFILE,
        start: lon_lat(start.place),
        capacity: [start.capacity],
        skills: skills(Some(start.vehicle)),
        time_window: [second(start.from_s), second(start.until_s)],
        max_tasks: start
            .most_orders
            .map(|most| start.aboard + 2 * most.saturating_sub(start.aboard)),
    }
}

/// Each vehicle has a skill of its own. An order that is tied to the vehicle asks for that skill.
fn skills(vehicle: Option<usize>) -> Vec<u32> {
    let skill = vehicle.and_then(|vehicle| u32::try_from(vehicle + 1).ok());
    skill.into_iter().collect()
}

fn priority(task: &Task) -> u8 {
    if task.committed { COMMITTED } else { 0 }
}

/// Longitude first, unlike everywhere else here.
pub(in crate::route_provider) fn lon_lat(place: Coordinates) -> LonLat {
    [place.lon, place.lat]
}

fn second(second: i64) -> u64 {
    u64::try_from(second).unwrap_or_default()
}
