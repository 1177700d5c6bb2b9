//! `POST /orders`: takes a customer's order.

mod geocoder;
mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoPlaces};
use adapters::system::{SystemClock, UuidIds};
use app::orders::CreateOrder;
use handler::CreateOrder;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (orders, keys, grid, geocoder) = env.all((
        env.text("ORDERS_TABLE"),
        env.text("IDEMPOTENCY_TABLE"),
        env.zone_grid(),
        env.geocoder(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let places = DynamoPlaces::new(dynamodb.clone(), keys.clone());
    let addresses = geocoder.map(|told| geocoder::addresses(told, places, &aws));
    let place_order = CreateOrder {
        orders: Arc::new(DynamoOrders::new(dynamodb, orders, keys)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        grid,
        addresses: addresses.transpose()?,
    };
    runtime::http::serve(Arc::new(CreateOrder(place_order))).await
}
