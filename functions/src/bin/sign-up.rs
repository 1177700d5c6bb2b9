//! `POST /signup`: registers a customer or an agent. The answer does not tell whether the address has an account.

use std::sync::Arc;

use adapters::cognito::CognitoAccounts;
use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::SignUp;
use runtime::http::{Problem, Request, Response};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, pool, client, grid) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let accounts = Arc::new(CognitoAccounts::new(&cognito, &pool, &client));
    let sign_up = SignUp {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        identity: accounts.clone(),
        codes: accounts,
        clock: Arc::new(SystemClock),
        grid,
    };
    runtime::http::serve(sign_up, handle).await
}

async fn handle(sign_up: &SignUp, request: &Request) -> Result<Response, Problem> {
    sign_up.run(&request.json()?).await?;
    Response::accepted(&json!({"status": "confirmation_required"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{Role, UserStatus};
    use testkit::build::grid;
    use testkit::http::{answered, pointers};
    use testkit::{MemoryIdentity, MemoryStore, StillClock};

    fn signup(store: &Arc<MemoryStore>) -> SignUp {
        let identity = Arc::new(MemoryIdentity::default());
        SignUp {
            users: store.clone(),
            identity: identity.clone(),
            codes: identity,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            grid: grid(),
        }
    }

    #[tokio::test]
    async fn a_known_address_gets_the_same_answer_as_a_new_one() {
        let store = Arc::default();
        let signup = signup(&store);
        let event = include_str!("../../../events/sign-up.json");
        for _ in 0..2 {
            let (status, body) = answered(&signup, handle, event).await;
            assert_eq!(
                (status, body),
                (202, json!({"status": "confirmation_required"}))
            );
        }
        let users = store.all_users();
        let [user] = users.as_slice() else {
            panic!("one user, not {users:?}")
        };
        assert_eq!(
            (user.role, user.status),
            (Role::Customer, UserStatus::Unconfirmed)
        );
        assert_eq!(user.email, "marta.puig@example.com");
    }

    #[tokio::test]
    async fn an_agent_brings_a_vehicle_and_a_place_to_start_from() {
        let store = Arc::default();
        let event = include_str!("../../../events/sign-up-agent.json");
        let (status, _) = answered(&signup(&store), handle, event).await;
        assert_eq!(status, 202);
        let profile = store.all_users().remove(0).agent.unwrap();
        assert_eq!(
            (profile.capacity, profile.start_location.is_some()),
            (12, true)
        );
    }

    #[tokio::test]
    async fn every_bad_field_is_named_and_nothing_is_stored() {
        let store = Arc::default();
        let event = include_str!("../../../events/sign-up-invalid.json");
        let (status, body) = answered(&signup(&store), handle, event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid")));
        assert_eq!(
            pointers(&body),
            ["#/vehicles", "#/email", "#/name", "#/role"]
        );
        assert!(store.all_users().is_empty());
    }
}
