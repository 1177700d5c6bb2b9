//! Takes in a customer or an agent. The answer is the same whether the address was known.

use app::accounts::SignUp;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};
use serde_json::json;

/// Takes in a customer or an agent. The answer is the same whether the address was known.
pub struct Signup(pub SignUp);

#[async_trait]
impl Handler for Signup {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        self.0.run(&request.json()?).await?;
        Response::accepted(&json!({"status": "confirmation_required"}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use domain::{Role, UserStatus};
    use testkit::build::grid;
    use testkit::http::{answered, pointers};
    use testkit::{MemoryIdentity, MemoryStore, StillClock};

    fn signup(store: &Arc<MemoryStore>) -> Signup {
        Signup(SignUp {
            users: store.clone(),
            identity: Arc::new(MemoryIdentity::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            grid: grid(),
        })
    }

    #[tokio::test]
    async fn a_known_address_gets_the_same_answer_as_a_new_one() {
        let store = Arc::default();
        let signup = signup(&store);
        let event = include_str!("../../../events/signup.json");
        for _ in 0..2 {
            let (status, body) = answered(&signup, event).await;
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
        let event = include_str!("../../../events/signup-agent.json");
        let (status, _) = answered(&signup(&store), event).await;
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
        let event = include_str!("../../../events/signup-invalid.json");
        let (status, body) = answered(&signup(&store), event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid")));
        assert_eq!(
            pointers(&body),
            ["#/vehicles", "#/email", "#/name", "#/role"]
        );
        assert!(store.all_users().is_empty());
    }
}
