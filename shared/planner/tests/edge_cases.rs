//! Cases that are easy to get wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::line::{DAY, planned, spec, stops, until};
use planner::{
    Instance, InstanceSpec, Limit, Objective, Options, Order, PlannerStop, Shift, StopKind,
    TravelMatrix, UnservedReason, Vehicle, Window, check, solve,
};

#[test]
fn without_orders_nobody_drives() {
    let mut vehicle = Vehicle::new(0, 4, DAY);
    vehicle.end = Some(9);
    let (_, plan) = planned(spec(vec![vehicle], vec![]));
    assert!(plan.routes.is_empty());
    assert_eq!(plan.distance_m, 0);
}

#[test]
fn without_vehicles_every_order_says_so() {
    let (_, plan) = planned(spec(
        vec![],
        vec![Order::new(PlannerStop::at(1), PlannerStop::at(2), 1)],
    ));
    assert_eq!(plan.unserved[0].reason, UnservedReason::NoVehicle);
}

#[test]
fn the_reason_distinguishes_too_large_from_too_late() {
    let large = Order::new(PlannerStop::at(1), PlannerStop::at(2), 9);
    let late = Order::new(PlannerStop::at(9), until(8, 50), 1);
    let (_, plan) = planned(spec(vec![Vehicle::new(0, 4, DAY)], vec![large, late]));
    let reasons: Vec<_> = plan.unserved.iter().map(|it| it.reason).collect();
    assert_eq!(
        reasons,
        [
            UnservedReason::OverCapacity,
            UnservedReason::OutsideTimeWindows
        ]
    );
}

#[test]
fn a_vehicle_takes_no_more_orders_than_it_may() {
    let mut vehicle = Vehicle::new(0, 9, DAY);
    vehicle.max_orders = Some(2);
    let order = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    let (_, plan) = planned(spec(vec![vehicle], vec![order; 3]));
    assert_eq!(plan.unserved.len(), 1);
    assert_eq!(plan.unserved[0].reason, UnservedReason::OverCapacity);
}

#[test]
fn an_order_aboard_is_delivered_from_the_start_of_the_vehicle() {
    let aboard = Order::aboard(0, PlannerStop::at(3), 2);
    let (_, plan) = planned(spec(vec![Vehicle::new(5, 4, DAY)], vec![aboard]));
    assert_eq!(stops(&plan), [(0, StopKind::Dropoff)]);
    assert_eq!(plan.distance_m, 200);
    assert_eq!(plan.routes[0].stops[0].load, 0);
}

#[test]
fn an_order_aboard_takes_capacity_until_it_is_delivered() {
    let aboard = Order::aboard(0, PlannerStop::at(9), 3);
    let pending = Order::new(PlannerStop::at(1), PlannerStop::at(2), 2);
    let (_, plan) = planned(spec(vec![Vehicle::new(0, 4, DAY)], vec![aboard, pending]));
    assert_eq!(stops(&plan)[0], (0, StopKind::Dropoff));
}

#[test]
fn an_overloaded_vehicle_delivers_its_load_and_takes_nothing_else() {
    let aboard = Order::aboard(0, PlannerStop::at(3), 9);
    let pending = Order::new(PlannerStop::at(4), PlannerStop::at(5), 1);
    let (_, plan) = planned(spec(vec![Vehicle::new(0, 4, DAY)], vec![aboard, pending]));
    assert_eq!(stops(&plan), [(0, StopKind::Dropoff)]);
    assert_eq!(plan.unserved[0].order, 1);
}

#[test]
fn committed_orders_are_kept_however_late() {
    let mut order = Order::new(until(8, -500), until(9, -400), 1);
    order.pinned_to = Some(0);
    order.committed = true;
    let mut vehicle = Vehicle::new(0, 4, DAY);
    // The vehicle works overtime already.
    vehicle.shift.end_s = -100;
    vehicle.max_orders = Some(0);
    let pending = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    let (_, plan) = planned(spec(vec![vehicle], vec![order, pending]));
    assert_eq!(
        stops(&plan),
        [(0, StopKind::Pickup), (0, StopKind::Dropoff)]
    );
    // 580 s at the pickup, 490 s at the drop-off, 190 s after the shift.
    assert_eq!(plan.lateness_s, 580 + 490 + 190);
    assert_eq!(plan.unserved.len(), 1);
}

#[test]
fn lateness_of_committed_orders_comes_before_travel() {
    let mut near = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    let mut urgent = Order::new(PlannerStop::at(5), until(6, 60), 1);
    for order in [&mut near, &mut urgent] {
        order.pinned_to = Some(0);
        order.committed = true;
    }
    near.dropoff = PlannerStop::at(0);
    let (_, plan) = planned(spec(vec![Vehicle::new(0, 4, DAY)], vec![near, urgent]));
    assert_eq!(plan.lateness_s, 0);
}

#[test]
fn a_vehicle_under_way_goes_to_its_next_stop_first() {
    for kind in [StopKind::Pickup, StopKind::Dropoff] {
        let mut heading = Order::new(PlannerStop::at(9), PlannerStop::at(8), 1);
        heading.pinned_to = Some(0);
        if kind == StopKind::Dropoff {
            heading = Order::aboard(0, PlannerStop::at(9), 1);
        }
        let mut vehicle = Vehicle::new(4, 4, DAY);
        vehicle.frozen = vec![(1, kind)];
        let near = Order::new(PlannerStop::at(4), PlannerStop::at(3), 1);
        let (_, plan) = planned(spec(vec![vehicle], vec![near, heading]));
        assert_eq!(stops(&plan)[0], (1, kind));
        assert!(plan.unserved.is_empty());
    }
}

