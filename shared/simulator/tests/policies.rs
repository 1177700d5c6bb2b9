//! The policies on days with trouble, and the bound below them.

#![allow(clippy::unwrap_used)]

use simulator::clairvoyant::clairvoyant;
use simulator::generate::PlainDay;
use simulator::policies::{insertion, nearest_idle, soonest};
use simulator::scenarios::SCENARIOS;
use simulator::{Day, Outcome};

fn policies(day: &Day) -> [(&'static str, Outcome); 3] {
    [
        ("nearest idle", nearest_idle(day)),
        ("soonest", soonest(day)),
        ("insertion", insertion(day, 0.2)),
    ]
}

#[test]
fn each_order_is_delivered_or_ended() {
    for scenario in SCENARIOS {
        let day = scenario.day(1);
        for (name, outcome) in policies(&day) {
            for (index, order) in day.orders.iter().enumerate() {
                let delivered = outcome.deliveries[index].is_some();
                assert!(delivered != outcome.ended[index], "{name}: order {index}");
                assert!(!(delivered && order.pickup_fails), "{name}: order {index}");
            }
        }
    }
}

#[test]
fn nobody_departs_to_a_pickup_off_duty() {
    let scenario = SCENARIOS
        .into_iter()
        .find(|it| it.name == "breaks")
        .unwrap();
    let day = scenario.day(2);
    for (name, outcome) in policies(&day) {
        for (agent, visits) in day.agents.iter().zip(&outcome.visits) {
            let pickups = visits
                .iter()
                .filter(|visit| visit.kind == domain::StopKind::Pickup);
            for visit in pickups {
                let duty = agent.duty_at(visit.left_s).unwrap();
                assert!(duty.from_s <= visit.left_s, "{name}: {visit:?} {duty:?}");
            }
        }
    }
}

/// Driving and weighted waiting, in seconds.
fn cost(day: &Day, outcome: &Outcome, weight: f64) -> f64 {
    let visits = outcome.visits.iter().flatten();
    let driving_s: f64 = visits.clone().map(|it| it.arrived_s - it.left_s).sum();
    driving_s + weight * outcome.waits(day).iter().sum::<f64>()
}

#[test]
fn the_clairvoyant_plan_costs_less_than_every_policy() {
    for seed in 1..=3 {
        let day = PlainDay::reference(50.0).generate(seed);
        let bound = clairvoyant(&day, 200, 5_000).unwrap();
        assert!(bound.deliveries.iter().all(Option::is_some));
        for visit in bound.visits.iter().flatten() {
            let placed_s = day.orders[visit.order].at_s;
            assert!(visit.served_s >= placed_s, "{visit:?}");
        }
        let bound = cost(&day, &bound, 0.2);
        for (name, outcome) in policies(&day) {
            let cost = cost(&day, &outcome, 0.2);
            assert!(
                bound < cost,
                "seed {seed}: {bound} against {cost} of {name}"
            );
        }
    }
}
