//! Days with Waybill that can be computed by hand, and rules that hold on every day.

#![allow(clippy::unwrap_used)]

use domain::{Coordinates, LegEstimate, StopKind};
use simulator::day::GENERATED_DAY;
use simulator::generate::{PlainDay, order_between};
use simulator::scenarios::SCENARIOS;
use simulator::waybill::{Deployment, Report, run};
use simulator::{Day, DayAgent, DayOrder, Duty, Streets};

const SERVICE_S: f64 = 60.0;

/// A point this many minutes of latitude north of Berlin.
fn north(minutes: f64) -> Coordinates {
    Coordinates {
        lat: 52.5 + minutes / 60.0,
        lon: 13.4,
    }
}

fn order(at_s: f64, from: f64, to: f64) -> DayOrder {
    DayOrder {
        at_s,
        customer: 0,
        new: order_between(north(from), north(to), SERVICE_S as u32),
        cancelled_s: None,
        pickup_fails: false,
    }
}

fn agent(start: f64, duties: Vec<Duty>) -> DayAgent {
    DayAgent {
        start: north(start),
        duties,
        capacity: 10,
        has_shifts: false,
    }
}

fn day(agents: Vec<DayAgent>, orders: Vec<DayOrder>) -> Day {
    Day {
        begins: GENERATED_DAY,
        orders,
        agents,
        streets: Streets::quiet(LegEstimate::default()),
        promise_s: 4.0 * 3600.0,
    }
}

fn quick() -> Deployment {
    Deployment {
        rounds: 200,
        ..Deployment::default()
    }
}

fn leg_s(from: f64, to: f64) -> f64 {
    LegEstimate::default().base_s
        + LegEstimate::default().s_per_km * north(from).great_circle_m(north(to)) / 1000.0
}

fn delivered_s(report: &Report, order: usize) -> f64 {
    report.outcome.deliveries[order].unwrap().at_s
}

#[test]
fn an_order_waits_for_the_windows_the_plan_and_the_drive() {
    let day = day(
        vec![agent(0.0, vec![Duty::from(0.0)])],
        vec![order(100.0, 1.0, 2.0)],
    );
    let report = run(&day, quick()).unwrap();
    // The stream's window, the optimizer's window, and the plan.
    let departs_s = 100.0 + 1.0 + 10.0 + 4.0;
    let expected_s = departs_s + leg_s(0.0, 1.0) + SERVICE_S + leg_s(1.0, 2.0) + SERVICE_S;
    assert!((delivered_s(&report, 0) - expected_s).abs() < 0.01);
    let km = north(0.0).great_circle_m(north(2.0)) / 1000.0;
    assert!((report.outcome.km - km).abs() < 0.01);
    // The customer hears of the assignment and of the delivery, the agent of the route.
    assert_eq!(report.emails, 3);
    assert_eq!(report.plans.len(), 1);
}

#[test]
fn noise_changes_the_drive_and_not_the_plan() {
    let mut noisy = day(
        vec![agent(0.0, vec![Duty::from(0.0)])],
        vec![order(0.0, 1.0, 2.0)],
    );
    let quiet_s = delivered_s(&run(&noisy, quick()).unwrap(), 0);
    noisy.streets.noise = 0.4;
    noisy.streets.seed = 1;
    let legs = [(0.0, 1.0), (1.0, 2.0)]
        .map(|(from, to)| noisy.streets.true_s(north(from), north(to)) - leg_s(from, to));
    let noisy_s = delivered_s(&run(&noisy, quick()).unwrap(), 0);
    assert!((noisy_s - quiet_s - legs.iter().sum::<f64>()).abs() < 0.01);
    assert!(legs.iter().all(|more_s| more_s.abs() > 1.0));
}

