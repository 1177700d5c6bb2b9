//! `POST /token/refresh`: gives new tokens for a refresh token.

use std::sync::Arc;

use adapters::cognito::{CognitoAccounts, CognitoSessions};
use adapters::dynamodb::DynamoUsers;
use app::accounts::RefreshToken;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, pool, client) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let refresh_token = RefreshToken {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        refresh: Arc::new(CognitoAccounts::new(&cognito, &pool, &client)),
        sessions: Arc::new(CognitoSessions::new(&cognito, &pool)),
    };
    runtime::http::serve(refresh_token, handle).await
}

async fn handle(refresh_token: &RefreshToken, request: &Request) -> Result<Response, Problem> {
    Response::ok(&refresh_token.run(&request.json()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{IdentityProvider, LogInOutcome};
    use domain::UserStatus;
    use serde_json::json;
    use testkit::build::marta_signs_up;
    use testkit::http::answered;
    use testkit::memory::CODE;
    use testkit::{MemoryIdentity, MemoryStore, an_agent};

    /// The use case in a world where Marta, with this status, has logged in, and an event with her refresh token.
    async fn refresh(status: UserStatus) -> (RefreshToken, String, Arc<MemoryIdentity>) {
        let identity = Arc::new(MemoryIdentity::default());
        let marta = marta_signs_up();
        identity.sign_up(&marta).await.unwrap();
        identity.confirm(&marta.email, CODE).await.unwrap();
        let LogInOutcome::Granted(tokens) = identity
            .log_in(&marta.email, &marta.password)
            .await
            .unwrap()
        else {
            panic!("she has confirmed");
        };
        let mut user = an_agent(1).with_status(status).build();
        user.id = identity.account_of(&marta.email).unwrap().user_id;
        let refresh_token = RefreshToken {
            users: Arc::new(MemoryStore::with([user], [])),
            refresh: identity.clone(),
            sessions: identity.clone(),
        };
        let event = EVENT.replace("eyJjdHkiOiJKV1QifQ.example", &tokens.refresh_token);
        assert_ne!(
            event, EVENT,
            "the payload has a token to put hers in place of"
        );
        (refresh_token, event, identity)
    }

    const EVENT: &str = include_str!("../../../events/refresh-token.json");

    #[tokio::test]
    async fn a_refresh_token_gives_new_tokens_as_a_log_in_does() {
        let (refresh_token, event, _) = refresh(UserStatus::Active).await;
        let (status, body) = answered(&refresh_token, handle, &event).await;
        assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
        for token in ["access_token", "refresh_token"] {
            assert!(body[token].is_string(), "{body}");
        }
    }

    #[tokio::test]
    async fn a_token_that_nobody_gave_is_refused() {
        let (refresh_token, _, _) = refresh(UserStatus::Active).await;
        let (status, body) = answered(&refresh_token, handle, EVENT).await;
        assert_eq!(
            (status, &body["code"]),
            (401, &json!("invalid_refresh_token"))
        );
    }

    #[tokio::test]
    async fn a_suspended_agent_gets_none_and_is_signed_out() {
        let (refresh_token, event, identity) = refresh(UserStatus::Suspended).await;
        let (status, body) = answered(&refresh_token, handle, &event).await;
        assert_eq!((status, &body["code"]), (403, &json!("agent_not_active")));
        assert_eq!(identity.sessions_of(&marta_signs_up().email), 0);
    }
}
