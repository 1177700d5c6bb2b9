//! Takes the code that was mailed to an address.

use app::accounts::ConfirmSignUp;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Takes the code that was mailed to an address.
pub struct ConfirmSignup(pub ConfirmSignUp);

#[async_trait]
impl Handler for ConfirmSignup {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.json()?).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use app::accounts::SignUp;
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::{MemoryIdentity, MemoryStore, StillClock};

    /// The handler in a world where Marta has signed up.
    async fn confirm_signup() -> ConfirmSignup {
        let store = Arc::new(MemoryStore::default());
        let identity = Arc::new(MemoryIdentity::default());
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        let register = SignUp {
            users: store.clone(),
            identity: identity.clone(),
            clock: clock.clone(),
            grid: grid(),
        };
        let marta = json!({
            "email": "marta.puig@example.com", "password": "Correct-Horse-7",
            "name": "Marta Puig", "role": "customer",
        });
        register.run(&marta).await.unwrap();
        ConfirmSignup(ConfirmSignUp {
            users: store,
            identity,
            clock,
            grid: grid(),
        })
    }

    #[tokio::test]
    async fn the_code_opens_the_account_and_may_be_sent_twice() {
        let handler = confirm_signup().await;
        let event = include_str!("../../../events/confirm-signup.json");
        for _ in 0..2 {
            let (status, body) = answered(&handler, event).await;
            assert_eq!(status, 200);
            assert_eq!(
                (&body["role"], &body["status"]),
                (&json!("customer"), &json!("active"))
            );
        }
    }

    #[tokio::test]
    async fn a_wrong_code_is_told_on_its_field() {
        let event = include_str!("../../../events/confirm-signup.json").replace("123456", "000000");
        let (status, body) = answered(&confirm_signup().await, &event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid_code")));
        assert_eq!(body["errors"][0]["pointer"], "#/code");
    }
}
