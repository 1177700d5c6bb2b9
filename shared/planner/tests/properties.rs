//! What has to hold for every problem.

mod common;

use common::{exact, problems};
use planner::{Limit, Options, Plan, check, solve, solve_with};
use proptest::prelude::*;

fn options(rounds: u64, seed: u64) -> Options {
    Options {
        limit: Limit::Iterations(rounds),
        seed,
        threads: 1,
    }
}

proptest! {
    // `PROPTEST_CASES` says how many cases there are.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_keep_to_their_problem(problem in problems::problem(12, 4), seed: u64) {
        let plan = solve(&problem, &options(60, seed));
        prop_assert_eq!(check(&problem, &plan), Ok(()));
    }

    #[test]
    fn small_problems_are_solved_to_the_optimum(
        problem in problems::problem(4, 3),
        seed: u64,
    ) {
        let plan = solve(&problem, &options(2000, seed));
        prop_assert_eq!(check(&problem, &plan), Ok(()));
        prop_assert_eq!(exact::value(&problem, &plan), exact::best(&problem));
    }

    #[test]
    fn the_best_plan_only_gets_better(problem in problems::problem(12, 3), seed: u64) {
        let mut steps = Vec::new();
        let plan = solve_with(&problem, &options(100, seed), |it| steps.push(*it));
        let vehicles_first = problem.minimises_vehicles();
        // Committed orders that cannot be placed at all are so at every step.
        let keys: Vec<_> = steps
            .iter()
            .map(|it| {
                let first = if vehicles_first { it.vehicles } else { 0 };
                let left = problem.orders().len() - it.placed;
                (left, it.lateness_s, first, it.travel, it.vehicles)
            })
            .collect();
        prop_assert!(keys.windows(2).all(|pair| pair[1] < pair[0]), "{:?}", keys);
        if let Some(last) = steps.last() {
            prop_assert_eq!(last.vehicles, plan.routes.len());
            prop_assert_eq!(last.lateness_s, plan.lateness_s);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan(problem in problems::problem(12, 3), seed: u64) {
        let first = solve(&problem, &options(80, seed));
        prop_assert_eq!(first, solve(&problem, &options(80, seed)));
    }

    #[test]
    fn timing_a_plan_anew_gives_the_same_times(problem in problems::problem(12, 3), seed: u64) {
        let plan = solve(&problem, &options(40, seed));
        let sequences: Vec<_> = plan
            .routes
            .iter()
            .map(|route| {
                let stops = route.stops.iter().map(|stop| (stop.order, stop.kind));
                (route.vehicle, stops.collect())
            })
            .collect();
        prop_assert_eq!(Plan::timed(&problem, &sequences).routes, plan.routes);
    }
}
