//! Each order joins the route, at the positions, where the cost grows least. No order moves later.

use domain::{Coordinates, StopKind};

use super::fleet::{Fleet, Stop};
use crate::day::Day;
use crate::outcome::Outcome;

/// A stop with the values that its cost needs.
#[derive(Debug, Clone, Copy)]
struct Priced {
    stop: Stop,
    place: Coordinates,
    service_s: f64,
    placed_s: f64,
}

/// The cost is the seconds of driving plus `weight` times the sum of everybody's seconds to the door. A stop under way
/// is not changed.
pub fn insertion(day: &Day, weight: f64) -> Outcome {
    Fleet::of(day).through_the_day(|fleet, order, now_s| insert(fleet, order, weight, now_s))
}

/// Inserts an order. Returns whether there is an agent for it.
fn insert(fleet: &mut Fleet<'_>, order: usize, weight: f64, now_s: f64) -> bool {
    let [pickup, dropoff] =
        [StopKind::Pickup, StopKind::Dropoff].map(|kind| priced(fleet, Stop { order, kind }));
    let mut best: Option<(f64, usize, Vec<Priced>)> = None;
    for agent in 0..fleet.drivers.len() {
        let Some(departs_s) = fleet.departs_s(agent, now_s) else {
            continue;
        };
        let at = fleet.drivers[agent].at;
        let cost = |stops: &[Priced]| cost(fleet, at, departs_s, weight, stops);
        let todo: Vec<Priced> = fleet.drivers[agent]
            .todo
            .iter()
            .map(|stop| priced(fleet, *stop))
            .collect();
        let before = cost(&todo);
        for first in 0..=todo.len() {
            let mut stops = todo.clone();
            stops.insert(first, pickup);
            stops.insert(first + 1, dropoff);
            for second in first + 1..=todo.len() + 1 {
                if second > first + 1 {
                    stops.swap(second - 1, second);
                }
                let grown = cost(&stops) - before;
                if best.as_ref().is_none_or(|(least, _, _)| grown < *least) {
                    best = Some((grown, agent, stops.clone()));
                }
            }
        }
    }
    let Some((_, agent, stops)) = best else {
        return false;
    };
    let todo = stops.iter().map(|priced| priced.stop).collect();
    fleet.give(agent, todo, now_s);
    true
}

fn priced(fleet: &Fleet<'_>, stop: Stop) -> Priced {
    Priced {
        stop,
        place: fleet.place(stop),
        service_s: fleet.service_s(stop),
        placed_s: fleet.day.orders[stop.order].at_s,
    }
}

fn cost(
    fleet: &Fleet<'_>,
    mut at: Coordinates,
    mut clock_s: f64,
    weight: f64,
    stops: &[Priced],
) -> f64 {
    let (mut driving_s, mut waiting_s) = (0.0, 0.0);
    for stop in stops {
        let leg_s = fleet.day.streets.expected_s(at, stop.place);
        clock_s += leg_s + stop.service_s;
        driving_s += leg_s;
        at = stop.place;
        if stop.stop.kind == StopKind::Dropoff {
            waiting_s += clock_s - stop.placed_s;
        }
    }
    driving_s + weight * waiting_s
}
