//! `GET /routes/{agent_id}`: an agent's routes, for that agent and for dispatchers.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::system::SystemClock;
use app::routes::GetRoutes;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, locations, estimate) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_routes = GetRoutes {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        estimate,
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(get_routes, handle).await
}

/// The media type for maps (RFC 7946).
const GEO_JSON: &str = "application/geo+json";

async fn handle(get_routes: &GetRoutes, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let query = request.page_query()?;
    let agent_id = request.path("agent_id");
    let response = if request.prefers(GEO_JSON) {
        let features = get_routes.features(&caller, agent_id, &query).await?;
        Response::ok(&features)?.of_type(GEO_JSON)
    } else {
        Response::ok(&get_routes.run(&caller, agent_id, &query).await?)?
    };
    Ok(response.varying_by("Accept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::LegEstimate;
    use runtime::http::answer;
    use serde_json::{Value, json};
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_agent};

    fn get_routes() -> GetRoutes {
        let mut agent = an_agent(1).build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let store = Arc::new(MemoryStore::with([agent], []));
        GetRoutes {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            locations: store,
            estimate: LegEstimate::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    #[tokio::test]
    async fn agents_and_dispatchers_see_the_routes() {
        for event in [
            include_str!("../../../events/get-routes.json"),
            include_str!("../../../events/get-routes-dispatcher.json"),
        ] {
            let (status, body) = answered(&get_routes(), handle, event).await;
            assert_eq!(
                (status, body),
                (200, json!({"routes": [], "next_cursor": null}))
            );
        }
    }

    #[tokio::test]
    async fn who_asks_for_a_map_gets_geojson() {
        let event = include_str!("../../../events/get-routes.json");
        let for_map = event.replace("*/*", "application/geo+json");
        for (event, content_type, body) in [
            (
                event,
                "application/json",
                json!({"routes": [], "next_cursor": null}),
            ),
            (
                &for_map,
                "application/geo+json",
                json!({"type": "FeatureCollection", "features": [], "next_cursor": null}),
            ),
        ] {
            let response = answer(&get_routes(), handle, event).await;
            assert_eq!(response.headers()["Content-Type"], content_type);
            assert_eq!(response.headers()["Vary"], "Accept");
            assert_eq!(
                serde_json::from_slice::<Value>(response.body()).unwrap(),
                body
            );
        }
    }

    #[tokio::test]
    async fn another_agents_routes_are_not_there() {
        let event = include_str!("../../../events/get-routes.json");
        let of_other = event.replace(
            r#""agent_id": "me""#,
            r#""agent_id": "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11""#,
        );
        let (status, body) = answered(&get_routes(), handle, &of_other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
