//! `PUT /customers/{customer_id}`: suspends a customer, or ends that; sets the limit on pending orders.

use std::sync::Arc;

use adapters::cognito::CognitoSessions;
use adapters::dynamodb::DynamoUsers;
use adapters::sqs::SqsQueue;
use adapters::system::{RandomJitter, SystemClock};
use app::customers::UpdateCustomer;
use app::messages::CustomerChanged;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, queue, pool) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let cognito = adapters::cognito::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let update_customer = UpdateCustomer {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        queue: Arc::new(SqsQueue::<CustomerChanged>::new(&sqs, &queue)),
        sessions: Arc::new(CognitoSessions::new(&cognito, &pool)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(update_customer, handle).await
}

async fn handle(update_customer: &UpdateCustomer, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let answer = update_customer
        .run(&caller, request.path("customer_id"), &body)
        .await?;
    Response::ok(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::User;
    use serde_json::json;
    use testkit::http::{answered, pointers};
    use testkit::{
        MemoryCustomers, MemoryIdentity, MemoryStore, NoJitter, StillClock, a_customer, an_agent,
    };

    const EVENT: &str = include_str!("../../../events/update-customer.json");

    fn update_customer(mut user: User, queue: &Arc<MemoryCustomers>) -> UpdateCustomer {
        user.id = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        UpdateCustomer {
            users: Arc::new(MemoryStore::with([user], [])),
            queue: queue.clone(),
            sessions: Arc::new(MemoryIdentity::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            jitter: Arc::new(NoJitter),
        }
    }

    #[tokio::test]
    async fn a_suspension_asks_that_the_orders_follow() {
        let queue = Arc::default();
        let update_customer = update_customer(a_customer(1).build(), &queue);
        let (status, body) = answered(&update_customer, handle, EVENT).await;
        assert_eq!((status, &body["status"]), (200, &json!("suspended")));
        assert_eq!(body["suspended_at"], "2030-05-06T08:00:00Z");
        let delays: Vec<u32> = queue.take().into_iter().map(|(_, delay)| delay).collect();
        assert_eq!(delays, [60, 0], "one in case that this process dies");
        let limit = EVENT.replace(r#"\"status\": \"suspended\""#, r#"\"max_open_orders\": 7"#);
        let (status, body) = answered(&update_customer, handle, &limit).await;
        assert_eq!((status, &body["max_open_orders"]), (200, &json!(7)));
        assert_eq!(body["status"], "suspended");
        assert_eq!(queue.take(), [], "no order follows from a limit");
    }

    #[tokio::test]
    async fn every_fault_is_named_and_an_agent_is_no_customer() {
        let queue = Arc::default();
        let agent = update_customer(an_agent(1).build(), &queue);
        let (status, body) = answered(&agent, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        let wrong = EVENT.replace(
            r#"\"status\": \"suspended\""#,
            r#"\"status\": \"barred\", \"max_open_orders\": -1, \"name\": \"Ana\""#,
        );
        let (status, body) = answered(&agent, handle, &wrong).await;
        let mut named = pointers(&body);
        named.sort_unstable();
        assert_eq!(status, 422);
        assert_eq!(named, ["#/max_open_orders", "#/name", "#/status"]);
        let nothing = EVENT.replace(r#"\"status\": \"suspended\""#, "");
        let (_, body) = answered(&agent, handle, &nothing).await;
        assert_eq!(pointers(&body), ["#"]);
        assert_eq!(queue.take(), []);
    }
}
