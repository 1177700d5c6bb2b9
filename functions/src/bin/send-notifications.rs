//! Sends emails about changes of orders, routes and accounts, and text messages to recipients.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use adapters::dynamodb::{
    DynamoOrders, DynamoOutboxes, DynamoPromises, DynamoRecipientMessages, DynamoRoutes,
    DynamoTrackingLinks, DynamoUsers,
};
use adapters::keys::Key;
use adapters::pseudonyms::KeyedPseudonyms;
use adapters::sns::SnsTexts;
use adapters::sqs::SqsQueue;
use adapters::system::SystemClock;
use app::messages::{News, Notification};
use app::notifications::{Letterhead, SendNotifications, Told};
use app::recipients::{TellRecipient, Texts, Via};
use domain::UserId;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Job, Limits, Message};
use settings::{CompanyName, RecipientKey, RecipientMessages, TextMessages};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, claims) = settings::from_environment()?;
    let (queue, via, CompanyName(company), time_zone) = settings::from_environment()?;
    let (messages, RecipientKey(key), texts): (Option<RecipientMessages>, _, Option<TextMessages>) =
        settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let letterhead = Letterhead { company, time_zone };
    let ssm = adapters::keys::Client::new(&aws);
    let texts = texts.map(|texts| Texts {
        sender: Arc::new(SnsTexts::new(
            &adapters::sns::Client::new(&aws),
            &texts.sender,
        )),
        allowed: texts.allowed,
        per_month: texts.per_month,
    });
    let recipients = messages.map(|RecipientMessages { moments, page }| TellRecipient {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        messages: Arc::new(DynamoRecipientMessages::new(&dynamodb, &claims)),
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        pseudonyms: Arc::new(KeyedPseudonyms(Key::of(ssm, key))),
        mailer: adapters::mail::address_mailer(&aws, &via),
        texts,
        notifications: Arc::new(SqsQueue::<Notification>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
        letterhead: letterhead.clone(),
        page,
        moments,
    });
    let send_notifications = SendNotifications {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        outboxes: Arc::new(DynamoOutboxes::new(&dynamodb, &claims)),
        promises: Arc::new(DynamoPromises::new(&dynamodb, &claims)),
        notifications: Arc::new(SqsQueue::<Notification>::new(&sqs, &queue)),
        mailer: adapters::mail::mailer(&aws, &via),
        clock: Arc::new(SystemClock),
        letterhead,
        recipients,
    };
    runtime::sqs::serve(send_notifications, jobs, Limits::default()).await
}

/// The messages about one person's news are one job, so that they lead to one email.
fn jobs<'a>(send_notifications: &'a SendNotifications, batch: &'a [Message]) -> Vec<Job<'a>> {
    let mut by_person: BTreeMap<UserId, (Vec<&Message>, Vec<News>)> = BTreeMap::new();
    let mut jobs = Vec::new();
    for message in batch {
        match message.json::<Notification>() {
            Ok(Notification::NewsWaiting { user_id, news }) => {
                let (messages, carried) = by_person.entry(user_id).or_default();
                messages.push(message);
                carried.extend(news);
            }
            Ok(other) => jobs.push(Job::new(vec![message], send(send_notifications, other))),
            Err(failure) => jobs.push(Job::failed(message, failure)),
        }
    }
    for (user_id, (messages, news)) in by_person {
        let notification = Notification::NewsWaiting { user_id, news };
        jobs.push(Job::new(messages, send(send_notifications, notification)));
    }
    jobs
}

async fn send(
    send_notifications: &SendNotifications,
    notification: Notification,
) -> Result<(), Failure> {
    let told = send_notifications.run(&notification).await?;
    if let Told::Recipient(order_id, moment, via) = told {
        info!(%order_id, %moment, %via, "recipient told");
        let metrics = Metrics::new().count("RecipientsTold", 1);
        match via {
            Via::Email => metrics.emit(),
            Via::Text => metrics.count("TextsSent", 1).emit(),
        }
        return Ok(());
    }
    if told == Told::NoTextsLeft {
        Metrics::new().count("TextsNotSent", 1).emit();
        return Ok(());
    }
    if let Told::Sent(news) = told {
        let told: Vec<String> = news.iter().map(News::name).collect();
        let requests = news.iter().filter_map(|it| it.request_id.as_deref());
        let requests: BTreeSet<&str> = requests.collect();
        let requests: Vec<&str> = requests.into_iter().collect();
        info!(
            news = told.join(" "),
            request_ids = requests.join(" "),
            "email sent"
        );
        Metrics::new().count("EmailsSent", 1).emit();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::time::Duration;

    use domain::EmailNotifications;
    use jiff::tz::TimeZone;
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::build::at;
    use testkit::{
        MemoryMailer, MemoryNotifications, MemoryStore, StillClock, a_customer, an_order,
    };

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
        let order = order.assigned(agent, route, now).unwrap();
        Arc::new(MemoryStore::with([marta], [order]))
    }

    fn tell_people(store: &Arc<MemoryStore>, mailer: &Arc<MemoryMailer>) -> SendNotifications {
        SendNotifications {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            outboxes: store.clone(),
            promises: store.clone(),
            notifications: Arc::new(MemoryNotifications::default()),
            mailer: mailer.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:05Z")),
            letterhead: Letterhead {
                company: "Waybill".to_owned(),
                time_zone: TimeZone::UTC,
            },
            recipients: None,
        }
    }

    async fn handled(send_notifications: &SendNotifications, event: &str) -> Value {
        let event = serde_json::from_str(event).unwrap();
        let time = Duration::from_secs(60);
        let response = sqs::consume(send_notifications, jobs, Limits::default(), event, time);
        let response = response.await.unwrap();
        serde_json::to_value(response).unwrap()
    }

    #[tokio::test]
    async fn people_are_told_once_however_often_the_messages_come() {
        let (store, mailer) = (store(), Arc::new(MemoryMailer::default()));
        let marta = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        mailer.set_subscription(marta, EmailNotifications::On);
        let send_notifications = tell_people(&store, &mailer);
        let event = include_str!("../../../events/send-notifications.json");
        for _ in 0..2 {
            assert_eq!(
                handled(&send_notifications, event).await,
                json!({"batchItemFailures": []})
            );
        }
        let sent = mailer.take_sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert_eq!(sent[0].0, marta);
        // Emails reach this address already.
        assert!(mailer.take_subscribed().is_empty());
    }

    #[tokio::test]
    async fn a_new_address_is_asked_once_however_often_the_messages_come() {
        let (store, mailer) = (store(), Arc::new(MemoryMailer::default()));
        let send_notifications = tell_people(&store, &mailer);
        let event = include_str!("../../../events/send-notifications.json");
        for _ in 0..2 {
            assert_eq!(
                handled(&send_notifications, event).await,
                json!({"batchItemFailures": []})
            );
        }
        assert_eq!(mailer.take_subscribed().len(), 1);
    }

    #[tokio::test]
    async fn a_message_that_cannot_be_read_fails_alone() {
        let (store, mailer) = (store(), Arc::new(MemoryMailer::default()));
        let event = include_str!("../../../events/send-notifications-unreadable.json");
        let failed = json!([{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be602"}]);
        let send_notifications = tell_people(&store, &mailer);
        assert_eq!(
            handled(&send_notifications, event).await["batchItemFailures"],
            failed
        );
        assert_eq!(mailer.take_subscribed().len(), 1);
    }
}
