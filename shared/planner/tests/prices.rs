//! Waiting, urgency, promises, moves and frozen stops.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::line::{DAY, deliveries, planned, priced, spec, stops, until};
use planner::{
    Instance, Limit, Objective, Options, Order, Plan, PlannerStop, StopKind, Vehicle, Window,
    check, solve,
};

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
    let (_, plan) = planned(priced(
        vec![vehicle.clone()],
        vec![near.clone(), urgent.clone()],
    ));
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
    let (_, plan) = planned(priced(vec![Vehicle::new(0, 4, DAY)], vec![order.clone()]));
    assert_eq!(plan.cost_milli, 1000 * (50 + 50));
    order.committed = true;
    order.dropoff.window = Some(Window {
        earliest_s: 0,
        latest_s: 30,
    });
    let (_, plan) = planned(priced(vec![Vehicle::new(0, 4, DAY)], vec![order.clone()]));
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
        let mut spec = spec(vehicles.clone(), vec![order.clone()]);
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
        let mut list = vec![first.clone(), second.clone(), aboard.clone()];
        list.resize(orders, on_the_way.clone());
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
        let mut orders = vec![near.clone(); others];
        orders.push(urgent.clone());
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
