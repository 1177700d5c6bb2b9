//! `GET /routes/{agent_id}`: an agent's routes, to that agent and to dispatchers.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoRoutes, DynamoUsers};
use app::routes::GetRoutes;
use handler::GetRoutes;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, routes) = env.all((env.text("USERS_TABLE"), env.text("ROUTES_TABLE")))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_routes = GetRoutes {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        routes: Arc::new(DynamoRoutes::new(dynamodb, routes)),
    };
    runtime::http::serve(Arc::new(GetRoutes(list_routes))).await
}
