//! OpenRouteService's travel times, and the planner of this process.

use std::sync::Arc;
use std::time::Duration;

use adapters::route_provider::embedded::EmbeddedProvider;
use adapters::route_provider::fallback::WithFallback;
use adapters::route_provider::ors_matrix::OrsMatrixPlanner;
use adapters::route_provider::remote::RemotePlanner as _;
use app::ports::{
    Fallback, FallbackReason, LegCache, PlaceLegs, PlanRequest, RouteProvider as _, StoreError,
};
use async_trait::async_trait;
use domain::{Coordinates, LegEstimate, Timestamp};
use planner::Order;
use serde_json::{Value, json};
use testkit::{MemoryLegs, StillClock};

use crate::problems::{self, LOS_ANGELES, SANTA_MONICA, SHIBUYA, TOKYO};
use crate::server::{Asked, Reply, Server};
use crate::{access, ors, soon};

const NOW: &str = "2030-05-06T08:00:00Z";

fn matrix<C: LegCache + 'static>(
    url: String,
    most_pairs: usize,
    cache: &Arc<C>,
) -> OrsMatrixPlanner {
    let clock = Arc::new(StillClock::at(NOW));
    OrsMatrixPlanner::new(access(url), most_pairs, cache.clone(), clock)
}

/// Rows of a matrix as it was asked for: 100 s and a bit to drive, for each 10 numbers from source to destination.
fn rows(asked: &Asked) -> Reply {
    let asked = asked.json();
    let list = |name: &str| asked[name].as_array().unwrap().clone();
    let locations = list("locations");
    let leg = |from: &Value, to: &Value, unit: f64| {
        let place = |it: &Value| &locations[it.as_u64().unwrap() as usize];
        if place(from) == place(to) {
            json!(0.0)
        } else {
            json!(100.4 * unit)
        }
    };
    let table = |unit: f64| -> Vec<Vec<Value>> {
        let sources = list("sources");
        let row = |from: &Value| {
            let destinations = list("destinations");
            destinations.iter().map(|to| leg(from, to, unit)).collect()
        };
        sources.iter().map(row).collect()
    };
    let answer =
        json!({"durations": table(1.0), "distances": table(9.0), "metadata": {"engine": {}}});
    Reply::Json(200, answer)
}

#[tokio::test]
async fn a_matrix_is_asked_for_to_the_letter() {
    let server = Server::that(|asked, _| rows(asked));
    let planner = matrix(server.url(), 3_500, &Arc::<MemoryLegs>::default());
    let answer = planner.plan(&problems::one_order(None), soon()).await;
    let answer = answer.unwrap();
    assert_eq!(answer.provider, "ors-matrix");
    let visits = &answer.routes[0].visits;
    assert_eq!((visits[0].duration_s, visits[0].distance_m), (100, 904));
    assert_eq!(visits[1].begin_s, 100 + 120 + 100);

    let asked = server.asked();
    assert!(asked.iter().all(|it| it.path == "/v2/matrix/driving-car"
        && it.authorization.as_deref() == Some("an-ors-key")));
    let (los_angeles, santa_monica) = (json!([-118.2437, 34.0522]), json!([-118.4912, 34.0195]));
    let bodies: Vec<Value> = asked.iter().map(Asked::json).collect();
    let block = |locations: [&Value; 2], destinations: &[usize]| {
        json!({
            "locations": locations, "sources": [0], "destinations": destinations,
            "metrics": ["duration", "distance"], "units": "m",
        })
    };
    // From one of the two to both, and from the other to it.
    assert_eq!(bodies.len(), 2);
    assert!(bodies.contains(&block([&santa_monica, &los_angeles], &[1, 0])));
    assert!(bodies.contains(&block([&los_angeles, &santa_monica], &[1])));
}

/// How many were asked for.
fn pairs(asked: &[Asked]) -> usize {
    let of = |it: &Asked, name: &str| it.json()[name].as_array().unwrap().len();
    let blocks = asked.iter();
    blocks
        .map(|it| of(it, "sources") * of(it, "destinations"))
        .sum()
}

/// From the first of so many places to each other one.
fn spread(count: usize) -> PlanRequest {
    let mut request = problems::one_order(None);
    let place = |n: usize| Coordinates {
        lat: 35.0 + n as f64 / 50.0,
        lon: 139.7,
    };
    request.places = (0..count).map(place).collect();
    request.orders = (1..count)
        .map(|n| Order::new(problems::stop(0, None), problems::stop(n, None), 1))
        .collect();
    request.vehicles[0].capacity = 100;
    request
}

#[tokio::test]
async fn what_was_answered_is_kept_and_only_news_are_asked_for() {
    let server = Server::that(|asked, _| rows(asked));
    let cache = Arc::<MemoryLegs>::default();
    for planner in [
        matrix(server.url(), 30, &cache),
        matrix(server.url(), 30, &cache),
    ] {
        planner.plan(&spread(10), soon()).await.unwrap();
    }
    let first = server.asked();
    assert!(first.iter().all(|it| pairs(std::slice::from_ref(it)) <= 30));
    assert_eq!(
        pairs(&first),
        99,
        "all but the last place's way to itself, once"
    );

    let planner = matrix(server.url(), 30, &cache);
    planner.plan(&spread(11), soon()).await.unwrap();
    let news = &server.asked()[first.len()..];
    assert_eq!(
        pairs(news),
        11 + 10,
        "one place came, the other legs are known"
    );
}

