//! `GET /orders/{order_id}`: one order, to those whom it concerns.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoUsers};
use app::orders::GetOrder;
use handler::GetOrder;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders) = env.all((env.text("USERS_TABLE"), env.text("ORDERS_TABLE")))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let show_order = GetOrder {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb, orders)),
    };
    runtime::http::serve(Arc::new(GetOrder(show_order))).await
}
