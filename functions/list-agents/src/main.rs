//! `GET /agents`: the agents, to dispatchers.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoUsers;
use app::agents::ListAgents;
use handler::ListAgentsForDispatcher;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users,) = env.all((env.text("USERS_TABLE"),))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_agents = ListAgents {
        users: Arc::new(DynamoUsers::new(dynamodb, users)),
    };
    runtime::http::serve(Arc::new(ListAgentsForDispatcher(list_agents))).await
}
