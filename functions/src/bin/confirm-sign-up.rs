//! `POST /signup/confirm`: confirms an address with the code that was mailed to the address.

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::ConfirmSignUp;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, pool, client, grid) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let confirm_sign_up = ConfirmSignUp {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        identity: Arc::new(CognitoAccounts::new(&cognito, &pool, &client)),
        clock: Arc::new(SystemClock),
        grid,
    };
    runtime::http::serve(confirm_sign_up, handle).await
}

async fn handle(confirm_sign_up: &ConfirmSignUp, request: &Request) -> Result<Response, Problem> {
    Response::ok(&confirm_sign_up.run(&request.json()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::accounts::SignUp;
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::{MemoryIdentity, MemoryStore, StillClock};

    /// The use case in a world where Marta has signed up.
    async fn confirm_signup() -> ConfirmSignUp {
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
        let marta = json!({
            "email": "marta.puig@example.com", "password": "Correct-Horse-7",
            "name": "Marta Puig", "role": "customer",
        });
        register.run(&marta).await.unwrap();
        ConfirmSignUp {
            users: store,
            identity,
            clock,
            grid: grid(),
        }
    }

    #[tokio::test]
    async fn the_code_opens_the_account_and_may_be_sent_twice() {
        let confirm_sign_up = confirm_signup().await;
        let event = include_str!("../../../events/confirm-sign-up.json");
        for _ in 0..2 {
            let (status, body) = answered(&confirm_sign_up, handle, event).await;
            assert_eq!(status, 200);
            assert_eq!(
                (&body["role"], &body["status"]),
                (&json!("customer"), &json!("active"))
            );
        }
    }

    #[tokio::test]
    async fn a_wrong_code_is_told_on_its_field() {
        let event =
            include_str!("../../../events/confirm-sign-up.json").replace("123456", "000000");
        let (status, body) = answered(&confirm_signup().await, handle, &event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid_code")));
        assert_eq!(body["errors"][0]["pointer"], "#/code");
    }
}
