//! Plans four orders for two couriers, and checks the plan with the oracle.
//!
//!     cargo run -p planner --example four_orders
#![allow(clippy::print_stdout, reason = "an example shows its plan")]

use planner::{
    Fault, Instance, InstanceSpec, Limit, Objective, Options, Order, PlannerStop, Shift, StopKind,
    TravelMatrix, Vehicle, Window, check, solve,
};

/// The places of a small town, in metres east and north of its market.
const PLACES: [(i64, i64); 8] = [
    (0, 0),       // 0: the market, where both couriers start
    (400, 300),   // 1: a bakery
    (-900, 200),  // 2: a pharmacy
    (1500, 1200), // 3 to 7: customers
    (1700, 900),
    (-1400, 600),
    (-1200, -400),
    (300, -800),
];

fn main() -> Result<(), Vec<Fault>> {
    // Streets run north-south and east-west. A bicycle makes 5 metres a second.
    let travel = TravelMatrix::measured(PLACES.len(), |from, to| {
        let ((x, y), (u, v)) = (PLACES[from], PLACES[to]);
        let metres = x.abs_diff(u) + y.abs_diff(v);
        let metres = u32::try_from(metres).unwrap_or(u32::MAX);
        (metres, metres / 5)
    });

    let hour = 3600;
    let shift = Shift {
        start_s: 0,
        end_s: 2 * hour,
    };
    let by = |point, latest_s| PlannerStop {
        window: Some(Window {
            earliest_s: 0,
            latest_s,
        }),
        service_s: 60,
        ..PlannerStop::at(point)
    };
    let at = |point| PlannerStop {
        service_s: 60,
        ..PlannerStop::at(point)
    };

    let instance = Instance::new(InstanceSpec {
        travel,
        vehicles: vec![Vehicle::new(0, 3, shift), Vehicle::new(0, 3, shift)],
        orders: vec![
            Order::new(at(1), at(3), 1),
            Order::new(at(1), by(4, hour / 2), 2),
            Order::new(at(2), by(5, hour / 4), 1),
            // This order is on the second courier's route already. It may move if that saves more than a minute.
            Order {
                committed: true,
                current_vehicle: Some(1),
                ..Order::new(at(2), at(6), 1)
            },
        ],
        // A second that a customer waits is worth 0.2 seconds of driving.
        objective: Objective {
            waiting_weight_milli: 200,
            move_cost: 60,
            ..Objective::duration()
        },
    })?;

    // A limit on iterations instead of time gives the same plan on every machine.
    let plan = solve(&instance, &Options::new(Limit::Iterations(1000)));
    for route in &plan.routes {
        println!("courier {}: {} m", route.vehicle, route.distance_m);
        for stop in &route.stops {
            let verb = match stop.kind {
                StopKind::Pickup => "picks up",
                StopKind::Dropoff => "delivers",
            };
            println!(
                "  {:>4} s: {verb} order {}",
                stop.arrival_s + stop.waiting_s,
                stop.order
            );
        }
    }
    for unserved in &plan.unserved {
        println!(
            "order {} is not served: {:?}",
            unserved.order, unserved.reason
        );
    }
    for (order, seconds) in plan.waits(&instance) {
        println!("order {order} waits {} minutes", seconds / 60);
    }
    match check(&instance, &plan) {
        Ok(()) => println!("The oracle finds no violation."),
        Err(violations) => println!("The oracle finds {violations:?}"),
    }
    Ok(())
}
