//! Mails another code to an address that waits to be confirmed. The answer is the same for any other address.

use app::accounts::ResendCode;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};
use serde_json::json;

/// Mails another code to an address that waits to be confirmed. The answer is the same for any other address.
pub struct Resend(pub ResendCode);

#[async_trait]
impl Handler for Resend {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        self.0.run(&request.json()?).await?;
        Response::accepted(&json!({"status": "confirmation_required"}))
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

    const EVENT: &str = include_str!("../../../events/resend-code.json");

    #[tokio::test]
    async fn new_confirmed_and_unknown_addresses_are_answered_alike() {
        let identity = Arc::new(MemoryIdentity::default());
        let handler = Resend(ResendCode {
            codes: identity.clone(),
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
            let expected = json!({"status": "confirmation_required"});
            assert_eq!((status, body), (202, expected), "{step}");
            mailed.push(identity.take_mailed().len());
        }
        assert_eq!(mailed, [0, 1, 0], "a code to whom it helps");
    }

    #[tokio::test]
    async fn a_bad_address_is_told() {
        let handler = Resend(ResendCode {
            codes: Arc::new(MemoryIdentity::default()),
        });
        let event = EVENT.replace("marta.puig@example.com", "marta");
        let (status, body) = answered(&handler, &event).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/email"]));
    }
}
