//! `POST /login`: gives tokens for a password, and completes an account that a crash left incomplete.

use std::sync::Arc;
use std::time::Duration;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::LogIn;
use runtime::http::{Problem, Request, Response};

/// A third of the function's timeout. The rest is for Cognito.
const WAITS_FOR_MAIL: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, pool, client, via, grid) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let log_in = LogIn {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        identity: Arc::new(CognitoAccounts::new(&cognito, &pool, &client)),
        mailer: adapters::mail::mailer(&aws, &via),
        waits_for_mail: WAITS_FOR_MAIL,
        clock: Arc::new(SystemClock),
        grid,
    };
    runtime::http::serve(log_in, handle).await
}

async fn handle(log_in: &LogIn, request: &Request) -> Result<Response, Problem> {
    Response::ok(&log_in.run(&request.json()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::accounts::{ConfirmSignUp, SignUp};
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::memory::CODE;
    use testkit::{MemoryIdentity, MemoryMailer, MemoryStore, StillClock};

    /// The use case in a world where Marta has signed up, and perhaps confirmed her address.
    async fn login(confirmed: bool) -> LogIn {
        let store = Arc::new(MemoryStore::default());
        let identity = Arc::new(MemoryIdentity::default());
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        let register = SignUp {
            users: store.clone(),
            identity: identity.clone(),
            codes: identity.clone(),
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
        LogIn {
            users: store,
            identity,
            mailer,
            waits_for_mail: Duration::from_secs(5),
            clock,
            grid: grid(),
        }
    }

    const EVENT: &str = include_str!("../../../events/log-in.json");

    #[tokio::test]
    async fn the_password_gives_tokens() {
        let (status, body) = answered(&login(true).await, handle, EVENT).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
        for token in ["access_token", "refresh_token"] {
            assert!(body[token].is_string(), "{body}");
        }
        assert_eq!(body["expires_in"], 3600);
    }

    #[tokio::test]
    async fn a_wrong_password_and_an_unknown_address_look_alike() {
        let log_in = login(true).await;
        for (from, to) in [
            ("Correct-Horse-7", "Wrong-Horse-7"),
            ("marta.puig", "nobody"),
        ] {
            let (status, body) = answered(&log_in, handle, &EVENT.replace(from, to)).await;
            assert_eq!(
                (status, &body["code"]),
                (401, &json!("invalid_credentials"))
            );
        }
    }

    #[tokio::test]
    async fn an_address_has_to_be_confirmed_first() {
        let (status, body) = answered(&login(false).await, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (403, &json!("not_confirmed")));
    }
}
