//! Tells people by email what happened.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoClaims, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::sns::SnsMailer;
use adapters::system::SystemClock;
use app::notifications::{Letterhead, SendNotifications};
use runtime::config::Environment;

use handler::TellPeople;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, orders, routes, claims, topics, company, time_zone) = env.all((
        env.text("USERS_TABLE"),
        env.text("ORDERS_TABLE"),
        env.text("ROUTES_TABLE"),
        env.text("IDEMPOTENCY_TABLE"),
        env.text("USER_TOPIC_ARN_PREFIX"),
        env.text("COMPANY_NAME"),
        env.time_zone(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sns = adapters::sns::Client::new(&aws);
    let send_notifications = SendNotifications {
        users: Arc::new(DynamoUsers::new(dynamodb.clone(), users)),
        orders: Arc::new(DynamoOrders::without_keys(dynamodb.clone(), orders)),
        routes: Arc::new(DynamoRoutes::new(dynamodb.clone(), routes)),
        claims: Arc::new(DynamoClaims::new(dynamodb, claims)),
        mailer: Arc::new(SnsMailer::new(sns, topics)),
        clock: Arc::new(SystemClock),
        letterhead: Letterhead { company, time_zone },
    };
    runtime::sqs::serve(Arc::new(TellPeople(send_notifications))).await
}
