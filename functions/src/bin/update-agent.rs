//! `PUT /agents/{agent_id}`: changes an agent's duty, start location, vehicle or shift. Dispatchers also change the
//! status.

use std::sync::Arc;

use adapters::cognito::CognitoSessions;
use adapters::dynamodb::{DynamoLedger, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::system::{RandomJitter, SystemClock};
use app::agents::UpdateAgent;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, pool, grid, estimate) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let update_agent = UpdateAgent {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
        sessions: Arc::new(CognitoSessions::new(&cognito, &pool)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
    };
    runtime::http::serve(update_agent, handle).await
}

async fn handle(update_agent: &UpdateAgent, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    Response::ok(
        &update_agent
            .run(&caller, request.path("agent_id"), &body)
            .await?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{LegEstimate, UserStatus};
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::{MemoryIdentity, MemoryStore, NoJitter, StillClock, an_agent};

    fn update_agent(status: UserStatus) -> UpdateAgent {
        let mut agent = an_agent(1).with_status(status).build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let store = Arc::new(MemoryStore::with([agent], []));
        UpdateAgent {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            ledger: store,
            sessions: Arc::new(MemoryIdentity::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
        }
    }

    const ON_DUTY: &str = include_str!("../../../events/update-agent.json");
    const APPROVE: &str = include_str!("../../../events/update-agent-approve.json");

    #[tokio::test]
    async fn agents_come_on_duty_once_a_dispatcher_has_approved_them() {
        let update_agent = update_agent(UserStatus::PendingApproval);
        let (status, body) = answered(&update_agent, handle, ON_DUTY).await;
        assert_eq!((status, &body["code"]), (403, &json!("agent_not_active")));
        let (status, body) = answered(&update_agent, handle, APPROVE).await;
        assert_eq!((status, &body["status"]), (200, &json!("active")));
        let (status, body) = answered(&update_agent, handle, ON_DUTY).await;
        assert_eq!((status, &body["on_duty"]), (200, &json!(true)));
        assert_eq!(
            body["start_location"],
            json!({"lat": 41.387, "lon": 2.1701})
        );
    }

    #[tokio::test]
    async fn agents_do_not_approve_themselves() {
        let groups = |name: &str| format!(r#""cognito:groups": "{name}""#);
        let by_agent = APPROVE.replace(&groups("dispatcher"), &groups("agent"));
        let by_agent = by_agent.replace(
            "b394a8c2-50f1-7028-9d43-1e6f7a8b9c0d",
            "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f",
        );
        let (status, body) = answered(
            &update_agent(UserStatus::PendingApproval),
            handle,
            &by_agent,
        )
        .await;
        assert_eq!(
            (status, &body["errors"][0]["pointer"]),
            (422, &json!("#/status"))
        );
    }
}
