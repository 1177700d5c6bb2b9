//! Whatever a provider does, there is a plan with every order in it, and it is told why it is not the provider's.

use std::sync::Arc;
use std::time::Duration;

use adapters::route_provider::embedded::EmbeddedProvider;
use adapters::route_provider::fallback::WithFallback;
use adapters::route_provider::remote::RemotePlanner;
use app::ports::{FallbackReason, PlanAnswer, PlanRequest, RouteProvider as _};
use domain::LegEstimate;
use serde_json::{Value, json};

use crate::google::{answering, token};
use crate::problems::{self, LOS_ANGELES, SANTA_MONICA};
use crate::server::{Reply, Server};
use crate::{google, ors, way};

/// Longer than the embedded planner needs on any machine. Nobody is to wait for who hangs.
const TEST: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_secs(60);

fn behind(remote: impl RemotePlanner + 'static, time: Duration, pause: Duration) -> WithFallback {
    let embedded = Arc::new(EmbeddedProvider::new(LegEstimate::default()));
    let estimate = LegEstimate::default();
    WithFallback::new(vec![Box::new(remote)], embedded, estimate, time, pause)
}

async fn planned(provider: &WithFallback, request: PlanRequest) -> PlanAnswer {
    let answer = tokio::time::timeout(TEST, provider.plan(request)).await;
    answer.expect("nobody waits for who hangs").unwrap()
}

/// That the embedded planner made it, with all orders placed, since that one was passed over for that reason.
#[track_caller]
fn assert_embedded(answer: &PlanAnswer, provider: &str, reason: FallbackReason) {
    assert_eq!(answer.provider, "embedded", "{reason:?}");
    assert_eq!(answer.unplaced, [], "no order is lost");
    let visits: usize = answer.routes.iter().map(|route| route.visits.len()).sum();
    assert_eq!(visits, 2);
    let [fallback] = answer.fallbacks[..] else {
        panic!("one was passed over: {answer:?}");
    };
    assert_eq!((fallback.provider, fallback.reason), (provider, reason));
}

/// VROOM's plan for one order, with legs of so many seconds.
fn ors_plan(to_pickup: u32, to_dropoff: u32) -> Value {
    let step = |kind: &str, arrival: u32, duration: u32| {
        json!({"type": kind, "id": 0, "arrival": arrival, "duration": duration, "distance": 10 * duration,
               "service": 120, "waiting_time": 0})
    };
    let driven = to_pickup + to_dropoff;
    json!({"code": 0, "unassigned": [], "routes": [{
        "vehicle": 0,
        "geometry": way(&[LOS_ANGELES, SANTA_MONICA, LOS_ANGELES]),
        "steps": [
            {"type": "start", "arrival": 0, "duration": 0, "distance": 0},
            step("pickup", to_pickup, to_pickup),
            step("delivery", driven + 120, driven),
            {"type": "end", "arrival": driven + 240, "duration": driven, "distance": 10 * driven},
        ],
    }]})
}

/// Google's, likewise.
fn google_plan(to_pickup: u32, to_dropoff: u32) -> Value {
    let way = |seconds: u32| json!({"travelDuration": format!("{seconds}s"), "travelDistanceMeters": 10 * seconds});
    json!({"routes": [{
        "vehicleLabel": "vehicle 0",
        "visits": [{"shipmentLabel": "order 0", "isPickup": true}, {"shipmentLabel": "order 0"}],
        "transitions": [way(to_pickup), way(to_dropoff), {}],
    }]})
}

/// Asks both providers, each of which does that.
async fn on_a_day_of(reply: impl Fn(fn(u32, u32) -> Value) -> Reply, reason: FallbackReason) {
    let request = problems::one_order(Some((0, 7_200)));
    let server = Server::always(reply(ors_plan));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    assert_embedded(&planned(&provider, request.clone()).await, "ors", reason);
    let server = answering(reply(google_plan));
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    assert_embedded(&planned(&provider, request).await, "google", reason);
}

