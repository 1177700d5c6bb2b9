//! Vehicles that rest.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::line::{DAY, planned, priced, spec, until};
use planner::{
    Break, Instance, Order, Plan, PlannerStop, Shift, StopKind, TimedBreak, UnservedReason,
    Vehicle, ViolationKind, Window, check,
};

fn rest(earliest_s: i64, latest_s: i64, duration_s: i64) -> Break {
    Break {
        window: Window {
            earliest_s,
            latest_s,
        },
        duration_s,
    }
}

/// A vehicle at point 0.
fn vehicle(breaks: &[Break]) -> Vehicle {
    Vehicle {
        breaks: breaks.to_vec(),
        ..Vehicle::new(0, 4, DAY)
    }
}

/// From point 1 to point 9: 10 s to the pickup and 80 s to the drop-off.
fn order() -> Order {
    Order::new(PlannerStop::at(1), PlannerStop::at(9), 1)
}

fn served_for(point: usize, service_s: i64) -> PlannerStop {
    PlannerStop {
        service_s,
        ..PlannerStop::at(point)
    }
}

/// The arrival, the waiting and the departure of each stop, and the breaks.
fn times(plan: &Plan) -> (Vec<(i64, i64, i64)>, Vec<TimedBreak>) {
    let route = &plan.routes[0];
    let stops = route.stops.iter();
    let times = stops.map(|it| (it.arrival_s, it.waiting_s, it.departure_s));
    (times.collect(), route.breaks.clone())
}

fn taken(after: usize, begin_s: i64, end_s: i64) -> TimedBreak {
    TimedBreak {
        after,
        begin_s,
        end_s,
    }
}

#[test]
fn a_break_interrupts_driving() {
    let (_, plan) = planned(spec(vec![vehicle(&[rest(50, 60, 30)])], vec![order()]));
    let stops = vec![(10, 0, 10), (120, 0, 120)];
    assert_eq!(times(&plan), (stops, vec![taken(1, 50, 80)]));
    // The vehicle drives for 90 s, whatever it does in between.
    assert_eq!(plan.duration_s, 90);
}

#[test]
fn a_break_does_not_interrupt_a_service() {
    let order = Order {
        pickup: Some(served_for(1, 60)),
        ..order()
    };
    let (_, plan) = planned(spec(
        vec![vehicle(&[rest(50, 70, 30)])],
        vec![order.clone()],
    ));
    assert_eq!(
        times(&plan),
        (vec![(10, 0, 70), (180, 0, 180)], vec![taken(1, 70, 100)])
    );
    // The service would end after the span, so it begins after the break.
    let (_, plan) = planned(spec(vec![vehicle(&[rest(50, 69, 30)])], vec![order]));
    assert_eq!(
        times(&plan),
        (vec![(10, 70, 140), (220, 0, 220)], vec![taken(0, 50, 80)])
    );
}

#[test]
fn a_break_in_the_time_of_waiting_costs_no_time() {
    let order = Order::new(PlannerStop::at(1), until(9, 1300), 1);
    let (_, plan) = planned(spec(vec![vehicle(&[rest(150, 200, 100)])], vec![order]));
    let stops = vec![(10, 0, 10), (90, 210, 300)];
    assert_eq!(times(&plan), (stops, vec![taken(1, 150, 250)]));
}

#[test]
fn a_break_after_the_route_does_not_belong_to_it() {
    for (due, count) in [(90, 1), (91, 0)] {
        let breaks = [rest(due, due + 50, 30)];
        let (_, plan) = planned(spec(vec![vehicle(&breaks)], vec![order()]));
        assert_eq!(plan.routes[0].breaks.len(), count);
        assert_eq!(plan.routes[0].finish_s, if count == 0 { 90 } else { 120 });
    }
}

#[test]
fn a_break_that_began_before_the_plan_begins_with_the_shift_and_one_that_is_over_is_over() {
    let at_100 = |breaks: &[Break]| {
        let mut vehicle = vehicle(breaks);
        vehicle.shift.start_s = 100;
        let (_, plan) = planned(spec(vec![vehicle], vec![order()]));
        (
            plan.routes[0].stops[0].arrival_s,
            plan.routes[0].breaks.clone(),
        )
    };
    assert_eq!(at_100(&[rest(60, 70, 40)]), (110, vec![]));
    assert_eq!(at_100(&[rest(60, 70, 41)]), (151, vec![taken(0, 100, 141)]));
    // The next break waits for the end of this one.
    assert_eq!(
        at_100(&[rest(60, 70, 41), rest(120, 120, 9), rest(152, 160, 5)]),
        (
            165,
            vec![taken(0, 100, 141), taken(0, 141, 150), taken(0, 152, 157)]
        )
    );
}

