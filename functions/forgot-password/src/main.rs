//! `POST /password/forgot`: mails a code that sets a new password.

mod handler;

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use app::accounts::ForgotPassword;
use handler::Forgot;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (pool, client) = env.all((env.text("USER_POOL_ID"), env.text("USER_POOL_CLIENT_ID")))?;
    let aws = adapters::aws::config().await;
    let cognito = adapters::cognito::Client::new(&aws);
    let forgot_password = ForgotPassword {
        passwords: Arc::new(CognitoAccounts::new(cognito, pool, client)),
    };
    runtime::http::serve(Arc::new(Forgot(forgot_password))).await
}
