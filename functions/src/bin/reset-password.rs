//! `POST /password/reset`: sets a new password with the code that was mailed, and ends all sessions.

use std::sync::Arc;

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use app::accounts::ResetPassword;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (pool, client) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let cognito = adapters::cognito::Client::new(&aws);
    let accounts = Arc::new(CognitoAccounts::new(&cognito, &pool, &client));
    let reset_password = ResetPassword {
        passwords: accounts.clone(),
        identity: accounts,
        sessions: Arc::new(CognitoSessions::new(&cognito, &pool)),
    };
    runtime::http::serve(reset_password, handle).await
}

async fn handle(reset_password: &ResetPassword, request: &Request) -> Result<Response, Problem> {
    reset_password.run(&request.json()?).await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{IdentityProvider, LogInOutcome, PasswordRecovery};
    use serde_json::{Value, json};
    use testkit::MemoryIdentity;
    use testkit::build::marta_signs_up;
    use testkit::http::answered;
    use testkit::memory::CODE;

    const EVENT: &str = include_str!("../../../events/reset-password.json");

    /// The use case in a world where Marta has asked for a code.
    async fn reset() -> (ResetPassword, Arc<MemoryIdentity>) {
        let identity = Arc::new(MemoryIdentity::default());
        let marta = marta_signs_up();
        identity.sign_up(&marta).await.unwrap();
        identity.confirm(&marta.email, CODE).await.unwrap();
        identity.send_code(&marta.email).await.unwrap();
        let reset_password = ResetPassword {
            passwords: identity.clone(),
            identity: identity.clone(),
            sessions: identity.clone(),
        };
        (reset_password, identity)
    }

    #[tokio::test]
    async fn the_code_sets_the_password_once_and_the_call_may_be_repeated() {
        let (reset_password, identity) = reset().await;
        for _ in 0..2 {
            assert_eq!(
                answered(&reset_password, handle, EVENT).await,
                (204, Value::Null)
            );
        }
        let email = marta_signs_up().email;
        let opened = identity.log_in(&email, "Better-Horse-8").await.unwrap();
        assert!(matches!(opened, LogInOutcome::Granted(_)));
    }

    #[tokio::test]
    async fn a_wrong_code_and_an_unknown_address_look_alike() {
        let (reset_password, _) = reset().await;
        let mut told = Vec::new();
        for (from, to) in [("654321", "000000"), ("marta.puig", "nobody")] {
            let (status, body) = answered(&reset_password, handle, &EVENT.replace(from, to)).await;
            assert_eq!((status, &body["code"]), (422, &json!("invalid_code")));
            assert_eq!(body["errors"][0]["pointer"], "#/code");
            told.push(body);
        }
        assert_eq!(told[0], told[1]);
    }

    #[tokio::test]
    async fn a_weak_password_is_told_every_rule() {
        let (reset_password, _) = reset().await;
        let (status, body) = answered(
            &reset_password,
            handle,
            &EVENT.replace("Better-Horse-8", "horse"),
        )
        .await;
        let expected =
            json!([{"pointer": "#/new_password", "detail": domain::password::ALL_RULES}]);
        assert_eq!((status, &body["errors"]), (422, &expected));
    }
}
