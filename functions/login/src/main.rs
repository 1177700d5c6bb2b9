//! `POST /login`: gives tokens for a password.

mod handler;

use std::sync::Arc;
use std::time::Duration;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::sns::SnsMailer;
use adapters::system::SystemClock;
use app::accounts::LogIn;
use handler::Login;
use runtime::config::Environment;

/// A third of the function's time: the rest is for Cognito.
const WAITS_FOR_MAIL: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, pool, client, topics, grid) = env.all((
        env.text("USERS_TABLE"),
        env.text("USER_POOL_ID"),
        env.text("USER_POOL_CLIENT_ID"),
        env.text("USER_TOPIC_ARN_PREFIX"),
        env.zone_grid(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let sns = adapters::sns::Client::new(&aws);
    let log_in_user = LogIn {
        users: Arc::new(DynamoUsers::new(dynamodb, users)),
        identity: Arc::new(CognitoAccounts::new(cognito, pool, client)),
        mailer: Arc::new(SnsMailer::new(sns, topics)),
        waits_for_mail: WAITS_FOR_MAIL,
        clock: Arc::new(SystemClock),
        grid,
    };
    runtime::http::serve(Arc::new(Login(log_in_user))).await
}
