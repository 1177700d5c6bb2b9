//! Wakes zones whose orders have been due for a while.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoOrders;
use adapters::sqs::SqsWakes;
use adapters::system::SystemClock;
use app::orders::SweepPendingOrders;
use handler::Sweep;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (orders, queue) =
        env.all((env.text("ORDERS_TABLE"), env.text("OPTIMIZATION_QUEUE_URL")))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let sweep = SweepPendingOrders {
        orders: Arc::new(DynamoOrders::without_keys(dynamodb, orders)),
        wakes: Arc::new(SqsWakes::new(sqs, queue)),
        clock: Arc::new(SystemClock),
    };
    runtime::schedule::serve(Arc::new(Sweep(sweep))).await
}
