//! The planner within this process: it needs no key, no network and no road data.

use std::thread::available_parallelism;
use std::time::Duration;

use app::ports::{PlanAnswer, PlanRequest, PlannedRoute, ProviderError, RouteProvider};
use async_trait::async_trait;
use domain::{Coordinates, LegEstimate, StopKind};
use planner::{Instance, InstanceSpec, Limit, Options, Plan, TravelMatrix, solve};

/// Its name in answers and routes.
pub(super) const NAME: &str = "embedded";
/// More threads than that gain little: each searches on its own, and the best plan wins.
const MOST_THREADS: usize = 2;
/// The same instance gets the same random numbers.
const SEED: u64 = 0x5eed;
/// Decimals of a polyline's degrees.
pub(super) const PRECISION: u32 = 5;
/// The search of a handful of orders is at its end in milliseconds …
const SEARCH_AT_LEAST: Duration = Duration::from_millis(100);
/// … and each order makes it longer. 40 pending orders, a full route, get over a second. Some 330 get the 10 s that a
/// plan has by default.
const SEARCH_PER_PENDING: Duration = Duration::from_millis(30);
/// An order that is on a route was searched for before. The search begins with the routes as they are.
const SEARCH_PER_PLACED: Duration = Duration::from_millis(5);

/// The embedded planner, on estimated legs.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedProvider {
    estimate: LegEstimate,
    threads: usize,
}

impl EmbeddedProvider {
    /// With legs estimated in that way, on as many threads as there are cores, two at most.
    pub fn new(estimate: LegEstimate) -> Self {
        Self {
            estimate,
            threads: threads(),
        }
    }

    fn answer(self, request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let places = &request.places;
        let legs = TravelMatrix::measured(places.len(), |from, to| {
            let leg = self.estimate.leg(places[from], places[to]);
            (leg.distance_m, leg.duration_s)
        });
        searched(request, legs, NAME, self.threads)
    }
}

#[async_trait]
impl RouteProvider for EmbeddedProvider {
    async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let provider = *self;
        aside(move || provider.answer(request)).await
    }
}

/// Planning computes for seconds: on a thread of its own it does not hold up what else the runtime has to do.
pub(super) async fn aside<T: Send + 'static>(
    plan: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(plan)
        .await
        .map_err(|error| ProviderError::Unavailable(error.into()))?
}

/// Threads for one search: as many as there are cores, two at most.
pub(super) fn threads() -> usize {
    available_parallelism()
        .map_or(1, usize::from)
        .min(MOST_THREADS)
}

/// Plans on legs that are known, under the name of whoever knew them.
pub(super) fn searched(
    request: PlanRequest,
    legs: TravelMatrix,
    provider: &'static str,
    threads: usize,
) -> Result<PlanAnswer, ProviderError> {
    let (places, time_limit) = (request.places, request.time_limit);
    let instance = Instance::new(InstanceSpec {
        travel: legs,
        vehicles: request.vehicles,
        orders: request.orders,
        objective: request.objective,
    })
    .map_err(contradiction)?;
    let plan = search(&instance, time_limit, threads);
    Ok(answer_of(provider, &instance, &places, &plan))
}

/// The best plan that the search finds within the time.
pub(super) fn search(instance: &Instance, time_limit: Duration, threads: usize) -> Plan {
    let placed = instance.orders().iter().filter(|order| order.committed);
    let placed = placed.count();
    let pending = instance.orders().len() - placed;
    let options = Options {
        limit: Limit::Time(search_time(pending, placed, time_limit)),
        seed: SEED,
        threads,
    };
    solve(instance, &options)
}

/// A plan with the paths of its routes, straight from stop to stop. `places` are the points of the instance.
pub(super) fn answer_of(
    provider: &'static str,
    instance: &Instance,
    places: &[Coordinates],
    plan: &Plan,
) -> PlanAnswer {
    let mut answer = PlanAnswer::of(provider, instance, plan);
    for route in &mut answer.routes {
        route.geometry = geometry(instance, places, route);
    }
    answer
}

/// How long to search. The limit is for the largest problems: a small one is as good as it gets long before, and an
/// agent waits for it while Lambda's clock runs. A single new order among many on routes is a small one.
fn search_time(pending: usize, placed: usize, limit: Duration) -> Duration {
    let times =
        |each: Duration, orders| each.saturating_mul(u32::try_from(orders).unwrap_or(u32::MAX));
    times(SEARCH_PER_PENDING, pending)
        .saturating_add(times(SEARCH_PER_PLACED, placed))
        .saturating_add(SEARCH_AT_LEAST)
        .min(limit)
}

