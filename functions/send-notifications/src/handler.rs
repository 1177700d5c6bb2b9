//! Tells people by email what happened.

use app::messages::Notification;
use app::notifications::{SendNotifications, Told};
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Handler, Job, Message};

/// Tells people by email what happened, each message on its own.
pub struct TellPeople(pub SendNotifications);

impl Handler for TellPeople {
    fn jobs<'a>(&'a self, batch: &'a [Message]) -> Vec<Job<'a>> {
        let jobs = batch
            .iter()
            .map(|message| Job::new(vec![message], self.tell(message)));
        jobs.collect()
    }
}

impl TellPeople {
    async fn tell(&self, message: &Message) -> Result<(), Failure> {
        let notification: Notification = message.json()?;
        if self.0.run(&notification).await? == Told::Sent {
            Metrics::new().count("EmailsSent", 1).emit();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use app::notifications::Letterhead;
    use domain::EmailNotifications;
    use jiff::tz::TimeZone;
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::build::at;
    use testkit::{MemoryMailer, MemoryStore, StillClock, a_customer, an_order};

    /// Marta, whose order has just been assigned.
    fn store() -> Arc<MemoryStore> {
        let mut marta = a_customer(1).build();
        marta.id = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        marta.subscribed_at = None;
        let mut order = an_order(1).of(marta.id).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let (agent, route) = (
            "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap(),
            "0197c56e-07e0-7a35-8c64-2f0b6d1e9a72".parse().unwrap(),
        );
        let now = at("2030-05-06T08:00:00Z");
        let order = order.assigned(agent, route, Some(now), now).unwrap();
        Arc::new(MemoryStore::with([marta], [order]))
    }

    fn tell_people(store: &Arc<MemoryStore>, mailer: &Arc<MemoryMailer>) -> TellPeople {
        TellPeople(SendNotifications {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            claims: store.clone(),
            mailer: mailer.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:05Z")),
            letterhead: Letterhead {
                company: "Waybill".to_owned(),
                time_zone: TimeZone::UTC,
            },
        })
    }

    async fn handled(handler: &TellPeople, event: &str) -> Value {
        let event = serde_json::from_str(event).unwrap();
        let response = sqs::handle(handler, event, Duration::from_secs(60))
            .await
            .unwrap();
        serde_json::to_value(response).unwrap()
    }

    #[tokio::test]
    async fn people_are_told_once_however_often_the_messages_come() {
        let (store, mailer) = (store(), Arc::new(MemoryMailer::default()));
        let marta = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        mailer.set_subscription(marta, EmailNotifications::On);
        let handler = tell_people(&store, &mailer);
        let event = include_str!("../../../events/send-notifications.json");
        for _ in 0..2 {
            assert_eq!(
                handled(&handler, event).await,
                json!({"batchItemFailures": []})
            );
        }
        let sent = mailer.take_sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!(sent[0].0, marta);
        assert_eq!(mailer.take_subscribed().len(), 1);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_read_fails_alone() {
        let (store, mailer) = (store(), Arc::new(MemoryMailer::default()));
        let event = include_str!("../../../events/send-notifications-unreadable.json");
        let failed = json!([{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be602"}]);
        let handler = tell_people(&store, &mailer);
        assert_eq!(handled(&handler, event).await["batchItemFailures"], failed);
        assert_eq!(mailer.take_subscribed().len(), 1);
    }
}
