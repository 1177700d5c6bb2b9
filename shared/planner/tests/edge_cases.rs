//! Cases that are easy to get wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use planner::{
    Fault, FaultKind, Instance, InstanceSpec, Limit, Objective, Options, Order, Plan, PlannerStop,
    Shift, StopKind, TravelMatrix, UnservedReason, Vehicle, ViolationKind, Window, check, solve,
};

const DAY: Shift = Shift {
    start_s: 0,
    end_s: 10_000,
};

/// Points 0 to 9 on a line, 100 m and 10 s apart.
fn line() -> TravelMatrix {
    TravelMatrix::measured(10, |from, to| {
        let gap = u32::try_from(from.abs_diff(to)).unwrap_or(0);
        (100 * gap, 10 * gap)
    })
}

fn spec(vehicles: Vec<Vehicle>, orders: Vec<Order>) -> InstanceSpec {
    InstanceSpec {
        travel: line(),
        vehicles,
        orders,
        objective: Objective::distance(),
    }
}

fn planned(spec: InstanceSpec) -> (Instance, Plan) {
    let instance = Instance::new(spec).unwrap();
    let plan = solve(&instance, &Options::new(Limit::Iterations(300)));
    assert_eq!(check(&instance, &plan), Ok(()));
    (instance, plan)
}

fn stops(plan: &Plan) -> Vec<(usize, StopKind)> {
    let stops = plan.routes.iter().flat_map(|route| &route.stops);
    stops.map(|stop| (stop.order, stop.kind)).collect()
}

/// The orders in the sequence of their drop-offs.
fn deliveries(plan: &Plan) -> Vec<usize> {
    let stops = stops(plan).into_iter();
    stops
        .filter(|(_, kind)| *kind == StopKind::Dropoff)
        .map(|(order, _)| order)
        .collect()
}

fn until(point: usize, latest_s: i64) -> PlannerStop {
    PlannerStop {
        window: Some(Window {
            earliest_s: latest_s - 1000,
            latest_s,
        }),
        ..PlannerStop::at(point)
    }
}

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

/// A waiting second is worth as much as a second of driving.
fn priced(vehicles: Vec<Vehicle>, orders: Vec<Order>) -> InstanceSpec {
    InstanceSpec {
        objective: Objective {
            waiting_weight_milli: 1000,
            ..Objective::duration()
        },
        ..spec(vehicles, orders)
    }
}

#[test]
fn a_price_for_waiting_shares_the_orders_among_the_vehicles() {
    let orders = vec![
        Order::new(PlannerStop::at(4), PlannerStop::at(1), 1),
        Order::new(PlannerStop::at(6), PlannerStop::at(9), 1),
    ];
    let vehicles = vec![Vehicle::new(4, 4, DAY), Vehicle::new(7, 4, DAY)];
    let (_, plan) = planned(priced(vehicles, orders));
    assert_eq!(plan.routes.len(), 2);
    // 30 s from point 4 to point 1; 10 s to the pickup and 30 s to point 9.
    assert_eq!(plan.waiting_s, 30 + 40);
    assert_eq!(plan.cost_milli, 1000 * (70 + 70));
}

#[test]
fn an_urgent_order_is_delivered_first() {
    let near = Order::new(PlannerStop::at(5), PlannerStop::at(7), 1);
    let mut urgent = Order::new(PlannerStop::at(5), PlannerStop::at(2), 1);
    let vehicle = Vehicle::new(5, 4, DAY);
    let (_, plan) = planned(priced(vec![vehicle.clone()], vec![near, urgent]));
    assert_eq!(deliveries(&plan), [0, 1]);
    urgent.urgency = 10;
    let (_, plan) = planned(priced(vec![vehicle], vec![near, urgent]));
    assert_eq!(deliveries(&plan), [1, 0]);
    // The urgent order waits 30 s, the other one 50 s longer.
    assert_eq!(plan.cost_milli, 1000 * (80 + 10 * 30 + 80));
}

