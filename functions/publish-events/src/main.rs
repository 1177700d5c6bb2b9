//! Copies state changes from the tables' streams to the queues.

mod handler;

use std::sync::Arc;

use adapters::sqs::{SqsNotifications, SqsWakes};
use app::events::PublishEvents;
use handler::PublishEvents;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (optimization, notification) = env.all((
        env.text("OPTIMIZATION_QUEUE_URL"),
        env.text("NOTIFICATION_QUEUE_URL"),
    ))?;
    let aws = adapters::aws::config().await;
    let sqs = adapters::sqs::Client::new(&aws);
    let announce = PublishEvents {
        wakes: Arc::new(SqsWakes::new(sqs.clone(), optimization)),
        notifications: Arc::new(SqsNotifications::new(sqs, notification)),
    };
    runtime::streams::serve(Arc::new(PublishEvents(announce))).await
}
