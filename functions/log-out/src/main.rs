//! `POST /logout`: ends every session of the caller.

mod handler;

use std::sync::Arc;

use adapters::cognito::CognitoSessions;
use app::accounts::LogOut;
use handler::LogOutEverywhere;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (pool,) = env.all((env.text("USER_POOL_ID"),))?;
    let aws = adapters::aws::config().await;
    let cognito = adapters::cognito::Client::new(&aws);
    let log_out = LogOut {
        sessions: Arc::new(CognitoSessions::new(cognito, pool)),
    };
    runtime::http::serve(Arc::new(LogOutEverywhere(log_out))).await
}