#[test]
fn a_promise_that_would_be_broken_changes_the_sequence() {
    let near = Order::new(PlannerStop::at(5), PlannerStop::at(7), 1);
    let mut promised = Order::new(PlannerStop::at(5), PlannerStop::at(2), 1);
    promised.promise_s = Some(100);
    promised.waiting_since_s = -60;
    let vehicle = Vehicle::new(5, 4, DAY);
    let (instance, plan) = planned(priced(vec![vehicle], vec![near, promised]));
    assert_eq!(deliveries(&plan), [1, 0]);
    assert_eq!(plan.waits(&instance), [(0, 80), (1, 90)]);
}

#[test]
fn a_window_of_the_dropoff_replaces_the_promise() {
    let mut order = Order::new(PlannerStop::at(0), until(5, 900), 1);
    order.promise_s = Some(0);
    let (_, plan) = planned(priced(vec![Vehicle::new(0, 4, DAY)], vec![order]));
    assert_eq!(plan.cost_milli, 1000 * (50 + 50));
    order.committed = true;
    order.dropoff.window = Some(Window {
        earliest_s: 0,
        latest_s: 30,
    });
    let (_, plan) = planned(priced(vec![Vehicle::new(0, 4, DAY)], vec![order]));
    assert_eq!(plan.lateness_s, 20);
    assert_eq!(plan.cost_milli, 1000 * (50 + 30 + 5 * 20));
}

#[test]
fn waiting_starts_when_the_pickup_opens() {
    let mut order = Order::new(PlannerStop::at(0), PlannerStop::at(5), 1);
    order.pickup = Some(PlannerStop {
        window: Some(Window {
            earliest_s: 300,
            latest_s: 900,
        }),
        ..PlannerStop::at(0)
    });
    order.waiting_since_s = -1000;
    let (_, plan) = planned(priced(vec![Vehicle::new(0, 4, DAY)], vec![order]));
    assert_eq!(plan.waiting_s, 50);
}

#[test]
fn an_assigned_order_moves_only_if_that_pays_off() {
    let mut order = Order::new(PlannerStop::at(8), PlannerStop::at(9), 1);
    order.committed = true;
    order.current_vehicle = Some(0);
    let vehicles = vec![Vehicle::new(1, 4, DAY), Vehicle::new(7, 4, DAY)];
    for (move_cost, vehicle) in [(0, 1), (59, 1), (61, 0)] {
        let mut spec = spec(vehicles.clone(), vec![order]);
        spec.objective = Objective {
            move_cost,
            ..Objective::duration()
        };
        let (_, plan) = planned(spec);
        assert_eq!(plan.routes[0].vehicle, vehicle, "{move_cost}");
        assert_eq!(plan.moves, vehicle);
    }
}

#[test]
fn an_assigned_order_is_never_left_unserved_by_a_move() {
    // Only the current vehicle is large enough once it is full, and the pending order could use its place.
    let mut large = Order::new(PlannerStop::at(8), PlannerStop::at(9), 9);
    large.committed = true;
    large.current_vehicle = Some(0);
    let pending = Order::new(PlannerStop::at(1), PlannerStop::at(2), 4);
    let vehicles = vec![Vehicle::new(1, 4, DAY), Vehicle::new(7, 4, DAY)];
    let (_, plan) = planned(spec(vehicles, vec![large, pending]));
    assert!(plan.unserved.is_empty());
    assert_eq!(plan.moves, 0);
    assert_eq!(plan.routes.len(), 2);
}

