//! `POST /logout`: revokes all refresh tokens of the caller.

use std::sync::Arc;

use adapters::cognito::CognitoSessions;
use app::accounts::LogOut;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let pool = settings::from_environment()?;
    let aws = adapters::aws::config();
    let cognito = adapters::cognito::Client::new(&aws);
    let log_out = LogOut {
        sessions: Arc::new(CognitoSessions::new(&cognito, &pool)),
    };
    runtime::http::serve(log_out, handle).await
}

async fn handle(log_out: &LogOut, request: &Request) -> Result<Response, Problem> {
    log_out.run(&request.caller()?).await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::IdentityProvider;
    use serde_json::Value;
    use testkit::MemoryIdentity;
    use testkit::build::marta_signs_up;
    use testkit::http::answered;
    use testkit::memory::CODE;

    const EVENT: &str = include_str!("../../../events/log-out.json");

    #[tokio::test]
    async fn every_session_of_the_caller_ends_and_nobody_elses() {
        let identity = Arc::new(MemoryIdentity::default());
        let mut people = [marta_signs_up(), marta_signs_up()];
        people[1].email = "joan.ferrer@example.com".to_owned();
        for person in &people {
            identity.sign_up(person).await.unwrap();
            identity.confirm(&person.email, CODE).await.unwrap();
            for _device in ["phone", "laptop"] {
                identity
                    .log_in(&person.email, &person.password)
                    .await
                    .unwrap();
            }
        }
        let marta = identity.account_of(&people[0].email).unwrap();
        let log_out = LogOut {
            sessions: identity.clone(),
        };
        let sub = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
        let event = EVENT.replace(sub, &marta.user_id.to_string());
        for _ in 0..2 {
            assert_eq!(answered(&log_out, handle, &event).await, (204, Value::Null));
        }
        assert_eq!(identity.sessions_of(&people[0].email), 0);
        assert_eq!(identity.sessions_of(&people[1].email), 2);
    }
}
