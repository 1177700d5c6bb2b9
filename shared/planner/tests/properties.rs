//! Properties that hold for every instance.

mod common;

use common::{exact, instances};
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
    // `PROPTEST_CASES` sets the number of cases.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn plans_keep_the_rules_of_their_instance(instance in instances::instance(12, 4), seed: u64) {
        let plan = solve(&instance, &options(60, seed));
        prop_assert_eq!(check(&instance, &plan), Ok(()));
    }

    #[test]
    fn small_instances_are_solved_to_the_optimum(
        instance in instances::instance(4, 3),
        seed: u64,
    ) {
        let plan = solve(&instance, &options(2000, seed));
        prop_assert_eq!(check(&instance, &plan), Ok(()));
        prop_assert_eq!(exact::value(&instance, &plan), exact::best(&instance));
    }

    #[test]
    fn the_best_plan_only_gets_better(instance in instances::instance(12, 3), seed: u64) {
        let mut steps = Vec::new();
        let plan = solve_with(&instance, &options(100, seed), |it| steps.push(*it));
        let vehicles_first = instance.objective().minimise_vehicles;
        // A committed order that no vehicle can carry is unserved at every step, so its count does not matter.
        let keys: Vec<_> = steps
            .iter()
            .map(|it| {
                let first = if vehicles_first { it.vehicles } else { 0 };
                let unserved = instance.orders().len() - it.served;
                (unserved, it.unserved_urgency, it.lateness_s, first, it.cost_milli, it.vehicles)
            })
            .collect();
        prop_assert!(keys.windows(2).all(|pair| pair[1] < pair[0]), "{:?}", keys);
        if let Some(last) = steps.last() {
            prop_assert_eq!(last.vehicles, plan.routes.len());
            prop_assert_eq!(last.lateness_s, plan.lateness_s);
            prop_assert_eq!(last.cost_milli, plan.cost_milli);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan(instance in instances::instance(12, 3), seed: u64) {
        let first = solve(&instance, &options(80, seed));
        prop_assert_eq!(first, solve(&instance, &options(80, seed)));
    }

    #[test]
    fn timing_a_plan_again_gives_the_same_times(instance in instances::instance(12, 3), seed: u64) {
        let plan = solve(&instance, &options(40, seed));
        let sequences: Vec<_> = plan
            .routes
            .iter()
            .map(|route| {
                let stops = route.stops.iter().map(|stop| (stop.order, stop.kind));
                (route.vehicle, stops.collect())
            })
            .collect();
        prop_assert_eq!(Plan::timed(&instance, &sequences).routes, plan.routes);
    }
}
