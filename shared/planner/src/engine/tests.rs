//! Tests of the search without the exact solver, and of the exact solver against the search.
//!
//! The instances come from a fixed seed. The search is not guaranteed to find the optimum, so other seeds could fail.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::clock::Clock;
use super::network::Network;
use super::{answer, exact, planned};
use crate::{
    Instance, InstanceSpec, Limit, Objective, Options, Order, Plan, PlannerStop, Shift, StopKind,
    TravelMatrix, Vehicle, Window, check, solve,
};
use common::exact as oracle;
use common::instances;

#[path = "../../tests/common/mod.rs"]
mod common;

/// Random instances, the same each time.
fn drawn(count: usize, orders: usize, vehicles: usize) -> Vec<Instance> {
    let mut runner = TestRunner::deterministic();
    let strategy = instances::instance(orders, vehicles);
    (0..count)
        .map(|_| match strategy.new_tree(&mut runner) {
            Ok(tree) => tree.current(),
            Err(reason) => panic!("{reason}"),
        })
        .collect()
}

fn options(rounds: u64) -> Options {
    Options::new(Limit::Iterations(rounds))
}

/// Plans without the exact solver.
fn searched(instance: &Instance, rounds: u64) -> Plan {
    let plan = planned(instance, &options(rounds), 0, |_| {});
    assert_eq!(check(instance, &plan), Ok(()));
    plan
}

#[test]
fn the_search_alone_finds_the_optimum_of_small_instances() {
    for instance in drawn(300, 4, 3) {
        let plan = searched(&instance, 2000);
        let found = oracle::value(&instance, &plan);
        assert_eq!(found, oracle::best(&instance), "{instance:?}");
    }
}

#[test]
fn in_the_search_a_committed_order_waits_for_one_that_fits_in_one_place_only() {
    let shift = Shift {
        start_s: 0,
        end_s: 409,
    };
    let mut vehicle = Vehicle::new(0, 4, shift);
    vehicle.next_stop = Some((0, StopKind::Pickup));
    let mut next = Order::new(PlannerStop::at(2), PlannerStop::at(1), 1);
    next.vehicle = Some(0);
    let mut at_once = PlannerStop::at(0);
    at_once.window = Some(Window {
        earliest_s: 0,
        latest_s: 0,
    });
    let mut committed = Order::new(PlannerStop::at(3), PlannerStop::at(4), 1);
    committed.pickup = committed.pickup.map(|stop| PlannerStop {
        service_s: 1,
        ..stop
    });
    committed.dropoff.service_s = 1;
    committed.vehicle = Some(0);
    committed.committed = true;
    let instance = Instance::new(InstanceSpec {
        travel: TravelMatrix::measured(5, |from, to| match (from, to) {
            (0, 1) => (10, 0),
            (1, 3) => (43, 0),
            (3, 0) => (20, 0),
            _ => (0, 0),
        }),
        vehicles: vec![vehicle],
        orders: vec![next, Order::new(PlannerStop::at(0), at_once, 4), committed],
        objective: Objective::Distance,
        minimise_vehicles: false,
    });
    let instance = instance.unwrap_or_else(|faults| panic!("{faults:?}"));
    for seed in 0..20 {
        let options = Options {
            seed,
            ..options(2000)
        };
        let plan = planned(&instance, &options, 0, |_| {});
        assert!(plan.unserved.is_empty(), "seed {seed}");
    }
}

#[test]
fn the_search_never_finds_better_than_the_optimum() {
    for instance in drawn(300, exact::MOST_ORDERS, 4) {
        let best = solve(&instance, &options(1));
        assert_eq!(check(&instance, &best), Ok(()));
        let found = searched(&instance, 200);
        let value = |plan: &Plan| oracle::value(&instance, plan);
        assert!(value(&best) <= value(&found), "{instance:?}");
    }
}

#[test]
fn an_exact_solver_without_budget_returns_a_plan() {
    let mut cut_short = 0;
    for instance in drawn(100, exact::MOST_ORDERS, 4) {
        if instance.orders().is_empty() || instance.vehicles().is_empty() {
            continue;
        }
        let network = Network::new(&instance);
        let clock = Clock::start(Limit::Iterations(1), instance.orders().len());
        let whole = exact::best(&network, &clock, exact::BUDGET);
        let tried = exact::best(&network, &clock, 40);
        assert!(whole.proven);
        cut_short += usize::from(!tried.proven);
        let plan = answer::plan(&network, &tried.schedule, 0);
        let found = check(&instance, &plan).err().unwrap_or_default();
        assert!(
            found
                .iter()
                .all(|it| it.kind == crate::ViolationKind::CommittedUnserved),
            "{found:?}"
        );
        let value = |schedule| oracle::value(&instance, &answer::plan(&network, schedule, 0));
        assert!(value(&whole.schedule) <= value(&tried.schedule));
    }
    assert!(cut_short > 20, "{cut_short}");
}