#[test]
fn nobody_drives_to_a_cancelled_order() {
    let mut cancelled = order(0.0, 5.0, 6.0);
    cancelled.cancelled_s = Some(60.0);
    let day = day(
        vec![agent(0.0, vec![Duty::from(0.0)])],
        vec![cancelled, order(100.0, -1.0, -2.0)],
    );
    let report = run(&day, quick()).unwrap();
    assert_eq!(report.outcome.ended, [true, false]);
    assert!(report.outcome.deliveries[0].is_none());
    // The agent turned on the way to the first pickup.
    let driven = report.outcome.km;
    let direct = north(0.0).great_circle_m(north(-2.0)) / 1000.0;
    assert!(
        direct < driven && driven < 2.0 * direct,
        "{driven} {direct}"
    );
}

#[test]
fn a_failed_pickup_ends_the_order_and_the_agent_drives_on() {
    let mut failing = order(0.0, 1.0, 9.0);
    failing.pickup_fails = true;
    let day = day(
        vec![agent(0.0, vec![Duty::from(0.0)])],
        vec![failing, order(0.0, 1.0, 2.0)],
    );
    let report = run(&day, quick()).unwrap();
    assert_eq!(report.outcome.ended, [true, false]);
    assert_eq!(report.outcome.visits[0].len(), 3);
    assert!(report.outcome.km < 5.0, "{}", report.outcome.km);
}

#[test]
fn an_agent_on_a_break_gives_back_what_is_not_aboard() {
    let duty = Duty {
        from_s: 0.0,
        until_s: 300.0,
    };
    let both = [order(0.0, 0.0, 4.0), order(200.0, 4.0, 5.0)];
    let day = day(
        vec![agent(0.0, vec![duty, Duty::from(4000.0)])],
        both.to_vec(),
    );
    let report = run(&day, quick()).unwrap();
    // The first order was aboard when the break began. The second one waits until the break is over.
    assert!(delivered_s(&report, 0) < 1500.0);
    let visits = &report.outcome.visits[0];
    let second = visits.iter().find(|visit| visit.order == 1).unwrap();
    assert!(second.left_s >= 4000.0, "{second:?}");
}

#[test]
fn a_seed_always_gives_the_same_day() {
    let mut plain = PlainDay::reference(50.0);
    plain.orders = 25;
    let same = |_| {
        let report = run(&plain.generate(3), quick()).unwrap();
        let moved = report.moved();
        (report.outcome, moved, report.emails, report.requests)
    };
    let [one, other] = [0, 1].map(same);
    assert_eq!(one, other);
}

#[test]
fn agents_make_one_stop_after_the_other_and_pick_up_what_they_deliver() {
    for scenario in SCENARIOS {
        let mut small = scenario;
        small.orders = 40;
        small.agents = 4;
        let day = small.day(5);
        let report = run(&day, quick()).unwrap();
        let outcome = &report.outcome;
        for (index, order) in day.orders.iter().enumerate() {
            let visits = outcome.visits.iter().enumerate();
            let of_order: Vec<_> = visits
                .flat_map(|(agent, visits)| visits.iter().map(move |visit| (agent, visit)))
                .filter(|(_, visit)| visit.order == index)
                .collect();
            match (&outcome.deliveries[index], of_order.as_slice()) {
                (Some(delivery), [(first, pickup), (second, dropoff)]) => {
                    assert_eq!(
                        (pickup.kind, dropoff.kind),
                        (StopKind::Pickup, StopKind::Dropoff)
                    );
                    assert_eq!((*first, *second), (delivery.agent, delivery.agent));
                    assert!(order.at_s < pickup.served_s && pickup.served_s < dropoff.served_s);
                    assert_eq!(dropoff.served_s, delivery.at_s);
                }
                (None, visits) => assert!(visits.len() <= 1 && outcome.ended[index]),
                other => panic!("{}: order {index}: {other:?}", scenario.name),
            }
        }
        for visits in &outcome.visits {
            for pair in visits.windows(2) {
                assert!(pair[0].served_s <= pair[1].left_s, "{pair:?}");
            }
        }
    }
}
