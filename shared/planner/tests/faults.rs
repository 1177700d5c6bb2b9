//! Instances with faults and plans with violations: each is named.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::line::{DAY, priced, spec, until};
use planner::{
    Fault, FaultKind, Instance, Order, Plan, PlannerStop, StopKind, TravelMatrix, Vehicle,
    ViolationKind, Window, check,
};

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
    let mut lost = aboard.clone();
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
