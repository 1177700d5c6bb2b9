//! A problem in VROOM's format.

use super::wire::{Break, Job, LonLat, Options, Shipment, Vehicle, VroomProblem, VroomStop};
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
    let skills = Skills::of(outline);
    let shipments = outline.tasks.iter();
    let vehicles = outline.vehicles.iter();
    VroomProblem {
        jobs: jobs.map(|task| job(task, &skills)).collect(),
        shipments: shipments
            .filter_map(|task| shipment(task, &skills))
            .collect(),
        vehicles: vehicles.map(|start| vehicle(start, &skills)).collect(),
        options: Options { g: true },
    }
}

fn job(task: &Task, skills: &Skills<'_>) -> Job {
    Job {
        stop: stop(task, task.dropoff),
        delivery: [task.size],
        skills: skills.needed(task),
        priority: priority(task),
    }
}

fn shipment(task: &Task, skills: &Skills<'_>) -> Option<Shipment> {
    Some(Shipment {
        amount: [task.size],
        skills: skills.needed(task),
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

fn vehicle(start: &Start, skills: &Skills<'_>) -> Vehicle {
    Vehicle {
        id: start.vehicle as u64,
        profile: PROFILE,
        start: lon_lat(start.place),
        capacity: [start.capacity],
        skills: skills.of_vehicle(start),
        time_window: [second(start.from_s), second(start.until_s)],
        breaks: breaks(start),
        max_tasks: start
            .most_orders
            .map(|most| start.aboard + 2 * most.saturating_sub(start.aboard)),
    }
}

/// The skills of VROOM are numbers. Each vehicle has a skill of its own, and an order that is tied to the vehicle needs
/// it. Each set of vehicles that orders allow is one more skill, which these vehicles have.
struct Skills<'a> {
    /// The first number that is no vehicle's own skill.
    first: usize,
    sets: Vec<&'a [usize]>,
}

impl<'a> Skills<'a> {
    fn of(outline: &'a Outline) -> Self {
        let own = outline.vehicles.iter().map(|start| start.vehicle + 1);
        let untied = outline.tasks.iter().filter(|task| task.vehicle.is_none());
        let mut sets: Vec<&[usize]> = untied.filter_map(|it| it.allowed.as_deref()).collect();
        sets.sort_unstable();
        sets.dedup();
        Self {
            first: own.max().unwrap_or(0) + 1,
            sets,
        }
    }

    fn needed(&self, task: &Task) -> Vec<u32> {
        let skill = match (task.vehicle, task.allowed.as_deref()) {
            (Some(vehicle), _) => Some(vehicle + 1),
            (None, Some(allowed)) => {
                let set = self.sets.binary_search(&allowed);
                set.ok().map(|set| self.first + set)
            }
            (None, None) => None,
        };
        skill.and_then(number).into_iter().collect()
    }

    fn of_vehicle(&self, start: &Start) -> Vec<u32> {
        let sets = self.sets.iter().zip(self.first..);
        let in_sets = sets.filter(|(set, _)| set.contains(&start.vehicle));
        let own = std::iter::once(start.vehicle + 1);
        own.chain(in_sets.map(|(_, skill)| skill))
            .filter_map(number)
            .collect()
    }
}

fn number(skill: usize) -> Option<u32> {
    u32::try_from(skill).ok()
}

/// A break that would end after the shift lies behind every route.
fn breaks(start: &Start) -> Vec<Break> {
    let within = start
        .breaks
        .iter()
        .filter(|(begin_s, length_s)| begin_s + length_s <= start.until_s);
    let breaks = within.enumerate().map(|(at, (begin_s, length_s))| Break {
        id: at as u64,
        time_windows: [[second(*begin_s), second(*begin_s)]],
        service: second(*length_s),
    });
    breaks.collect()
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
