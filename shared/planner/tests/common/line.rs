//! Small instances on a line of points, for tests that name their numbers.

use planner::{
    Instance, InstanceSpec, Limit, Objective, Options, Order, Plan, PlannerStop, Shift, StopKind,
    TravelMatrix, Vehicle, Window, check, solve,
};

pub const DAY: Shift = Shift {
    start_s: 0,
    end_s: 10_000,
};

/// Points 0 to 9 on a line, 100 m and 10 s apart.
pub fn line() -> TravelMatrix {
    TravelMatrix::measured(10, |from, to| {
        let gap = u32::try_from(from.abs_diff(to)).unwrap_or(0);
        (100 * gap, 10 * gap)
    })
}

pub fn spec(vehicles: Vec<Vehicle>, orders: Vec<Order>) -> InstanceSpec {
    InstanceSpec {
        travel: line(),
        vehicles,
        orders,
        objective: Objective::distance(),
    }
}

pub fn planned(spec: InstanceSpec) -> (Instance, Plan) {
    let instance = Instance::new(spec).expect("a valid instance");
    let plan = solve(&instance, &Options::new(Limit::Iterations(300)));
    assert_eq!(check(&instance, &plan), Ok(()));
    (instance, plan)
}

pub fn stops(plan: &Plan) -> Vec<(usize, StopKind)> {
    let stops = plan.routes.iter().flat_map(|route| &route.stops);
    stops.map(|stop| (stop.order, stop.kind)).collect()
}

/// The orders in the sequence of their drop-offs.
pub fn deliveries(plan: &Plan) -> Vec<usize> {
    let stops = stops(plan).into_iter();
    stops
        .filter(|(_, kind)| *kind == StopKind::Dropoff)
        .map(|(order, _)| order)
        .collect()
}

pub fn until(point: usize, latest_s: i64) -> PlannerStop {
    PlannerStop {
        window: Some(Window {
            earliest_s: latest_s - 1000,
            latest_s,
        }),
        ..PlannerStop::at(point)
    }
}

/// A waiting second is worth as much as a second of driving.
pub fn priced(vehicles: Vec<Vehicle>, orders: Vec<Order>) -> InstanceSpec {
    InstanceSpec {
        objective: Objective {
            waiting_weight_milli: 1000,
            ..Objective::duration()
        },
        ..spec(vehicles, orders)
    }
}
