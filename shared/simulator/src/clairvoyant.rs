//! The plan that knows all orders of the day in advance. It is a bound for every policy.

use domain::StopKind;
use planner::{
    Instance, InstanceSpec, Limit, Objective, Options, PlannerStop, Shift, TravelMatrix, Vehicle,
    Window,
};
use thiserror::Error;

use crate::day::{Day, DayOrder};
use crate::outcome::{Delivery, Outcome, Visit};

/// The planner counts milliseconds here. So nothing is rounded.
const UNIT: f64 = 1000.0;
/// Later than every event of a day: ten days.
const NEVER: i64 = 10 * 24 * 3600 * 1000;

/// The day cannot be planned at once.
#[derive(Debug, Error)]
#[error("the day is no valid instance: {0}")]
pub struct NoInstance(String);

/// Plans the whole day at once, with this price of waiting and this number of rounds. Driving times are the true ones.
/// An order cannot be picked up before it is placed. Orders that are cancelled or fail do not take part. Agents take no
/// breaks, so the plan is a bound for days with breaks too.
///
/// # Errors
/// If the day is too large for the planner.
pub fn clairvoyant(day: &Day, weight_milli: u32, rounds: u64) -> Result<Outcome, NoInstance> {
    let taken: Vec<usize> = (0..day.orders.len())
        .filter(|index| !ends_early(&day.orders[*index]))
        .collect();
    let agents = day.agents.len();
    let mut places: Vec<_> = day.agents.iter().map(|agent| agent.start).collect();
    for order in taken.iter().map(|index| &day.orders[*index]) {
        places.extend([order.pickup(), order.dropoff()]);
    }
    let travel = TravelMatrix::measured(places.len(), |from, to| {
        let (from, to) = (places[from], places[to]);
        let metres = from.great_circle_m(to).round() as u32;
        (metres, millis(day.streets.true_s(from, to)) as u32)
    });
    let vehicles = day.agents.iter().enumerate().map(|(index, agent)| {
        let (first, last) = (agent.duties.first(), agent.duties.last());
        let shift = Shift {
            start_s: first.map_or(NEVER, |duty| millis(duty.from_s)),
            end_s: last.map_or(NEVER, |duty| millis(duty.until_s)),
        };
        Vehicle::new(index, agent.capacity, shift)
    });
    let orders = taken.iter().enumerate().map(|(number, index)| {
        let order = &day.orders[*index];
        let stop = |point, service_s: u32, window| PlannerStop {
            point,
            window,
            service_s: i64::from(service_s) * UNIT as i64,
        };
        let placed = millis(order.at_s);
        let window = Window {
            earliest_s: placed,
            latest_s: NEVER,
        };
        let point = agents + 2 * number;
        let new = &order.new;
        let pickup = stop(point, new.pickup.service_s, Some(window));
        let dropoff = stop(point + 1, new.dropoff.service_s, None);
        let mut planned = planner::Order::new(pickup, dropoff, new.size);
        planned.waiting_since_s = placed;
        planned
    });
    let instance = Instance::new(InstanceSpec {
        travel,
        vehicles: vehicles.collect(),
        orders: orders.collect(),
        objective: Objective {
            waiting_weight_milli: weight_milli,
            ..Objective::duration()
        },
    })
    .map_err(|faults| NoInstance(format!("{:?}", faults.first())))?;
    let plan = planner::solve(&instance, &Options::new(Limit::Iterations(rounds)));
    let mut outcome = Outcome::of(day.orders.len(), agents);
    for (index, order) in day.orders.iter().enumerate() {
        outcome.ended[index] = ends_early(order);
    }
    outcome.km = plan.distance_m as f64 / 1000.0;
    for route in &plan.routes {
        let agent = route.vehicle;
        let mut left_s = day.agents[agent].duties.first().map_or(0.0, |it| it.from_s);
        for stop in &route.stops {
            let order = taken[stop.order];
            let served_s = stop.departure_s as f64 / UNIT;
            let kind = match stop.kind {
                planner::StopKind::Pickup => StopKind::Pickup,
                planner::StopKind::Dropoff => StopKind::Dropoff,
            };
            outcome.visits[agent].push(Visit {
                order,
                kind,
                left_s,
                arrived_s: stop.arrival_s as f64 / UNIT,
                served_s,
            });
            left_s = served_s;
            if kind == StopKind::Dropoff {
                let at_s = served_s;
                outcome.deliveries[order] = Some(Delivery { at_s, agent });
            }
        }
    }
    Ok(outcome)
}

fn ends_early(order: &DayOrder) -> bool {
    order.cancelled_s.is_some() || order.pickup_fails
}

fn millis(seconds: f64) -> i64 {
    ((seconds * UNIT).round() as i64).min(NEVER)
}