#[test]
fn nothing_is_inserted_before_the_end_of_the_frozen_stops() {
    let mut first = Order::new(PlannerStop::at(9), PlannerStop::at(1), 1);
    let mut second = Order::new(PlannerStop::at(8), PlannerStop::at(2), 1);
    let aboard = Order::aboard(0, PlannerStop::at(7), 1);
    first.pinned_to = Some(0);
    second.pinned_to = Some(0);
    let on_the_way = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    let mut vehicle = Vehicle::new(0, 4, DAY);
    vehicle.frozen = vec![
        (0, StopKind::Pickup),
        (2, StopKind::Dropoff),
        (1, StopKind::Pickup),
    ];
    for orders in 4..12 {
        let mut list = vec![first, second, aboard];
        list.resize(orders, on_the_way);
        let (_, plan) = planned(spec(vec![vehicle.clone()], list));
        assert_eq!(stops(&plan)[..3], vehicle.frozen);
        assert!(plan.unserved.is_empty());
    }
}

#[test]
fn without_time_the_old_routes_stay_and_new_orders_are_inserted() {
    let mut old = Order::new(PlannerStop::at(5), PlannerStop::at(6), 1);
    old.committed = true;
    let mut orders = vec![old; 7];
    orders.push(Order::new(PlannerStop::at(1), PlannerStop::at(6), 1));
    let mut vehicle = Vehicle::new(0, 1, DAY);
    for order in [3, 0, 6, 2, 5, 1, 4] {
        vehicle.planned.push((order, StopKind::Pickup));
        vehicle.planned.push((order, StopKind::Dropoff));
    }
    let instance = Instance::new(spec(vec![vehicle.clone()], orders)).unwrap();
    let plan = solve(&instance, &Options::new(Limit::Iterations(0)));
    assert_eq!(check(&instance, &plan), Ok(()));
    assert!(plan.unserved.is_empty());
    let old = deliveries(&plan).into_iter().filter(|order| *order < 7);
    assert_eq!(old.collect::<Vec<_>>(), [3, 0, 6, 2, 5, 1, 4]);
}

#[test]
fn of_two_orders_the_urgent_one_is_served() {
    let mut vehicle = Vehicle::new(0, 4, DAY);
    vehicle.max_orders = Some(1);
    let near = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    let mut urgent = Order::new(PlannerStop::at(8), PlannerStop::at(9), 1);
    urgent.urgency = 3;
    for others in [1, 9] {
        let mut orders = vec![near; others];
        orders.push(urgent);
        let (_, plan) = planned(spec(vec![vehicle.clone()], orders));
        assert_eq!(stops(&plan)[0].0, others);
    }
}

#[test]
fn a_better_plan_has_the_smaller_value() {
    let orders = vec![Order::new(PlannerStop::at(1), PlannerStop::at(2), 1); 2];
    let (instance, plan) = planned(priced(vec![Vehicle::new(0, 1, DAY)], orders));
    let both = [0, 1].map(|it| [(it, StopKind::Pickup), (it, StopKind::Dropoff)]);
    let same = Plan::timed(&instance, &[(0, both.concat())]);
    assert_eq!(same.value(&instance), plan.value(&instance));
    let half = Plan::timed(&instance, &[(0, both[0].to_vec())]);
    assert!(plan.value(&instance) < half.value(&instance));
}

#[test]
fn bad_prices_and_frozen_stops_are_named() {
    let mut vehicle = Vehicle::new(0, 4, DAY);
    vehicle.frozen = vec![
        (0, StopKind::Dropoff),
        (0, StopKind::Pickup),
        (0, StopKind::Pickup),
        (1, StopKind::Pickup),
        (9, StopKind::Pickup),
    ];
    let mut order = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    order.pinned_to = Some(0);
    let mut other = Order::new(PlannerStop::at(1), PlannerStop::at(2), 1);
    other.urgency = 0;
    other.promise_s = Some(-1);
    other.waiting_since_s = i64::MIN;
    other.current_vehicle = Some(3);
    let expensive = Order {
        urgency: u32::MAX,
        ..Order::new(PlannerStop::at(1), PlannerStop::at(2), 1)
    };
    let mut spec = priced(vec![vehicle], vec![order, other, expensive]);
    spec.objective.move_cost = -1;
    let faults = Instance::new(spec).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "vehicles[0].frozen[0]",
            "vehicles[0].frozen[2]",
            "vehicles[0].frozen[3]",
            "vehicles[0].frozen[4]",
            "orders[1].current_vehicle",
            "orders[1].urgency",
            "orders[1].waiting_since_s",
            "orders[1].promise_s",
            "objective.move_cost",
            "objective.waiting_weight_milli",
        ]
    );
}