#[tokio::test]
async fn what_was_answered_is_kept_though_another_block_was_not() {
    let cache = Arc::<MemoryLegs>::default();
    let bad_day = Server::that(|asked, before| match before {
        2 => Reply::Json(401, json!({})),
        _ => rows(asked),
    });
    let planner = matrix(bad_day.url(), 20, &cache);
    let refused = planner.plan(&spread(10), soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::Unauthorized);

    let good_day = Server::that(|asked, _| rows(asked));
    let planner = matrix(good_day.url(), 20, &cache);
    planner.plan(&spread(10), soon()).await.unwrap();
    let rest = pairs(&good_day.asked());
    assert!(rest < 99, "{rest} pairs: all of them once more");
}

/// Never answers.
struct StuckCache;

#[async_trait]
impl LegCache for StuckCache {
    async fn kept(&self, _: &[Coordinates], _: Timestamp) -> Result<Vec<PlaceLegs>, StoreError> {
        std::future::pending().await
    }

    async fn keep(&self, _: &[PlaceLegs], _: Timestamp) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_cache_that_does_not_answer_is_no_trouble_of_the_service() {
    let server = Server::that(|asked, _| rows(asked));
    let planner = matrix(server.url(), 3_500, &Arc::new(StuckCache));
    let answer = planner.plan(&problems::one_order(None), soon()).await;
    assert_eq!(answer.unwrap().provider, "ors-matrix");
}

#[tokio::test]
async fn a_place_without_a_road_waits_and_does_not_keep_the_others() {
    let server = Server::that(|asked, _| {
        let Reply::Json(status, mut answer) = rows(asked) else {
            panic!("a matrix");
        };
        let body = asked.json();
        for (row, source) in body["sources"].as_array().unwrap().iter().enumerate() {
            for (column, to) in body["destinations"].as_array().unwrap().iter().enumerate() {
                let island = json!([139.7016, 35.658]);
                let place = |it: &Value| &body["locations"][it.as_u64().unwrap() as usize];
                if (*place(source) == island) != (*place(to) == island) {
                    answer["durations"][row][column] = Value::Null;
                    answer["distances"][row][column] = Value::Null;
                }
            }
        }
        Reply::Json(status, answer)
    });
    let planner = matrix(server.url(), 3_500, &Arc::<MemoryLegs>::default());
    let mut request = problems::one_order(None);
    request.places = vec![TOKYO, problems::UENO, SHIBUYA];
    let reachable = Order::new(problems::stop(1, None), problems::stop(0, None), 1);
    request.orders.push(reachable);
    let answer = planner.plan(&request, soon()).await.unwrap();
    let unplaced: Vec<usize> = answer.unplaced.iter().map(|it| it.order).collect();
    assert_eq!(unplaced, [0], "its drop-off is on an island");
    assert_eq!(answer.routes[0].visits.len(), 2);

    // An order on a route has to be served all the same: the estimate knows no islands.
    request.orders[0].committed = true;
    request.orders[0].pinned_to = Some(0);
    let refused = planner.plan(&request, soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::Unsupported);
}

#[tokio::test]
async fn a_matrix_that_is_too_large_or_too_small_is_not_used() {
    let server = Server::always(Reply::Json(
        200,
        json!({"durations": [[0.0]], "distances": [[0.0]]}),
    ));
    let planner = matrix(server.url(), 3_500, &Arc::<MemoryLegs>::default());
    let request = problems::one_order(None);
    let refused = planner.plan(&request, soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::Unreadable);

    let mut many = request;
    many.places = (0..300)
        .map(|n| Coordinates {
            lat: 30.0 + f64::from(n) / 100.0,
            ..LOS_ANGELES
        })
        .collect();
    let before = server.asked().len();
    let refused = planner.plan(&many, soon()).await.unwrap_err();
    assert_eq!(refused.reason, FallbackReason::TooLarge);
    assert_eq!(server.asked().len(), before);
}

#[tokio::test]
async fn it_takes_what_the_optimizer_does_not() {
    let server = Server::that(|asked, _| {
        assert_ne!(asked.path, "/optimization", "a problem that is too large");
        rows(asked)
    });
    let access = server.url();
    let provider = WithFallback::new(
        vec![
            Box::new(ors(access.clone())),
            Box::new(matrix(access, 3_500, &Arc::<MemoryLegs>::default())),
        ],
        Arc::new(EmbeddedProvider::new(LegEstimate::default())),
        LegEstimate::default(),
        Duration::from_secs(10),
        Duration::ZERO,
    );
    let mut request = problems::one_order(None);
    request.places = vec![LOS_ANGELES, SANTA_MONICA, LOS_ANGELES];
    request.orders = vec![request.orders[0].clone(); 26];
    let answer = provider.plan(request).await.unwrap();
    assert_eq!(answer.provider, "ors-matrix");
    let too_large = Fallback {
        provider: "ors",
        reason: FallbackReason::TooLarge,
    };
    assert_eq!(answer.fallbacks, [too_large]);
}
