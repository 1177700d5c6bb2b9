//! `POST /token/refresh`: gives new tokens for a refresh token.

mod handler;

use std::sync::Arc;

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use adapters::dynamodb::DynamoUsers;
use app::accounts::RefreshToken;
use handler::Refresh;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (users, pool, client) = env.all((
        env.text("USERS_TABLE"),
        env.text("USER_POOL_ID"),
        env.text("USER_POOL_CLIENT_ID"),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let refresh_tokens = RefreshToken {
        users: Arc::new(DynamoUsers::new(dynamodb, users)),
        refresh: Arc::new(CognitoAccounts::new(cognito.clone(), pool.clone(), client)),
        sessions: Arc::new(CognitoSessions::new(cognito, pool)),
    };
    runtime::http::serve(Arc::new(Refresh(refresh_tokens))).await
}