#[test]
fn every_fault_is_named_with_its_place() {
    let mut vehicle = Vehicle::new(77, 4, DAY);
    vehicle.frozen = vec![(1, StopKind::Dropoff)];
    vehicle.fixed_cost = -1;
    let mut order = Order::new(PlannerStop::at(99), until(2, i64::MAX), 0);
    order.dropoff.service_s = -3;
    let mut aboard = Order::aboard(5, PlannerStop::at(1), 1);
    let mut lost = aboard;
    lost.pinned_to = None;
    aboard.dropoff.window = Some(Window {
        earliest_s: 9,
        latest_s: 8,
    });
    let faults = Instance::new(spec(vec![vehicle], vec![order, aboard, lost])).unwrap_err();
    let places: Vec<&str> = faults.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "vehicles[0].start",
            "vehicles[0].fixed_cost",
            "vehicles[0].frozen[0]",
            "orders[0].pickup.point",
            "orders[0].dropoff.window",
            "orders[0].dropoff.window",
            "orders[0].dropoff.service_s",
            "orders[0].size",
            "orders[1].dropoff.window",
            "orders[1].pinned_to",
            "orders[2].pinned_to",
        ]
    );
    let matrix = TravelMatrix::new(2, vec![0; 4], vec![0; 3]);
    let kind = FaultKind::MatrixSize {
        expected: 4,
        found: 3,
    };
    let place = "travel.durations_s".to_owned();
    assert_eq!(matrix, Err(vec![Fault { place, kind }]));
}

#[test]
fn the_oracle_finds_the_violations_of_a_foreign_plan() {
    let large = Order::new(PlannerStop::at(1), PlannerStop::at(2), 3);
    let late = Order::new(PlannerStop::at(3), until(4, 1000), 3);
    let mut tied = Order::new(PlannerStop::at(5), PlannerStop::at(6), 1);
    tied.pinned_to = Some(1);
    let vehicles = vec![Vehicle::new(0, 4, DAY); 2];
    let instance = Instance::new(spec(vehicles, vec![large, late, tied])).unwrap();
    let wrong = |stops: &[(usize, StopKind)]| -> Vec<ViolationKind> {
        let plan = Plan::timed(&instance, &[(0, stops.to_vec())]);
        let found = check(&instance, &plan).unwrap_err();
        found.into_iter().map(|it| it.kind).collect()
    };
    let (pickup, dropoff) = (StopKind::Pickup, StopKind::Dropoff);
    assert_eq!(
        wrong(&[(0, pickup), (1, pickup), (0, dropoff), (1, dropoff)]),
        [ViolationKind::OverCapacity {
            load: 6,
            capacity: 4
        }]
    );
    assert_eq!(
        wrong(&[(0, dropoff), (0, pickup)])[0],
        ViolationKind::DroppedOffFirst
    );
    assert_eq!(wrong(&[(0, pickup)])[0], ViolationKind::Missing(dropoff));
    assert_eq!(
        wrong(&[(2, pickup), (2, dropoff)])[0],
        ViolationKind::OnAnotherVehicle
    );
    assert_eq!(
        wrong(&[(0, pickup), (0, dropoff), (0, dropoff)])[0],
        ViolationKind::Repeated(dropoff)
    );
    let mut lying = Plan::timed(&instance, &[(0, vec![(0, pickup), (0, dropoff)])]);
    assert_eq!(check(&instance, &lying), Ok(()));
    lying.routes[0].stops[1].arrival_s -= 1;
    lying.unserved.pop();
    let found = check(&instance, &lying).unwrap_err();
    assert_eq!(found.len(), 2, "{found:?}");
}