#[tokio::test]
async fn on_a_good_day_the_plan_is_the_providers() {
    let request = problems::one_order(Some((0, 7_200)));
    let server = Server::always(Reply::Json(200, ors_plan(1_500, 1_600)));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let answer = planned(&provider, request.clone()).await;
    assert_eq!((answer.provider, &answer.fallbacks[..]), ("ors", &[][..]));
    let server = answering(Reply::Json(200, google_plan(1_500, 1_600)));
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    let answer = planned(&provider, request).await;
    assert_eq!(
        (answer.provider, &answer.fallbacks[..]),
        ("google", &[][..])
    );
    assert_eq!(answer.routes[0].visits[1].begin_s, 1_500 + 120 + 1_600);
}

#[tokio::test]
async fn nobody_listens() {
    let request = problems::one_order(None);
    let provider = behind(ors(Server::nobody()), LONG, MINUTE);
    let answer = planned(&provider, request).await;
    assert_embedded(&answer, "ors", FallbackReason::Connection);
}

#[tokio::test]
async fn it_hangs() {
    let request = problems::one_order(None);
    let server = Server::always(Reply::Hang);
    let provider = behind(ors(server.url()), Duration::from_millis(300), MINUTE);
    let answer = planned(&provider, request.clone()).await;
    assert_embedded(&answer, "ors", FallbackReason::Timeout);
    assert_eq!(server.asked().len(), 1);

    // The token as well is something to wait for.
    let provider = behind(
        google(&server.url(), false),
        Duration::from_millis(300),
        MINUTE,
    );
    let answer = planned(&provider, request).await;
    assert_embedded(&answer, "google", FallbackReason::Timeout);
}

#[tokio::test]
async fn the_key_is_wrong() {
    on_a_day_of(
        |_| Reply::Json(401, json!({})),
        FallbackReason::Unauthorized,
    )
    .await;
    let disallowed = json!({"error": "Access to this API has been disallowed"});
    on_a_day_of(
        |_| Reply::Json(403, disallowed.clone()),
        FallbackReason::Unauthorized,
    )
    .await;
}

#[tokio::test]
async fn googles_tokens_have_bad_days_of_their_own() {
    use FallbackReason::{Connection, Quota, ServerError, Unauthorized, Unreadable};
    let invalid_grant =
        json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let bad_days = [
        (Reply::Json(400, invalid_grant), Unauthorized, 1),
        (
            Reply::Json(401, json!({"error": "invalid_client"})),
            Unauthorized,
            1,
        ),
        (
            Reply::Json(403, json!({"error": "access_denied"})),
            Unauthorized,
            1,
        ),
        (Reply::RetryAfter(429, 3_600), Quota, 1),
        (
            Reply::Json(500, json!({"error": "internal_failure"})),
            ServerError,
            3,
        ),
        (
            Reply::Json(200, json!({"expires_in": 3_599})),
            Unreadable,
            1,
        ),
    ];
    for (reply, reason, tries) in bad_days {
        let server = Server::always(reply);
        let provider = behind(google(&server.url(), false), LONG, MINUTE);
        let answer = planned(&provider, problems::one_order(None)).await;
        assert_embedded(&answer, "google", reason);
        let asked = server.asked();
        assert!(asked.iter().all(|it| it.path == "/token"), "{asked:?}");
        assert_eq!(asked.len(), tries, "{reason:?}");
    }
    let provider = behind(google(&Server::nobody(), false), LONG, MINUTE);
    let answer = planned(&provider, problems::one_order(None)).await;
    assert_embedded(&answer, "google", Connection);

    // A moment's trouble is no fallback.
    let server = Server::that(|asked, before| match before {
        0 => Reply::Json(503, json!({})),
        _ => token(asked).unwrap_or(Reply::Json(200, google_plan(1_500, 1_600))),
    });
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    let answer = planned(&provider, problems::one_order(None)).await;
    assert_eq!(answer.provider, "google");
}

