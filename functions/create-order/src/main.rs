//! `POST /orders`: takes a customer's order.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoOrders;
use adapters::system::{SystemClock, UuidIds};
use app::orders::PlaceOrder;
use handler::CreateOrder;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (orders, keys, grid) = env.all((
        env.text("ORDERS_TABLE"),
        env.text("IDEMPOTENCY_TABLE"),
        env.zone_grid(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let place_order = PlaceOrder {
        orders: Arc::new(DynamoOrders::new(dynamodb, orders, keys)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        grid,
    };
    runtime::http::serve(Arc::new(CreateOrder(place_order))).await
}
