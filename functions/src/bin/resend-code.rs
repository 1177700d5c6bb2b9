//! `POST /signup/resend-code`: mails another code to an unconfirmed address. All other addresses get the
//! same answer.

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use app::accounts::ResendCode;
use runtime::http::{Problem, Request, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (pool, client) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let cognito = adapters::cognito::Client::new(&aws);
    let resend_code = ResendCode {
        codes: Arc::new(CognitoAccounts::new(&cognito, &pool, &client)),
    };
    runtime::http::serve(resend_code, handle).await
}

async fn handle(resend_code: &ResendCode, request: &Request) -> Result<Response, Problem> {
    resend_code.run(&request.json()?).await?;
    Response::accepted(&json!({"status": "confirmation_required"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::IdentityProvider;
    use testkit::MemoryIdentity;
    use testkit::build::marta_signs_up;
    use testkit::http::{answered, pointers};
    use testkit::memory::CODE;

    const EVENT: &str = include_str!("../../../events/resend-code.json");

    #[tokio::test]
    async fn new_confirmed_and_unknown_addresses_are_answered_alike() {
        let identity = Arc::new(MemoryIdentity::default());
        let resend_code = ResendCode {
            codes: identity.clone(),
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
            let (status, body) = answered(&resend_code, handle, EVENT).await;
            let expected = json!({"status": "confirmation_required"});
            assert_eq!((status, body), (202, expected), "{step}");
            mailed.push(identity.take_mailed().len());
        }
        assert_eq!(mailed, [0, 1, 0], "a code to whom it helps");
    }

    #[tokio::test]
    async fn a_bad_address_is_told() {
        let resend_code = ResendCode {
            codes: Arc::new(MemoryIdentity::default()),
        };
        let event = EVENT.replace("marta.puig@example.com", "marta");
        let (status, body) = answered(&resend_code, handle, &event).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/email"]));
    }
}
