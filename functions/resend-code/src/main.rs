//! `POST /signup/resend-code`: mails another code to an address that waits to be confirmed.

mod handler;

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use app::accounts::ResendCode;
use handler::Resend;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (pool, client) = env.all((env.text("USER_POOL_ID"), env.text("USER_POOL_CLIENT_ID")))?;
    let aws = adapters::aws::config().await;
    let cognito = adapters::cognito::Client::new(&aws);
    let resend_code = ResendCode {
        codes: Arc::new(CognitoAccounts::new(cognito, pool, client)),
    };
    runtime::http::serve(Arc::new(Resend(resend_code))).await
}
