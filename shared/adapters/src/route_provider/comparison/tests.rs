//! A service's plan is used if it is at least as good as our own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::ports::{Fallback, FallbackReason, PlannedRoute, PlannedVisit, RouteProvider as _};
use async_trait::async_trait;
use planner::{Limit, Objective, Options, Order, PlannerStop, Shift, Vehicle, solve};
use tokio::time::Instant;

use super::*;
use crate::route_provider::embedded::EmbeddedProvider;
use crate::route_provider::fallback::WithFallback;
use crate::route_provider::remote::{RemotePlanner, Unusable};

const SHIFT: Shift = Shift {
    start_s: 0,
    end_s: 8 * 3_600,
};

/// The place so many kilometres, more or less, east of Plaça de Catalunya.
fn east(km: f64) -> Coordinates {
    Coordinates {
        lat: 41.387,
        lon: 2.17 + km / 83.5,
    }
}

fn request(places: Vec<Coordinates>, vehicles: Vec<Vehicle>, orders: Vec<Order>) -> PlanRequest {
    PlanRequest {
        at: testkit::at("2030-05-06T08:00:00Z"),
        places,
        vehicles,
        orders,
        objective: Objective {
            waiting_weight_milli: 200,
            move_cost: 300,
            ..Objective::duration()
        },
        time_limit: Duration::from_millis(200),
    }
}

/// Two agents in the middle, an order in the east and one in the west.
fn two_ways() -> PlanRequest {
    let order = |pickup, dropoff| Order::new(PlannerStop::at(pickup), PlannerStop::at(dropoff), 1);
    request(
        [0.0, 1.0, 2.0, -1.0, -2.0].map(east).to_vec(),
        vec![Vehicle::new(0, 4, SHIFT), Vehicle::new(0, 4, SHIFT)],
        vec![order(1, 2), order(3, 4)],
    )
}

/// The plan of a service for a city where each leg takes `factor` times as long as estimated.
fn said(
    request: &PlanRequest,
    factor: u32,
    routes: &[(usize, Vec<(usize, StopKind)>)],
) -> PlanAnswer {
    let points = OwnPoints(request);
    let places = points.places();
    let instance = points.instance(|from, to| {
        let leg = LegEstimate::default().leg(places[from], places[to]);
        Leg {
            distance_m: leg.distance_m,
            duration_s: factor * leg.duration_s,
        }
    });
    let instance = instance.unwrap();
    PlanAnswer::of("ors", &instance, &Plan::timed(&instance, routes))
}

const BOTH: [StopKind; 2] = [StopKind::Pickup, StopKind::Dropoff];

/// Each order is served before the next one.
fn one_by_one(orders: &[usize]) -> Vec<(usize, StopKind)> {
    let stops = orders
        .iter()
        .flat_map(|order| BOTH.map(|kind| (*order, kind)));
    stops.collect()
}

/// A service that always has the same plan.
struct Says {
    answer: PlanAnswer,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl RemotePlanner for Says {
    fn name(&self) -> &'static str {
        "ors"
    }

    async fn plan(&self, _: &PlanRequest, _: Instant) -> Result<PlanAnswer, Unusable> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.answer.clone())
    }
}