#[test]
fn orders_may_share_a_point() {
    let order = Order::new(PlannerStop::at(3), PlannerStop::at(3), 1);
    let (_, plan) = planned(spec(vec![Vehicle::new(3, 2, DAY)], vec![order; 5]));
    assert!(plan.unserved.is_empty());
    assert_eq!(plan.distance_m, 0);
}

#[test]
fn fewer_vehicles_come_first_where_asked_for() {
    let near = |point: usize| Order::new(PlannerStop::at(point), PlannerStop::at(point), 1);
    let vehicles = vec![Vehicle::new(0, 4, DAY), Vehicle::new(9, 4, DAY)];
    let mut spec = spec(vehicles, vec![near(0), near(9)]);
    let (_, plan) = planned(spec.clone());
    assert_eq!((plan.routes.len(), plan.distance_m), (2, 0));
    spec.objective.minimise_vehicles = true;
    let (_, plan) = planned(spec);
    assert_eq!((plan.routes.len(), plan.distance_m), (1, 900));
}

#[test]
fn a_fixed_cost_keeps_a_vehicle_at_home() {
    let near = |point: usize| Order::new(PlannerStop::at(point), PlannerStop::at(point), 1);
    let mut vehicles = vec![Vehicle::new(0, 4, DAY), Vehicle::new(9, 4, DAY)];
    vehicles[1].fixed_cost = 901;
    let (_, plan) = planned(spec(vehicles, vec![near(0), near(9)]));
    assert_eq!(plan.routes.len(), 1);
}

#[test]
fn two_orders_open_a_vehicle_that_neither_is_worth_alone() {
    // The leg from point 1 to point 0 takes 24 s, all other legs take none.
    let travel = TravelMatrix::new(2, vec![0; 4], vec![0, 0, 24, 0]).unwrap();
    let shift = |start_s, end_s| Shift { start_s, end_s };
    let mut expensive = Vehicle::new(0, 4, shift(0, 370));
    expensive.fixed_cost = 28;
    let cheap = Vehicle::new(1, 5, shift(0, 208));
    let mut heading = Vehicle::new(0, 3, shift(2, 370));
    heading.frozen = vec![(3, StopKind::Pickup)];
    let at = |point, earliest_s, latest_s| PlannerStop {
        window: Some(Window {
            earliest_s,
            latest_s,
        }),
        ..PlannerStop::at(point)
    };
    let mut punctual = at(1, 203, 203);
    punctual.service_s = 6;
    let mut tied = Order::new(PlannerStop::at(1), PlannerStop::at(1), 1);
    tied.pinned_to = Some(2);
    let orders = vec![
        Order::new(PlannerStop::at(0), punctual, 2),
        Order::new(at(1, -42, 35), PlannerStop::at(1), 1),
        Order::new(PlannerStop::at(0), PlannerStop::at(1), 2),
        tied,
    ];
    let instance = Instance::new(InstanceSpec {
        travel,
        vehicles: vec![expensive, cheap, heading],
        orders,
        objective: Objective::duration(),
    })
    .unwrap();
    for seed in 0..20 {
        let plan = solve(
            &instance,
            &Options {
                seed,
                ..Options::new(Limit::Iterations(2000))
            },
        );
        assert!(plan.unserved.is_empty());
        // The expensive vehicle serves both orders, and no vehicle drives back.
        assert_eq!(plan.duration_s, 0, "seed {seed}");
    }
}

#[test]
fn several_threads_agree_with_themselves() {
    let orders: Vec<Order> = (0..9)
        .map(|at| Order::new(PlannerStop::at(at), PlannerStop::at(9 - at), 1))
        .collect();
    let instance = Instance::new(spec(vec![Vehicle::new(0, 3, DAY); 3], orders)).unwrap();
    let options = Options {
        limit: Limit::Iterations(200),
        seed: 7,
        threads: 3,
    };
    let plan = solve(&instance, &options);
    assert_eq!(check(&instance, &plan), Ok(()));
    assert_eq!(plan, solve(&instance, &options));
    assert!(plan.iterations >= 600);
}

#[test]
fn a_committed_order_makes_way_for_one_that_fits_in_one_place_only() {
    // Order 1 must be dropped off first after the vehicle's next stop. There, order 2, which must be served, would cost
    // less.
    let travel = TravelMatrix::measured(5, |from, to| match (from, to) {
        (0, 1) => (10, 0),
        (1, 3) => (43, 0),
        (3, 0) => (20, 0),
        _ => (0, 0),
    });
    let shift = Shift {
        start_s: 0,
        end_s: 409,
    };
    let mut vehicle = Vehicle::new(0, 4, shift);
    vehicle.frozen = vec![(0, StopKind::Pickup)];
    let mut next = Order::new(PlannerStop::at(2), PlannerStop::at(1), 1);
    next.pinned_to = Some(0);
    let at_once = PlannerStop {
        window: Some(Window {
            earliest_s: 0,
            latest_s: 0,
        }),
        ..PlannerStop::at(0)
    };
    let free = Order::new(PlannerStop::at(0), at_once, 4);
    let served = |point| PlannerStop {
        service_s: 1,
        ..PlannerStop::at(point)
    };
    let mut committed = Order::new(served(3), served(4), 1);
    committed.pinned_to = Some(0);
    committed.committed = true;
    let instance = Instance::new(InstanceSpec {
        travel,
        ..spec(vec![vehicle], vec![next, free, committed])
    })
    .unwrap();
    for seed in 0..20 {
        let options = Options {
            seed,
            ..Options::new(Limit::Iterations(2000))
        };
        let plan = solve(&instance, &options);
        assert_eq!(check(&instance, &plan), Ok(()));
        assert!(plan.unserved.is_empty(), "seed {seed}");
    }
}