#[test]
fn a_vehicle_that_rests_leaves_an_order_to_another() {
    // The first vehicle is nearer, but it would rest when it has to be there.
    let mut fleet = vec![vehicle(&[rest(30, 40, 2000)]), Vehicle::new(9, 4, DAY)];
    let order = Order::new(PlannerStop::at(3), until(4, 100), 1);
    let (_, plan) = planned(spec(fleet.clone(), vec![order.clone()]));
    assert_eq!(plan.routes[0].vehicle, 1);
    fleet.pop();
    let (instance, plan) = planned(spec(fleet, vec![order]));
    assert_eq!(plan.unserved[0].reason, UnservedReason::OutsideTimeWindows);
    let stops = vec![(0, StopKind::Pickup), (0, StopKind::Dropoff)];
    let found = check(&instance, &Plan::timed(&instance, &[(0, stops)])).unwrap_err();
    assert_eq!(found[0].kind, ViolationKind::AfterWindow { by_s: 1940 });
}

#[test]
fn committed_orders_are_late_and_no_break_is_left_out() {
    let breaks = [rest(5, 10, 50), rest(100, 100, 50)];
    let mut vehicle = vehicle(&breaks);
    vehicle.frozen = vec![(0, StopKind::Pickup)];
    let mut heading = Order::new(PlannerStop::at(2), until(9, 60), 1);
    heading.pinned_to = Some(0);
    heading.committed = true;
    let (_, plan) = planned(spec(vec![vehicle], vec![heading]));
    let stops = vec![(70, 0, 70), (190, 0, 190)];
    let breaks = vec![taken(0, 5, 55), taken(1, 100, 150)];
    assert_eq!(times(&plan), (stops, breaks));
    assert_eq!(plan.lateness_s, 130);
}

#[test]
fn waiting_customers_wait_through_breaks() {
    let (_, plan) = planned(priced(vec![vehicle(&[rest(50, 60, 30)])], vec![order()]));
    assert_eq!(plan.waiting_s, 120);
    assert_eq!(plan.cost_milli, 1000 * (90 + 120));
}

#[test]
fn the_shift_has_to_contain_the_breaks_of_the_route() {
    for (end_s, served) in [(120, 1), (119, 0)] {
        let mut vehicle = vehicle(&[rest(50, 60, 30)]);
        vehicle.shift = Shift { start_s: 0, end_s };
        let (_, plan) = planned(spec(vec![vehicle], vec![order()]));
        assert_eq!(plan.routes.len(), served);
    }
}

#[test]
fn a_plan_that_leaves_a_break_out_is_refused() {
    let breaks = [rest(50, 60, 30)];
    let (instance, plan) = planned(spec(vec![vehicle(&breaks)], vec![order()]));
    let (without, _) = planned(spec(vec![vehicle(&[])], vec![order()]));
    let stops = vec![(0, StopKind::Pickup), (0, StopKind::Dropoff)];
    let found = check(&instance, &Plan::timed(&without, &[(0, stops)])).unwrap_err();
    let kinds: Vec<_> = found.iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&ViolationKind::WrongBreaks), "{kinds:?}");
    let mut moved = plan;
    moved.routes[0].breaks[0].begin_s += 1;
    let found = check(&instance, &moved).unwrap_err();
    assert_eq!(found[0].kind, ViolationKind::WrongBreaks);
}

#[test]
fn bad_breaks_are_named() {
    let breaks = [
        rest(50, 40, 0),
        rest(45, 60, 30),
        rest(89, 99, 30),
        rest(200, 200, 1),
    ];
    let faults = Instance::new(spec(vec![vehicle(&breaks)], vec![])).unwrap_err();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "vehicles[0].breaks: more than 3 breaks",
            "vehicles[0].breaks[0].window: ends before it begins",
            "vehicles[0].breaks[0].duration_s: must be at least 1",
            "vehicles[0].breaks[2].window: may begin before the break before it ends",
        ]
    );
}