/// The plan that is used, and the number of requests to the service for two plans.
async fn used(request: &PlanRequest, answer: PlanAnswer) -> (PlanAnswer, usize) {
    let (estimate, minute) = (LegEstimate::default(), Duration::from_secs(60));
    let asked = Arc::<AtomicUsize>::default();
    let remote = Says {
        answer,
        asked: asked.clone(),
    };
    let embedded = Arc::new(EmbeddedProvider::new(estimate));
    let provider = WithFallback::new(vec![Box::new(remote)], embedded, estimate, minute, minute);
    provider.plan(request.clone()).await.unwrap();
    let answer = provider.plan(request.clone()).await.unwrap();
    (answer, asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn an_equal_plan_is_the_services() {
    let request = two_ways();
    let theirs = said(&request, 2, &[(0, one_by_one(&[0])), (1, one_by_one(&[1]))]);
    let (answer, _) = used(&request, theirs.clone()).await;
    assert_eq!(answer, theirs);
}

#[tokio::test]
async fn a_worse_plan_is_replaced_and_its_service_is_asked_again() {
    let request = two_ways();
    let theirs = said(&request, 2, &[(0, one_by_one(&[0, 1]))]);
    let (answer, asked) = used(&request, theirs).await;
    assert_eq!(answer.provider, "embedded");
    let worse = Fallback {
        provider: "ors",
        reason: FallbackReason::WorsePlan,
    };
    assert_eq!(answer.fallbacks, [worse]);
    assert_eq!(asked, 2, "a worse plan is no outage");
    assert_eq!(answer.unplaced, []);
    assert_eq!(answer.routes.len(), 2, "each agent has an order");
    // The service has returned some of these legs. The others are estimates that are scaled like them.
    let estimate = LegEstimate::default();
    for route in &answer.routes {
        let side = if route.visits[0].order == 0 {
            1.0
        } else {
            -1.0
        };
        let [from, pickup, dropoff] = [0.0, side, 2.0 * side].map(east);
        let expected = [estimate.leg(from, pickup), estimate.leg(pickup, dropoff)];
        for (visit, leg) in route.visits.iter().zip(expected) {
            let differs = i64::from(visit.duration_s) - 2 * i64::from(leg.duration_s);
            assert!(differs.abs() <= 1, "{visit:?} and {leg:?}");
        }
        assert!(route.geometry.is_some());
    }
}

#[tokio::test]
async fn a_plan_that_leaves_an_order_over_is_worse() {
    let request = two_ways();
    let mut theirs = said(&request, 1, &[(0, one_by_one(&[0]))]);
    theirs.provider = "ors";
    let (answer, _) = used(&request, theirs).await;
    assert_eq!(answer.provider, "embedded");
    assert_eq!((answer.routes.len(), answer.unplaced.len()), (2, 0));
}

#[test]
fn a_better_plan_is_the_services() {
    let places = (0..50).map(|n| Coordinates {
        lat: 41.3 + f64::from(n * 7 % 50) / 500.0,
        lon: 2.1 + f64::from(n * 11 % 50) / 500.0,
    });
    let orders = (0..25).map(|n| Order::new(PlannerStop::at(2 * n), PlannerStop::at(2 * n + 1), 1));
    let vehicles = (0..3).map(|n| Vehicle::new(5 * n, 4, SHIFT));
    let request = request(places.collect(), vehicles.collect(), orders.collect());
    let points = OwnPoints(&request);
    let at = points.places();
    let instance = points.instance(|from, to| LegEstimate::default().leg(at[from], at[to]));
    let instance = instance.unwrap();
    let plan = solve(&instance, &Options::new(Limit::Iterations(2_000)));
    let theirs = PlanAnswer::of("ors", &instance, &plan);
    let comparison = Comparison::of(&request, &theirs, LegEstimate::default()).unwrap();
    assert_eq!(comparison.theirs, plan.value(&instance));
    assert_eq!(comparison.better(Duration::ZERO, 1), None);
    // Without its second half the same plan is worse.
    let half = PlanAnswer {
        routes: theirs.routes[..1].to_vec(),
        ..theirs
    };
    let comparison = Comparison::of(&request, &half, LegEstimate::default()).unwrap();
    assert!(comparison.better(Duration::ZERO, 1).is_some());
}

/// Legs of these kilometres and seconds on a line.
fn fitted_to(legs: &[(f64, u32)]) -> LegEstimate {
    let places: Vec<Coordinates> = [0.0]
        .into_iter()
        .chain(legs.iter().map(|leg| leg.0))
        .map(east)
        .collect();
    let legs = legs.iter().enumerate().map(|(index, (_, duration_s))| {
        let distance_m = LegEstimate::default()
            .leg(places[0], places[index + 1])
            .distance_m;
        let leg = Leg {
            distance_m,
            duration_s: *duration_s,
        };
        ((0, index + 1), leg)
    });
    fitted(LegEstimate::default(), &legs.collect(), &places)
}

#[test]
fn estimates_fit_the_legs_of_the_service() {
    let default = LegEstimate::default();
    let unknown = fitted_to(&[]);
    assert!(
        (unknown.base_s - default.base_s).abs() < 1e-6,
        "{unknown:?}"
    );
    assert!((unknown.s_per_km - default.s_per_km).abs() < 1e-6);
    // A city with short stops and slow roads: 75 s for each leg and 128 s for each kilometre.
    let slow = fitted_to(&[(1.0, 203), (1.5, 267), (2.0, 331), (9.0, 1_227)]);
    assert!((slow.base_s - 75.0).abs() < 15.0, "{slow:?}");
    assert!((slow.s_per_km - 128.0).abs() < 5.0, "{slow:?}");
    // Legs of one length show only how much longer they are than estimated.
    let one_length = fitted_to(&[(1.0, 612), (1.0, 612)]);
    assert!(
        (one_length.base_s - 2.0 * default.base_s).abs() < 5.0,
        "{one_length:?}"
    );
    assert!(
        (one_length.s_per_km - 2.0 * default.s_per_km).abs() < 5.0,
        "{one_length:?}"
    );
    // The line through these legs would fall. Then both times are scaled.
    let odd = fitted_to(&[(0.5, 900), (3.0, 300)].repeat(20));
    let factor = odd.base_s / default.base_s;
    assert!(odd.s_per_km > 0.0 && (odd.s_per_km / default.s_per_km - factor).abs() < 1e-9);
}

#[test]
fn a_long_leg_that_is_only_estimated_does_not_win() {
    // Two orders on one way east. Going to the last stop first and then back is worse in the service's city.
    let order = |pickup, dropoff| Order::new(PlannerStop::at(pickup), PlannerStop::at(dropoff), 1);
    let request = request(
        [0.0, 1.0, 2.0, 11.0, 12.0].map(east).to_vec(),
        vec![Vehicle::new(0, 4, SHIFT)],
        vec![order(1, 4), order(2, 3)],
    );
    let [pickup, dropoff] = BOTH;
    let stops = vec![(0, pickup), (1, pickup), (1, dropoff), (0, dropoff)];
    let mut theirs = said(&request, 1, &[(0, stops)]);
    for (visit, km) in theirs.routes[0].visits.iter_mut().zip([1, 1, 9, 1]) {
        visit.duration_s = 75 + km * 128;
    }
    let comparison = Comparison::of(&request, &theirs, LegEstimate::default()).unwrap();
    assert_eq!(comparison.better(Duration::from_millis(50), 1), None);
}

#[test]
fn a_plan_without_routes_is_compared_on_estimates() {
    let request = two_ways();
    let nothing = PlanAnswer {
        provider: "ors",
        routes: Vec::<PlannedRoute>::new(),
        unplaced: Vec::new(),
        fallbacks: Vec::new(),
    };
    let comparison = Comparison::of(&request, &nothing, LegEstimate::default()).unwrap();
    let ours = comparison.better(Duration::from_millis(50), 1).unwrap();
    let visits: Vec<&PlannedVisit> = ours.routes.iter().flat_map(|it| &it.visits).collect();
    assert_eq!(visits.len(), 4);
}
