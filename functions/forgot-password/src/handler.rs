//! Mails a code that sets a new password. The answer is the same whether there is such an account.

use app::accounts::ForgotPassword;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};
use serde_json::json;

/// Mails a code that sets a new password. The answer is the same whether there is such an account.
pub struct Forgot(pub ForgotPassword);

#[async_trait]
impl Handler for Forgot {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        self.0.run(&request.json()?).await?;
        Response::accepted(&json!({"status": "code_requested"}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use app::ports::IdentityProvider;
    use testkit::MemoryIdentity;
    use testkit::build::marta_signs_up;
    use testkit::http::{answered, pointers};
    use testkit::memory::CODE;

    const EVENT: &str = include_str!("../../../events/forgot-password.json");

    #[tokio::test]
    async fn new_confirmed_and_unknown_addresses_are_answered_alike() {
        let identity = Arc::new(MemoryIdentity::default());
        let handler = Forgot(ForgotPassword {
            passwords: identity.clone(),
        });
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
            let (status, body) = answered(&handler, EVENT).await;
            let expected = json!({"status": "code_requested"});
            assert_eq!((status, body), (202, expected), "{step}");
            mailed.push(identity.take_mailed().len());
        }
        assert_eq!(mailed, [0, 0, 1], "a code to whom it helps");
    }

    #[tokio::test]
    async fn a_bad_address_is_told() {
        let handler = Forgot(ForgotPassword {
            passwords: Arc::new(MemoryIdentity::default()),
        });
        let event = EVENT.replace("marta.puig@example.com", "marta");
        let (status, body) = answered(&handler, &event).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/email"]));
    }
}
