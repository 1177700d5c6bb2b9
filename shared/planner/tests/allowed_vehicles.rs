//! Orders that only some vehicles may serve.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::line::{DAY, planned, spec};
use planner::{
    Instance, Limit, Options, Order, Plan, PlannerStop, StopKind, UnservedReason, Vehicle,
    ViolationKind, check, solve,
};

/// From point 1 to point 2.
fn order(allowed_vehicles: Option<&[usize]>) -> Order {
    Order {
        allowed_vehicles: allowed_vehicles.map(<[usize]>::to_vec),
        ..Order::new(PlannerStop::at(1), PlannerStop::at(2), 1)
    }
}

/// The vehicle of each order.
fn vehicles(plan: &Plan, orders: usize) -> Vec<Option<usize>> {
    let on = |order| {
        let mut routes = plan.routes.iter();
        let route = routes.find(|route| route.stops.iter().any(|it| it.order == order));
        route.map(|route| route.vehicle)
    };
    (0..orders).map(on).collect()
}

#[test]
fn the_nearest_vehicle_does_not_count_if_it_may_not_serve_the_order() {
    let fleet = vec![Vehicle::new(0, 4, DAY), Vehicle::new(9, 4, DAY)];
    let orders = vec![order(Some(&[1])), order(None), order(Some(&[0, 1]))];
    let (_, plan) = planned(spec(fleet, orders));
    assert_eq!(vehicles(&plan, 3), [Some(1), Some(1), Some(1)]);
    assert!(plan.unserved.is_empty());
}

#[test]
fn an_order_that_no_vehicle_may_serve_says_so() {
    let fleet = vec![Vehicle::new(0, 4, DAY)];
    let too_large = Order {
        size: 9,
        ..order(Some(&[0]))
    };
    let (instance, plan) = planned(spec(fleet, vec![order(Some(&[])), too_large]));
    let reasons: Vec<_> = plan.unserved.iter().map(|it| it.reason).collect();
    let expected = [
        UnservedReason::NoAllowedVehicle,
        UnservedReason::OverCapacity,
    ];
    assert_eq!(reasons, expected);
    let timed = Plan::timed(&instance, &[]);
    assert_eq!(timed.unserved[0].reason, UnservedReason::NoAllowedVehicle);
}

#[test]
fn equal_vehicles_differ_by_the_orders_that_they_may_serve() {
    // More vehicles than a machine word has bits. All start at the same place, and none is in use.
    for count in [3, 70, 130] {
        let fleet = vec![Vehicle::new(0, 1, DAY); count];
        let mut orders = vec![order(Some(&[count - 1])); 2];
        orders.push(order(Some(&[count - 2, count - 1])));
        // The eight vehicles in front serve the eight other orders, with and without the exact solver.
        for others in [0, 8] {
            let mut orders = orders.clone();
            orders.resize(3 + others, order(None));
            let (_, plan) = planned(spec(fleet.clone(), orders));
            let on = vehicles(&plan, 3);
            assert_eq!(on[..2], [Some(count - 1); 2]);
            assert!(plan.unserved.is_empty());
        }
    }
}

#[test]
fn a_committed_order_leaves_a_vehicle_that_may_not_serve_it() {
    let fleet = vec![Vehicle::new(0, 4, DAY), Vehicle::new(9, 4, DAY)];
    let on_the_first = |allowed| Order {
        committed: true,
        current_vehicle: Some(0),
        ..order(allowed)
    };
    let pinned = Order {
        pinned_to: Some(0),
        ..on_the_first(Some(&[1]))
    };
    // The second may go to the other vehicle, nobody else may serve the third, and the fourth is pinned.
    let orders = vec![
        on_the_first(None),
        on_the_first(Some(&[1])),
        on_the_first(Some(&[])),
        pinned,
    ];
    let (_, plan) = planned(spec(fleet, orders));
    assert_eq!(vehicles(&plan, 4), [Some(0), Some(1), Some(0), Some(0)]);
}

#[test]
fn a_vehicle_works_late_only_for_a_committed_order_that_it_may_serve() {
    let mut fleet = vec![Vehicle::new(0, 4, DAY), Vehicle::new(0, 4, DAY)];
    for vehicle in &mut fleet {
        vehicle.shift.end_s = 15;
        vehicle.end = Some(0);
    }
    let committed = Order {
        committed: true,
        ..order(Some(&[1]))
    };
    let (instance, plan) = planned(spec(fleet, vec![committed]));
    assert_eq!(vehicles(&plan, 1), [Some(1)]);
    assert_eq!(plan.lateness_s, 40 - 15);
    // The first vehicle may not work late, whatever it does.
    let stops = vec![(0, StopKind::Pickup), (0, StopKind::Dropoff)];
    let found = check(&instance, &Plan::timed(&instance, &[(0, stops)])).unwrap_err();
    let kinds: Vec<_> = found.into_iter().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            ViolationKind::OnAnotherVehicle,
            ViolationKind::OnAnotherVehicle,
            ViolationKind::AfterShift { by_s: 25 }
        ]
    );
}

#[test]
fn a_vehicle_that_does_not_exist_is_a_fault() {
    let faults = Instance::new(spec(
        vec![Vehicle::new(0, 4, DAY)],
        vec![order(Some(&[0, 1, 7]))],
    ));
    let faults: Vec<String> = faults
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        faults,
        [
            "orders[0].allowed_vehicles[1]: no vehicle 1, there are 1",
            "orders[0].allowed_vehicles[2]: no vehicle 7, there are 1"
        ]
    );
}

#[test]
fn a_list_of_all_vehicles_changes_nothing() {
    let fleet: Vec<Vehicle> = (0..4).map(|at| Vehicle::new(2 * at, 3, DAY)).collect();
    let orders: Vec<Order> = (0..30_usize)
        .map(|at| Order::new(PlannerStop::at(at % 10), PlannerStop::at(at * 7 % 10), 1))
        .collect();
    let mut listed = orders.clone();
    for order in &mut listed {
        order.allowed_vehicles = Some(vec![3, 1, 0, 2, 1]);
    }
    let solved = |orders| {
        let instance = Instance::new(spec(fleet.clone(), orders)).unwrap();
        solve(&instance, &Options::new(Limit::Iterations(500)))
    };
    assert_eq!(solved(orders), solved(listed));
}
