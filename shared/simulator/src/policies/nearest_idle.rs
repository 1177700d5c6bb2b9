//! Each order goes to the nearest free agent.

use domain::StopKind;

use super::fleet::{Fleet, Stop};
use crate::day::Day;
use crate::outcome::Outcome;

/// Orders are served in the sequence in which they are placed. Each goes to the free agent nearest to its pickup.
pub fn nearest_idle(day: &Day) -> Outcome {
    let mut fleet = Fleet::of(day);
    for (order, placed) in day.orders.iter().enumerate() {
        let departs = |agent: usize| fleet.departs_s(agent, placed.at_s);
        let agents = 0..day.agents.len();
        let Some(ready_s) = agents.clone().filter_map(departs).min_by(f64::total_cmp) else {
            break;
        };
        if placed.is_cancelled(ready_s) {
            fleet.outcome.ended[order] = true;
            continue;
        }
        let away = |agent: &usize| day.streets.km(fleet.drivers[*agent].at, placed.pickup());
        let nearest = agents
            .filter(|agent| departs(*agent).is_some_and(|departs_s| departs_s <= ready_s))
            .min_by(|one, other| away(one).total_cmp(&away(other)));
        if let Some(agent) = nearest {
            fleet.drivers[agent].free_s = ready_s;
            let [pickup, dropoff] =
                [StopKind::Pickup, StopKind::Dropoff].map(|kind| Stop { order, kind });
            fleet.make(agent, pickup);
            if !placed.pickup_fails {
                fleet.make(agent, dropoff);
            }
        }
    }
    fleet.outcome
}
