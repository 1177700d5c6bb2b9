//! `PUT /agents/{agent_id}`: changes an agent's duty, place, vehicle, shift or, for dispatchers, status.

mod handler;

use std::sync::Arc;

use adapters::cognito::CognitoSessions;
use adapters::dynamodb::{DynamoLedger, DynamoOrders, DynamoRoutes, DynamoUsers, LedgerTables};
use adapters::system::{RandomJitter, SystemClock};
use app::agents::UpdateAgent;
use handler::UpdateAgentRecord;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders, routes, pool, grid, estimate) = env.all((
        env.text("USERS_TABLE"),
        env.text("ORDERS_TABLE"),
        env.text("ROUTES_TABLE"),
        env.text("USER_POOL_ID"),
        env.zone_grid(),
        env.leg_estimate(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let tables = LedgerTables {
        users: users.clone(),
        orders: orders.clone(),
        routes: routes.clone(),
    };
    let update_agent = UpdateAgent {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb.clone(), orders)),
        routes: Arc::new(DynamoRoutes::new(dynamodb.clone(), routes)),
        ledger: Arc::new(DynamoLedger::new(dynamodb, tables)),
        sessions: Arc::new(CognitoSessions::new(cognito, pool)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
    };
    runtime::http::serve(Arc::new(UpdateAgentRecord(update_agent))).await
}
