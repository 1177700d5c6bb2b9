//! The search without the exact solver, and the exact solver beside the search.
//!
//! Problems are drawn from a fixed seed: what the search finds in a number of
//! rounds is likely the optimum, but promised is only that it is a valid plan.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::clock::Clock;
use super::network::Network;
use super::{answer, exact, planned};
use crate::{
    Limit, Objective, Options, Order, Plan, Problem, ProblemSpec, Shift, Stop, StopKind,
    TravelMatrix, Vehicle, Window, check, solve,
};
use common::exact as oracle;
use common::problems;

#[path = "../../tests/common/mod.rs"]
mod common;

/// The same problems each time.
fn drawn(count: usize, orders: usize, vehicles: usize) -> Vec<Problem> {
    let mut runner = TestRunner::deterministic();
    let strategy = problems::problem(orders, vehicles);
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

/// What the search finds by itself.
fn searched(problem: &Problem, rounds: u64) -> Plan {
    let plan = planned(problem, &options(rounds), 0, |_| {});
    assert_eq!(check(problem, &plan), Ok(()));
    plan
}

#[test]
fn the_search_by_itself_finds_the_optimum_of_small_problems() {
    for problem in drawn(300, 4, 3) {
        let plan = searched(&problem, 2000);
        let found = oracle::value(&problem, &plan);
        assert_eq!(found, oracle::best(&problem), "{problem:?}");
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
    let mut next = Order::new(Stop::at(2), Stop::at(1), 1);
    next.vehicle = Some(0);
    let mut at_once = Stop::at(0);
    at_once.window = Some(Window {
        earliest_s: 0,
        latest_s: 0,
    });
    let mut committed = Order::new(Stop::at(3), Stop::at(4), 1);
    committed.pickup = committed.pickup.map(|stop| Stop {
        service_s: 1,
        ..stop
    });
    committed.dropoff.service_s = 1;
    committed.vehicle = Some(0);
    committed.committed = true;
    let problem = Problem::new(ProblemSpec {
        travel: TravelMatrix::measured(5, |from, to| match (from, to) {
            (0, 1) => (10, 0),
            (1, 3) => (43, 0),
            (3, 0) => (20, 0),
            _ => (0, 0),
        }),
        vehicles: vec![vehicle],
        orders: vec![next, Order::new(Stop::at(0), at_once, 4), committed],
        objective: Objective::Distance,
        minimise_vehicles: false,
    });
    let problem = problem.unwrap_or_else(|faults| panic!("{faults:?}"));
    for seed in 0..20 {
        let options = Options {
            seed,
            ..options(2000)
        };
        let plan = planned(&problem, &options, 0, |_| {});
        assert!(plan.unplaced.is_empty(), "seed {seed}");
    }
}

#[test]
fn the_search_never_finds_better_than_the_optimum() {
    for problem in drawn(300, exact::MOST_ORDERS, 4) {
        let best = solve(&problem, &options(1));
        assert_eq!(check(&problem, &best), Ok(()));
        let found = searched(&problem, 200);
        let value = |plan: &Plan| oracle::value(&problem, plan);
        assert!(value(&best) <= value(&found), "{problem:?}");
    }
}

#[test]
fn what_was_tried_when_the_budget_is_spent_is_a_plan() {
    let mut cut_short = 0;
    for problem in drawn(100, exact::MOST_ORDERS, 4) {
        if problem.orders().is_empty() || problem.vehicles().is_empty() {
            continue;
        }
        let network = Network::new(&problem);
        let clock = Clock::start(Limit::Iterations(1), problem.orders().len());
        let whole = exact::best(&network, &clock, exact::BUDGET);
        let tried = exact::best(&network, &clock, 40);
        assert!(whole.proven);
        cut_short += usize::from(!tried.proven);
        let plan = answer::plan(&network, &tried.schedule, 0);
        let found = check(&problem, &plan).err().unwrap_or_default();
        assert!(
            found
                .iter()
                .all(|it| it.kind == crate::ViolationKind::CommittedLeftOver),
            "{found:?}"
        );
        let value = |schedule| oracle::value(&problem, &answer::plan(&network, schedule, 0));
        assert!(value(&whole.schedule) <= value(&tried.schedule));
    }
    assert!(cut_short > 20, "{cut_short}");
}
