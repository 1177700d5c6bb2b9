//! `GET /orders`: the orders that the caller may see.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoRoutes, DynamoUsers};
use app::orders::ListOrders;
use handler::ListOrdersOfCaller;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders, routes) = env.all((
        env.text("USERS_TABLE"),
        env.text("ORDERS_TABLE"),
        env.text("ROUTES_TABLE"),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_orders = ListOrders {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb.clone(), orders)),
        routes: Arc::new(DynamoRoutes::new(dynamodb, routes)),
    };
    runtime::http::serve(Arc::new(ListOrdersOfCaller(list_orders))).await
}
