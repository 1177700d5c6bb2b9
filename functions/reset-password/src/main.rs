//! `POST /password/reset`: sets a new password, given the code that was mailed.

mod handler;

use std::sync::Arc;

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use app::accounts::ResetPassword;
use handler::Reset;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (pool, client) = env.all((env.text("USER_POOL_ID"), env.text("USER_POOL_CLIENT_ID")))?;
    let aws = adapters::aws::config().await;
    let cognito = adapters::cognito::Client::new(&aws);
    let accounts = Arc::new(CognitoAccounts::new(cognito.clone(), pool.clone(), client));
    let reset_password = ResetPassword {
        passwords: accounts.clone(),
        identity: accounts,
        sessions: Arc::new(CognitoSessions::new(cognito, pool)),
    };
    runtime::http::serve(Arc::new(Reset(reset_password))).await
}
