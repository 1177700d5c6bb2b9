//! Each order goes to the agent who can be at its pickup first.

use domain::StopKind;

use super::fleet::{Fleet, Stop};
use crate::day::Day;
use crate::outcome::Outcome;

/// Each order is appended to the list of the agent who is expected to reach its pickup first.
pub fn soonest(day: &Day) -> Outcome {
    Fleet::of(day).through_the_day(append)
}

/// Appends an order. Returns whether there is an agent for it.
fn append(fleet: &mut Fleet<'_>, order: usize, now_s: f64) -> bool {
    let pickup = fleet.day.orders[order].pickup();
    let reaches = |agent: usize| {
        let mut at = fleet.drivers[agent].at;
        let mut clock_s = fleet.departs_s(agent, now_s)?;
        for stop in &fleet.drivers[agent].todo {
            let place = fleet.place(*stop);
            clock_s += fleet.day.streets.expected_s(at, place) + fleet.service_s(*stop);
            at = place;
        }
        Some(clock_s + fleet.day.streets.expected_s(at, pickup))
    };
    let agents = 0..fleet.drivers.len();
    let reached = agents.filter_map(|agent| Some((agent, reaches(agent)?)));
    let Some((agent, _)) = reached.min_by(|(_, one), (_, other)| one.total_cmp(other)) else {
        return false;
    };
    let mut todo = fleet.drivers[agent].todo.clone();
    todo.extend([StopKind::Pickup, StopKind::Dropoff].map(|kind| Stop { order, kind }));
    fleet.give(agent, todo, now_s);
    true
}
