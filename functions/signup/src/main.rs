//! `POST /signup`: takes in a customer or an agent.

mod handler;

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::SignUp;
use handler::Signup;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, pool, client, grid) = env.all((
        env.text("USERS_TABLE"),
        env.text("USER_POOL_ID"),
        env.text("USER_POOL_CLIENT_ID"),
        env.zone_grid(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let register_user = SignUp {
        users: Arc::new(DynamoUsers::new(dynamodb, users)),
        identity: Arc::new(CognitoAccounts::new(cognito, pool, client)),
        clock: Arc::new(SystemClock),
        grid,
    };
    runtime::http::serve(Arc::new(Signup(register_user))).await
}
