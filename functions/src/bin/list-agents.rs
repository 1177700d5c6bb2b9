//! `GET /agents`: the agents and where they are, for dispatchers.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoUsers};
use adapters::system::SystemClock;
use app::agents::ListAgents;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, locations) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_agents = ListAgents {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(list_agents, handle).await
}

async fn handle(list_agents: &ListAgents, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&list_agents.run(&caller, &request.page_query()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::UserStatus;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_agent};

    fn list_agents() -> ListAgents {
        let waiting = an_agent(1).with_status(UserStatus::PendingApproval).build();
        let store = Arc::new(MemoryStore::with([waiting, an_agent(2).build()], []));
        ListAgents {
            users: store.clone(),
            locations: store,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    const EVENT: &str = include_str!("../../../events/list-agents.json");

    #[tokio::test]
    async fn a_dispatcher_sees_who_waits_for_approval() {
        let (status, body) = answered(&list_agents(), handle, EVENT).await;
        assert_eq!((status, body["agents"].as_array().unwrap().len()), (200, 1));
        assert_eq!(body["agents"][0]["status"], "pending_approval");
    }

    #[tokio::test]
    async fn nobody_else_does() {
        let by_agent = EVENT.replace(
            r#""cognito:groups": "dispatcher""#,
            r#""cognito:groups": "agent""#,
        );
        let (status, body) = answered(&list_agents(), handle, &by_agent).await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")));
    }
}
