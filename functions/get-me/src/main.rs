//! `GET /me`: who the caller is, and whether emails reach them.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoUsers;
use adapters::sns::SnsMailer;
use adapters::system::SystemClock;
use app::accounts::GetMe;
use handler::GetMe;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, topics) = env.all((env.text("USERS_TABLE"), env.text("USER_TOPIC_ARN_PREFIX")))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sns = adapters::sns::Client::new(&aws);
    let show_me = GetMe {
        users: Arc::new(DynamoUsers::new(dynamodb, users)),
        mailer: Arc::new(SnsMailer::new(sns, topics)),
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(Arc::new(GetMe(show_me))).await
}