/// The straight path from stop to stop.
fn geometry(instance: &Instance, places: &[Coordinates], route: &PlannedRoute) -> Option<String> {
    let stops = route.visits.iter().map(|visit| {
        let order = &instance.orders()[visit.order];
        match visit.kind {
            StopKind::Pickup => order.pickup.unwrap_or(order.dropoff).point,
            StopKind::Dropoff => order.dropoff.point,
        }
    });
    let start = std::iter::once(instance.vehicles()[route.vehicle].start);
    let way: Vec<Coordinates> = start.chain(stops).map(|point| places[point]).collect();
    polyline(&way)
}

/// The way as an encoded polyline; `None` where a place is none.
fn polyline(way: &[Coordinates]) -> Option<String> {
    let points = way.iter().map(|place| (place.lon, place.lat).into());
    polyline::encode_coordinates(points, PRECISION).ok()
}

fn contradiction(faults: Vec<planner::Fault>) -> ProviderError {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    ProviderError::InvalidProblem(faults.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::ports::UnplacedOrder;
    use domain::UnplacedReason;
    use planner::{Objective, Order, PlannerStop, Shift, Vehicle};
    use testkit::Landmarks;

    fn request(orders: Vec<Order>) -> PlanRequest {
        let shift = Shift {
            start_s: 0,
            end_s: 8 * 3600,
        };
        PlanRequest {
            at: testkit::at("2030-05-06T08:00:00Z"),
            places: vec![
                Landmarks::PLACA_CATALUNYA,
                Landmarks::SAGRADA_FAMILIA,
                Landmarks::BARCELONETA,
            ],
            vehicles: vec![Vehicle::new(0, 2, shift)],
            orders,
            objective: Objective::duration(),
            time_limit: Duration::from_millis(200),
        }
    }

    #[tokio::test]
    async fn a_plan_has_its_legs_its_times_and_its_way() {
        let estimate = LegEstimate::default();
        let dropoff = PlannerStop {
            service_s: 60,
            ..PlannerStop::at(2)
        };
        let too_large = Order::new(PlannerStop::at(0), PlannerStop::at(1), 3);
        let orders = vec![Order::new(PlannerStop::at(1), dropoff, 1), too_large];
        let answer = EmbeddedProvider::new(estimate)
            .plan(request(orders))
            .await
            .unwrap();

        assert_eq!(answer.provider, "embedded");
        let [route] = &answer.routes[..] else {
            panic!("one vehicle, one route: {answer:?}");
        };
        let to_pickup = estimate.leg(Landmarks::PLACA_CATALUNYA, Landmarks::SAGRADA_FAMILIA);
        let to_dropoff = estimate.leg(Landmarks::SAGRADA_FAMILIA, Landmarks::BARCELONETA);
        let [pickup, dropoff] = route.visits[..] else {
            panic!("two stops: {route:?}");
        };
        assert_eq!(
            (pickup.kind, dropoff.kind),
            (StopKind::Pickup, StopKind::Dropoff)
        );
        assert_eq!(
            (pickup.distance_m, pickup.duration_s),
            (to_pickup.distance_m, to_pickup.duration_s)
        );
        assert_eq!(dropoff.distance_m, to_dropoff.distance_m);
        assert_eq!(pickup.begin_s, i64::from(to_pickup.duration_s));
        assert_eq!(
            dropoff.begin_s,
            i64::from(to_pickup.duration_s + to_dropoff.duration_s)
        );

        let way = polyline::decode_polyline(route.geometry.as_ref().unwrap(), PRECISION).unwrap();
        let way: Vec<(f64, f64)> = way.points().map(|point| (point.y(), point.x())).collect();
        assert_eq!(
            way,
            [(41.387, 2.1701), (41.4036, 2.1744), (41.3797, 2.1894)]
        );
        let unplaced = UnplacedOrder {
            order: 1,
            reason: UnplacedReason::OverCapacity,
        };
        assert_eq!(answer.unplaced, [unplaced]);
    }

    #[tokio::test]
    async fn a_problem_that_contradicts_itself_is_named() {
        let nowhere = Order::new(PlannerStop::at(1), PlannerStop::at(7), 1);
        let refused = EmbeddedProvider::new(LegEstimate::default())
            .plan(request(vec![nowhere]))
            .await;
        let Err(ProviderError::InvalidProblem(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("no point 7"), "{why}");
    }

    #[test]
    fn a_small_problem_is_searched_briefly() {
        let limit = Duration::from_secs(10);
        assert!(search_time(5, 0, limit) < Duration::from_secs(1));
        // One order comes while a hundred are on routes.
        assert!(search_time(1, 100, limit) < Duration::from_secs(1));
        assert_eq!(search_time(2_000, 0, limit), limit);
        assert_eq!(search_time(usize::MAX, usize::MAX, limit), limit);
        let short = Duration::from_millis(10);
        assert_eq!(search_time(5, 0, short), short);
    }
}
