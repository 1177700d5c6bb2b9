//! `POST /password/forgot`: mails a code that sets a new password. The answer does not tell whether the address has
//! an account.

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use app::accounts::ForgotPassword;
use runtime::http::{Problem, Request, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (pool, client) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let cognito = adapters::cognito::Client::new(&aws);
    let forgot_password = ForgotPassword {
        passwords: Arc::new(CognitoAccounts::new(&cognito, &pool, &client)),
    };
    runtime::http::serve(forgot_password, handle).await
}

async fn handle(forgot_password: &ForgotPassword, request: &Request) -> Result<Response, Problem> {
    forgot_password.run(&request.json()?).await?;
    Response::accepted(&json!({"status": "code_requested"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::IdentityProvider;
    use testkit::MemoryIdentity;
    use testkit::build::marta_signs_up;
    use testkit::http::{answered, pointers};
    use testkit::memory::CODE;

    const EVENT: &str = include_str!("../../../events/forgot-password.json");

    #[tokio::test]
    async fn new_confirmed_and_unknown_addresses_are_answered_alike() {
        let identity = Arc::new(MemoryIdentity::default());
        let forgot_password = ForgotPassword {
            passwords: identity.clone(),
        };
        let mut mailed = Vec::new();
        for step in ["unknown", "new", "confirmed"] {
            if step == "new" {
                identity.sign_up(&marta_signs_up()).await.unwrap();
            }
            if step == "confirmed" {
                identity
                    .confirm(&marta_signs_up().email, CODE)
                    .await
                    .unwrap();
            }
            let (status, body) = answered(&forgot_password, handle, EVENT).await;
            let expected = json!({"status": "code_requested"});
            assert_eq!((status, body), (202, expected), "{step}");
            mailed.push(identity.take_mailed().len());
        }
        assert_eq!(mailed, [0, 0, 1], "a code to whom it helps");
    }

    #[tokio::test]
    async fn a_bad_address_is_told() {
        let forgot_password = ForgotPassword {
            passwords: Arc::new(MemoryIdentity::default()),
        };
        let event = EVENT.replace("marta.puig@example.com", "marta");
        let (status, body) = answered(&forgot_password, handle, &event).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/email"]));
    }
}