#[tokio::test]
async fn the_quota_of_the_day_is_used_up() {
    let request = problems::one_order(None);
    let server = Server::always(Reply::Json(403, json!({"error": "Quota exceeded"})));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let answer = planned(&provider, request).await;
    assert_embedded(&answer, "ors", FallbackReason::Quota);
    assert_eq!(server.asked().len(), 1, "it is not back in a moment");
    // Google's have 429 of their own: its 403 is about the account.
    let server = answering(Reply::Json(403, json!({"error": {"code": 403}})));
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    let answer = planned(&provider, problems::one_order(None)).await;
    assert_embedded(&answer, "google", FallbackReason::Unauthorized);
}

#[tokio::test]
async fn it_asks_to_be_left_alone_for_longer_than_there_is_time() {
    on_a_day_of(|_| Reply::RetryAfter(429, 3_600), FallbackReason::Quota).await;
    on_a_day_of(
        |_| Reply::RetryAfter(503, 3_600),
        FallbackReason::ServerError,
    )
    .await;
    let server = Server::always(Reply::RetryAfter(429, 3_600));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    planned(&provider, problems::one_order(None)).await;
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn after_as_long_as_it_asked_for_it_is_asked_again() {
    let server = Server::that(|_, before| match before {
        0 => Reply::RetryAfter(429, 1),
        1 => Reply::Json(500, json!({})),
        _ => Reply::Json(200, ors_plan(1_500, 1_600)),
    });
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let answer = planned(&provider, problems::one_order(None)).await;
    assert_eq!(answer.provider, "ors");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn it_fails() {
    on_a_day_of(|_| Reply::Json(500, json!({})), FallbackReason::ServerError).await;
    let server = Server::always(Reply::Json(500, json!({})));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    planned(&provider, problems::one_order(None)).await;
    assert_eq!(server.asked().len(), 3, "three tries");
}

#[tokio::test]
async fn no_time_that_it_asks_for_is_too_long() {
    on_a_day_of(
        |_| Reply::RetryAfter(503, u64::MAX),
        FallbackReason::ServerError,
    )
    .await;
}

#[tokio::test]
async fn a_place_without_a_road_is_no_outage() {
    let no_road = json!({"code": 3, "error": "Unfound route(s) from location [2.2,41.3]"});
    let request = problems::one_order(None);
    let server = Server::always(Reply::Json(500, no_road.clone()));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let answer = planned(&provider, request.clone()).await;
    assert_embedded(&answer, "ors", FallbackReason::Unsupported);
    // Of anybody else it is an outage like another.
    let server = answering(Reply::Json(500, no_road.clone()));
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    let answer = planned(&provider, request).await;
    assert_embedded(&answer, "google", FallbackReason::ServerError);
    let server = Server::that(move |_, before| match before {
        0 => Reply::Json(500, no_road.clone()),
        _ => Reply::Json(200, ors_plan(1_500, 1_600)),
    });
    let provider = behind(ors(server.url()), LONG, MINUTE);
    planned(&provider, problems::one_order(None)).await;
    let next = planned(&provider, problems::one_order(None)).await;
    assert_eq!(next.provider, "ors", "asked at once for the next plan");
}

#[tokio::test]
async fn an_order_of_next_month_keeps_nobody_from_the_provider() {
    let server = Server::always(Reply::Json(200, ors_plan(1_500, 1_600)));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let in_a_month = 31 * 24 * 3_600;
    let mut request = problems::one_order(None);
    let far_off = problems::stop(2, Some((in_a_month, in_a_month + 3_600)));
    request
        .orders
        .push(planner::Order::new(problems::stop(1, None), far_off, 1));
    let answer = planned(&provider, request).await;
    assert_eq!((answer.provider, &answer.fallbacks[..]), ("ors", &[][..]));
    assert_eq!(
        answer.routes[0].visits.len(),
        2,
        "of the order of today alone"
    );
}

#[tokio::test]
async fn it_does_not_take_the_request() {
    on_a_day_of(
        |_| Reply::Json(400, json!({})),
        FallbackReason::RefusedRequest,
    )
    .await;
    on_a_day_of(|_| Reply::Json(413, json!({})), FallbackReason::TooLarge).await;
}

#[tokio::test]
async fn it_stops_half_way() {
    on_a_day_of(
        |plan| Reply::Half(plan(1_500, 1_600)),
        FallbackReason::Unreadable,
    )
    .await;
    on_a_day_of(
        |_| Reply::Json(200, json!({"code": "yes", "routes": 1})),
        FallbackReason::Unreadable,
    )
    .await;
}

#[tokio::test]
async fn its_plan_comes_too_late_to_a_window() {
    on_a_day_of(
        |plan| Reply::Json(200, plan(1_500, 7_200)),
        FallbackReason::BrokenPlan,
    )
    .await;
}

#[tokio::test]
async fn its_plan_misses_an_order() {
    let request = problems::one_order(None);
    let server = Server::always(Reply::Json(200, json!({"code": 0})));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let answer = planned(&provider, request.clone()).await;
    assert_embedded(&answer, "ors", FallbackReason::MissingOrder);
    let server = answering(Reply::Json(200, json!({})));
    let provider = behind(google(&server.url(), false), LONG, MINUTE);
    let answer = planned(&provider, request).await;
    assert_embedded(&answer, "google", FallbackReason::MissingOrder);
}

#[tokio::test]
async fn its_plan_breaks_another_rule() {
    let broken = async |change: fn(&mut Value)| {
        let mut plan = ors_plan(1_500, 1_600);
        change(&mut plan);
        let server = Server::always(Reply::Json(200, plan));
        let provider = behind(ors(server.url()), LONG, MINUTE);
        let answer = planned(&provider, problems::one_order(None)).await;
        assert_embedded(&answer, "ors", FallbackReason::BrokenPlan);
    };
    // An order twice, one that there is not, a drop-off alone, one that is placed and left over.
    broken(|plan| plan["routes"] = json!([plan["routes"][0], plan["routes"][0]])).await;
    broken(|plan| plan["routes"][0]["steps"][1]["id"] = json!(7)).await;
    broken(|plan| drop(plan["routes"][0]["steps"].as_array_mut().unwrap().remove(1))).await;
    broken(|plan| plan["unassigned"] = json!([{"id": 0}])).await;
    broken(|plan| plan["routes"][0]["vehicle"] = json!(3)).await;
}

#[tokio::test]
async fn who_has_failed_is_left_alone_for_a_while() {
    let request = problems::one_order(None);
    let server = Server::always(Reply::Json(401, json!({})));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    planned(&provider, request.clone()).await;
    let answer = planned(&provider, request.clone()).await;
    assert_embedded(&answer, "ors", FallbackReason::BreakerOpen);
    assert_eq!(server.asked().len(), 1);

    // A plan that cannot be used says nothing of the next problem.
    let server = Server::always(Reply::Json(200, json!({"code": 0})));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    for _ in 0..2 {
        let answer = planned(&provider, request.clone()).await;
        assert_embedded(&answer, "ors", FallbackReason::MissingOrder);
    }
}

#[tokio::test]
async fn where_nobody_drives_nobody_is_asked() {
    let server = Server::that(|asked, _| token(asked).unwrap_or(Reply::Hang));
    let provider = behind(ors(server.url()), LONG, MINUTE);
    let mut request = problems::one_order(None);
    request.vehicles.clear();
    let answer = planned(&provider, request).await;
    assert_eq!(
        (answer.provider, &answer.fallbacks[..]),
        ("embedded", &[][..])
    );
    assert!(server.asked().is_empty());
}
