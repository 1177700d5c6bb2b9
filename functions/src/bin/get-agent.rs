//! `GET /agents/{agent_id}`: an agent and where the agent is, for that agent and for dispatchers.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoUsers};
use adapters::system::SystemClock;
use app::agents::GetAgent;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, locations) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_agent = GetAgent {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(get_agent, handle).await
}

async fn handle(get_agent: &GetAgent, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&get_agent.run(&caller, request.path("agent_id")).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_agent};

    const AGENT: &str = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f";
    const EVENT: &str = include_str!("../../../events/get-agent.json");

    fn get_agent() -> GetAgent {
        let mut agent = an_agent(1).build();
        agent.id = AGENT.parse().unwrap();
        let store = Arc::new(MemoryStore::with([agent], []));
        GetAgent {
            users: store.clone(),
            locations: store,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    #[tokio::test]
    async fn a_dispatcher_sees_an_agent_who_was_never_seen_on_the_road() {
        let (status, body) = answered(&get_agent(), handle, EVENT).await;
        assert_eq!((status, &body["agent_id"]), (200, &json!(AGENT)));
        assert!(body.get("location").is_none());
    }

    #[tokio::test]
    async fn other_agents_and_ids_of_nobody_are_not_there() {
        let by_agent = EVENT.replace(
            r#""cognito:groups": "customer,dispatcher""#,
            r#""cognito:groups": "agent""#,
        );
        let nobody = EVENT.replace(AGENT, "d3a48a72-0061-70a5-1b6c-3f2c1a9d0b11");
        for event in [by_agent, nobody, EVENT.replace(AGENT, "17")] {
            let (status, body) = answered(&get_agent(), handle, &event).await;
            assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        }
    }
}
