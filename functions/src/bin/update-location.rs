//! `PUT /agents/{agent_id}/location`: where the calling agent is while on a route.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoUsers};
use adapters::system::{RandomJitter, SystemClock};
use app::agents::UpdateLocation;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, locations) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let update_location = UpdateLocation {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(update_location, handle).await
}

async fn handle(update_location: &UpdateLocation, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let agent_id = request.path("agent_id");
    Response::ok(&update_location.run(&caller, agent_id, &body).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{RouteId, ids::Uuid};
    use serde_json::json;
    use testkit::http::{answered, pointers};
    use testkit::{MemoryStore, NoJitter, StillClock, an_agent};

    const EVENT: &str = include_str!("../../../events/update-location.json");

    fn update_location(is_on_route: bool) -> UpdateLocation {
        let mut agent = an_agent(1).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let route = is_on_route.then_some(RouteId(Uuid::from_u128(7)));
        agent.agent.as_mut().unwrap().open_route_id = route;
        let store = Arc::new(MemoryStore::with([agent], []));
        UpdateLocation {
            users: store.clone(),
            locations: store,
            clock: Arc::new(StillClock::at("2025-07-01T10:00:30Z")),
            jitter: Arc::new(NoJitter),
        }
    }

    #[tokio::test]
    async fn the_latest_point_is_kept_and_the_same_report_again_changes_nothing() {
        let update_location = update_location(true);
        let last = json!({"lat": 41.3899, "lon": 2.1732, "at": "2025-07-01T10:00:20Z", "accuracy_m": 12.0});
        for accepted in [2, 0] {
            let (status, body) = answered(&update_location, handle, EVENT).await;
            assert_eq!(status, 200);
            assert_eq!(body, json!({"accepted": accepted, "location": last}));
        }
    }

    #[tokio::test]
    async fn nobody_is_watched_without_a_route() {
        let (status, body) = answered(&update_location(false), handle, EVENT).await;
        assert_eq!((status, &body["code"]), (409, &json!("not_on_route")));
    }

    #[tokio::test]
    async fn nobody_reports_for_others_and_a_bad_point_is_named() {
        let update_location = update_location(true);
        let other = EVENT.replace(
            r#""agent_id": "me""#,
            r#""agent_id": "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11""#,
        );
        let (status, body) = answered(&update_location, handle, &other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        let bad = EVENT.replace("41.3899", "141.3899");
        let (status, body) = answered(&update_location, handle, &bad).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/points/1/lat"]));
    }
}
