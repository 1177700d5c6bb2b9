//! `PUT /orders/{order_id}/status`: moves an order on, and its stops and route with it.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoLedger, DynamoOrders, DynamoRoutes, DynamoUsers, LedgerTables};
use adapters::system::{RandomJitter, SystemClock};
use app::orders::UpdateOrderStatus;
use handler::UpdateOrderStatus;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders, routes, grid, estimate) = env.all((
        env.text("USERS_TABLE"),
        env.text("ORDERS_TABLE"),
        env.text("ROUTES_TABLE"),
        env.zone_grid(),
        env.leg_estimate(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let tables = LedgerTables {
        users: users.clone(),
        orders: orders.clone(),
        routes: routes.clone(),
    };
    let change_order_status = UpdateOrderStatus {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb.clone(), orders)),
        routes: Arc::new(DynamoRoutes::new(dynamodb.clone(), routes)),
        ledger: Arc::new(DynamoLedger::new(dynamodb, tables)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
    };
    runtime::http::serve(Arc::new(UpdateOrderStatus(change_order_status))).await
}
