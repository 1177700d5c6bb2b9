//! `GET /me`: the caller's own record, and whether emails reach the caller.

use std::sync::Arc;

use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::GetMe;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, via) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_me = GetMe {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        mailer: adapters::mail::mailer(&aws, &via),
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(get_me, handle).await
}

async fn handle(get_me: &GetMe, request: &Request) -> Result<Response, Problem> {
    Response::ok(&get_me.run(&request.caller()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::EmailNotifications;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryMailer, MemoryStore, StillClock, a_customer};

    #[tokio::test]
    async fn callers_see_themselves_and_whether_emails_reach_them() {
        let mut marta = a_customer(1).build();
        marta.id = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        let mailer = MemoryMailer::default();
        mailer.set_subscription(marta.id, EmailNotifications::Pending);
        let get_me = GetMe {
            users: Arc::new(MemoryStore::with([marta], [])),
            mailer: Arc::new(mailer),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        };
        let event = include_str!("../../../events/get-me.json");
        let (status, body) = answered(&get_me, handle, event).await;
        assert_eq!(status, 200);
        assert_eq!(
            body,
            json!({
                "user_id": "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11", "role": "customer", "status": "active",
                "name": "Ana 1", "email": "ana1@example.com", "email_notifications": "pending",
            })
        );
    }
}
