//! `POST /me/email-notifications`: asks the caller's address again to confirm its subscription to emails.

use std::sync::Arc;

use adapters::dynamodb::DynamoUsers;
use adapters::system::SystemClock;
use app::accounts::SubscribeEmails;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, via) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let subscribe_emails = SubscribeEmails {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        mailer: adapters::mail::mailer(&aws, &via),
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(subscribe_emails, handle).await
}

async fn handle(
    subscribe_emails: &SubscribeEmails,
    request: &Request,
) -> Result<Response, Problem> {
    Response::ok(&subscribe_emails.run(&request.caller()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::EmailNotifications;
    use testkit::http::answered;
    use testkit::{MemoryMailer, MemoryStore, StillClock, a_customer};

    #[tokio::test]
    async fn a_lost_subscription_is_asked_for_again() {
        let mut marta = a_customer(1).build();
        marta.id = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        let mailer = Arc::new(MemoryMailer::default());
        mailer.set_subscription(marta.id, EmailNotifications::Off);
        let subscribe_emails = SubscribeEmails {
            users: Arc::new(MemoryStore::with([marta], [])),
            mailer: mailer.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        };
        let event = include_str!("../../../events/subscribe-emails.json");
        let (status, body) = answered(&subscribe_emails, handle, event).await;
        assert_eq!(
            (status, &body["email_notifications"]),
            (200, &"pending".into())
        );
        assert_eq!(mailer.take_subscribed().len(), 1);
    }
}
