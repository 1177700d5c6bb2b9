//! Tells callers who they are, and whether emails reach them.

use app::accounts::GetMe;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Tells callers who they are, and whether emails reach them.
pub struct GetMe(pub GetMe);

#[async_trait]
impl Handler for GetMe {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.caller()?).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

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
        let handler = GetMe(GetMe {
            users: Arc::new(MemoryStore::with([marta], [])),
            mailer: Arc::new(mailer),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        });
        let event = include_str!("../../../events/get-me.json");
        let (status, body) = answered(&handler, event).await;
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
