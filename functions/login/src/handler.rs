//! Gives tokens for a password, and repairs what a crash left out of the account.

use app::accounts::LogIn;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Gives tokens for a password, and repairs what a crash left out of the account.
pub struct Login(pub LogIn);

#[async_trait]
impl Handler for Login {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.json()?).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use app::accounts::{ConfirmSignUp, SignUp};
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::memory::CODE;
    use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock};

    /// The handler in a world where Marta has signed up, and perhaps confirmed her address.
    async fn login(confirmed: bool) -> Login {
        let store = Arc::new(MemoryStore::default());
        let identity = Arc::new(MemoryIdentity::default());
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        let register = SignUp {
            users: store.clone(),
            identity: identity.clone(),
            clock: clock.clone(),
            grid: grid(),
        };
        let email = "marta.puig@example.com";
        let marta = json!({
            "email": email, "password": "Correct-Horse-7", "name": "Marta Puig", "role": "customer",
        });
        register.run(&marta).await.unwrap();
        if confirmed {
            let confirm = ConfirmSignUp {
                users: store.clone(),
                identity: identity.clone(),
                clock: clock.clone(),
                grid: grid(),
            };
            confirm
                .run(&json!({"email": email, "code": CODE}))
                .await
                .unwrap();
        }
        let mailer = Arc::new(MemoryMailer::default());
        Login(LogIn {
            users: store,
            identity,
            mailer,
            waits_for_mail: Duration::from_secs(5),
            clock,
            grid: grid(),
        })
    }

    const EVENT: &str = include_str!("../../../events/login.json");

    #[tokio::test]
    async fn the_password_gives_tokens() {
        let (status, body) = answered(&login(true).await, EVENT).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
        for token in ["access_token", "id_token", "refresh_token"] {
            assert!(body[token].is_string(), "{body}");
        }
        assert_eq!(body["expires_in"], 3600);
    }

    #[tokio::test]
    async fn a_wrong_password_and_an_unknown_address_look_alike() {
        let handler = login(true).await;
        for (from, to) in [
            ("Correct-Horse-7", "Wrong-Horse-7"),
            ("marta.puig", "nobody"),
        ] {
            let (status, body) = answered(&handler, &EVENT.replace(from, to)).await;
            assert_eq!(
                (status, &body["code"]),
                (401, &json!("invalid_credentials"))
            );
        }
    }

    #[tokio::test]
    async fn an_address_has_to_be_confirmed_first() {
        let (status, body) = answered(&login(false).await, EVENT).await;
        assert_eq!((status, &body["code"]), (403, &json!("not_confirmed")));
    }
}
