//! Copies state changes from the tables' streams to the queues.

use std::collections::BTreeSet;
use std::sync::Arc;

use adapters::dynamodb::streams::{UnreadableRecord, state_change};
use adapters::dynamodb::{
    DynamoOutboxes, DynamoPromises, DynamoRecipientMessages, DynamoZonesWithoutAgents,
};
use adapters::s3::put_aside::S3UnreadableChanges;
use adapters::sqs::SqsQueue;
use adapters::system::SystemClock;
use app::Refusal;
use app::events::{Figures, PublishEvents, StateChange};
use app::messages::{Notification, Wake};
use app::ports::UnreadableChanges;
use aws_lambda_events::dynamodb::EventRecord;
use runtime::Failure;
use runtime::metrics::Metrics;
use serde_json::json;
use settings::{NotificationWindow, RecipientMoments, TextsAreOn};
use tracing::{error, info};

/// Publishes changes, and puts the unreadable ones aside.
struct Publisher {
    publish_events: PublishEvents,
    aside: Arc<dyn UnreadableChanges>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (optimization, notification, claims, failed_events, grid, NotificationWindow(window_s)) =
        settings::from_environment()?;
    let (RecipientMoments(moments), TextsAreOn(texts)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let publish_events = PublishEvents {
        wakes: Arc::new(SqsQueue::<Wake>::new(&sqs, &optimization)),
        outboxes: Arc::new(DynamoOutboxes::new(&dynamodb, &claims)),
        promises: Arc::new(DynamoPromises::new(&dynamodb, &claims)),
        recipients: Arc::new(DynamoRecipientMessages::new(&dynamodb, &claims)),
        moments,
        texts,
        notifications: Arc::new(SqsQueue::<Notification>::new(&sqs, &notification)),
        window_s,
        without_agents: Arc::new(DynamoZonesWithoutAgents::new(&dynamodb, &claims)),
        clock: Arc::new(SystemClock),
        grid,
    };
    let s3 = adapters::s3::client(&aws);
    let publisher = Publisher {
        publish_events,
        aside: Arc::new(S3UnreadableChanges::new(&s3, &failed_events)),
    };
    runtime::streams::serve(publisher, handle).await
}

/// No other try can read an unreadable record, and the records behind it would wait for it until it is too old. So it
/// is put aside. After a crash it comes again, and is kept once.
async fn handle(publisher: &Publisher, records: &[EventRecord]) -> Result<(), Failure> {
    let mut changes = Vec::with_capacity(records.len());
    let mut put_aside = 0;
    for record in records {
        match state_change(record) {
            Ok(change) => changes.extend(change),
            Err(unreadable) => {
                keep(publisher.aside.as_ref(), record, &unreadable).await?;
                put_aside += 1;
            }
        }
    }
    publisher.publish_events.run(&changes).await?;
    tell(&changes);
    count(&changes);
    if put_aside > 0 {
        Metrics::new().count("ChangesPutAside", put_aside).emit();
    }
    Ok(())
}

/// Keeps a record in the form of Lambda's own failures, so that one command publishes both.
async fn keep(
    aside: &dyn UnreadableChanges,
    record: &EventRecord,
    unreadable: &UnreadableRecord,
) -> Result<(), Failure> {
    let event = json!({"payload": {"Records": [record]}}).to_string();
    let kept = aside.put_aside(&record.event_id, event).await;
    kept.map_err(Refusal::from)?;
    let cause = std::error::Error::source(unreadable).map(ToString::to_string);
    error!(
        event_id = record.event_id,
        sequence_number = record.change.sequence_number,
        error = %unreadable,
        cause,
        "a record cannot be read and was put aside"
    );
    Ok(())
}

/// Logs which orders the changes are about, and the requests that they come from. One line for all of them, because a
/// line for each change would cost as much as its messages.
fn tell(changes: &[StateChange]) {
    let orders = changes.iter().filter_map(|change| match change {
        StateChange::Order {
            after: Some(order), ..
        } => Some(order),
        _ => None,
    });
    let (mut ids, mut requests) = (BTreeSet::new(), BTreeSet::new());
    for order in orders {
        ids.insert(order.id.to_string());
        requests.extend(order.request_id.as_deref());
    }
    if !ids.is_empty() {
        let (ids, requests) = (Vec::from_iter(ids), Vec::from_iter(requests));
        info!(
            order_ids = ids.join(" "),
            request_ids = requests.join(" "),
            "changes published"
        );
    }
}

/// Counts orders and lost subscriptions here, because all of them pass here. A record that is delivered again is
/// counted again.
fn count(changes: &[StateChange]) {
    let lost = changes.iter().filter(|change| is_lost_subscription(change));
    let figures = Figures::of(changes);
    let mut metrics = Metrics::new();
    for (name, number) in [
        ("OrdersPlaced", figures.placed),
        ("OrdersDelivered", figures.delivered),
        ("SubscriptionsLost", lost.count()),
    ] {
        if number > 0 {
            metrics = metrics.count(name, number);
        }
    }
    let metrics = metrics
        .minutes("MinutesToAssignment", figures.minutes_to_assignment)
        .minutes("MinutesToTheDoor", figures.minutes_to_the_door);
    if !metrics.is_empty() {
        metrics.emit();
    }
}

/// Whether emails do not reach a user any more who has still the same address.
fn is_lost_subscription(change: &StateChange) -> bool {
    let StateChange::User {
        before: Some(before),
        after: Some(after),
    } = change
    else {
        return false;
    };
    after.subscription_lost_at.is_some()
        && after.subscription_lost_at != before.subscription_lost_at
        && after.email == before.email
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::messages::{Event, WakeCause};
    use app::ports::{Outboxes, Taken};
    use aws_lambda_events::dynamodb::Event as StreamEvent;
    use domain::OrderStatus;
    use runtime::streams;
    use serde_json::{Value, json};
    use testkit::build::at;
    use testkit::{MemoryAside, MemoryNotifications, MemoryStore, MemoryWakes, StillClock};

    #[derive(Default)]
    struct Queues {
        wakes: Arc<MemoryWakes>,
        notifications: Arc<MemoryNotifications>,
        store: Arc<MemoryStore>,
        aside: Arc<MemoryAside>,
    }

    impl Queues {
        /// The news in a person's outbox, which a message asks to tell.
        async fn told(&self, user_id: &str) -> Vec<Event> {
            let user_id = user_id.parse().unwrap();
            let asked = Notification::NewsWaiting {
                user_id,
                news: Vec::new(),
            };
            assert_eq!(self.notifications.take(), [(asked, 30)]);
            let (now, until) = (at("2030-05-06T08:00:00Z"), at("2030-05-06T08:01:00Z"));
            match self.store.take(user_id, now, until, false).await.unwrap() {
                Taken::Ours(news) => news.into_iter().map(|it| it.event).collect(),
                other => panic!("an outbox with news, not {other:?}"),
            }
        }

        /// The answer to Lambda after an event; none if the invocation fails.
        async fn publish(&self, event: &str) -> Option<Value> {
            let publish_events = PublishEvents {
                wakes: self.wakes.clone(),
                outboxes: self.store.clone(),
                promises: self.store.clone(),
                recipients: self.store.clone(),
                moments: app::recipients::Moments::new(),
                texts: false,
                notifications: self.notifications.clone(),
                window_s: 30,
                without_agents: Arc::new(MemoryStore::default()),
                clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
                grid: testkit::build::grid(),
            };
            let publisher = Publisher {
                publish_events,
                aside: self.aside.clone(),
            };
            let event: StreamEvent = serde_json::from_str(event).unwrap();
            let response = streams::consume(&publisher, handle, &event).await.ok()?;
            Some(serde_json::to_value(response).unwrap())
        }
    }

    fn nothing_failed() -> Option<Value> {
        Some(json!({"batchItemFailures": []}))
    }

    #[tokio::test]
    async fn an_order_wakes_its_zone_and_its_customer_hears_of_the_assignment() {
        let queues = Queues::default();
        let event = include_str!("../../../events/publish-events.json");
        assert_eq!(queues.publish(event).await, nothing_failed());
        let woken = queues.wakes.take();
        let [(wake, 0)] = woken.as_slice() else {
            panic!("woken at once")
        };
        assert_eq!(
            (wake.zone.to_string().as_str(), wake.cause),
            ("85394463fffffff", WakeCause::OrderPending)
        );
        assert_eq!(
            queues.told("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11").await,
            [Event::OrderChanged {
                order_id: "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap(),
                status: OrderStatus::Assigned,
                releases: 0,
            }]
        );
    }

    #[tokio::test]
    async fn a_confirmed_address_gets_its_topic_and_an_agent_on_duty_wakes_the_zones_around() {
        let queues = Queues::default();
        let event = include_str!("../../../events/publish-events-users.json");
        assert_eq!(queues.publish(event).await, nothing_failed());
        assert_eq!(queues.wakes.take().len(), 7);
        let user_id = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        assert_eq!(
            queues.notifications.take_messages(),
            [Notification::UserConfirmed { user_id }]
        );
    }

    #[tokio::test]
    async fn a_new_route_is_told_to_its_agent_and_its_geometry_to_nobody() {
        let queues = Queues::default();
        let event = include_str!("../../../events/publish-events-routes.json");
        assert_eq!(queues.publish(event).await, nothing_failed());
        assert!(queues.wakes.take().is_empty());
        assert_eq!(
            queues.told("63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f").await,
            [Event::RoutePlanned {
                agent_id: "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap(),
                route_id: "0197c56e-07e0-7a35-8c64-2f0b6d1e9a72".parse().unwrap(),
                version: 1,
                gained_orders: 1,
                lost_orders: 0,
                new: true,
                resequenced: false,
                first_step: false,
            }]
        );
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_is_kept_and_the_others_are_published() {
        let queues = Queues::default();
        let event = include_str!("../../../events/publish-events-unreadable.json");
        let read: StreamEvent = serde_json::from_str(event).unwrap();
        let bad = serde_json::to_value(&read.records[1]).unwrap();
        // The stream may deliver it again.
        for _ in 0..2 {
            assert_eq!(queues.publish(event).await, nothing_failed());
            assert_eq!(queues.wakes.take().len(), 1);
        }
        let kept = queues.aside.kept();
        let [(id, text)] = &kept.iter().collect::<Vec<_>>()[..] else {
            panic!("one record is kept: {kept:?}")
        };
        assert_eq!(**id, read.records[1].event_id);
        let kept: Value = serde_json::from_str(text).unwrap();
        assert_eq!(kept, json!({"payload": {"Records": [bad]}}));
    }

    #[tokio::test]
    async fn a_record_that_can_be_neither_read_nor_kept_comes_again() {
        let queues = Queues::default();
        queues.aside.set_away(true);
        let event = include_str!("../../../events/publish-events-unreadable.json");
        let read: StreamEvent = serde_json::from_str(event).unwrap();
        let bad = read.records[1].change.sequence_number.clone().unwrap();
        let reported = json!({"batchItemFailures": [{"itemIdentifier": bad}]});
        assert_eq!(queues.publish(event).await, Some(reported));
    }

    #[tokio::test]
    async fn while_a_queue_is_away_everything_comes_again() {
        let queues = Queues::default();
        queues.wakes.set_away(true);
        let event = include_str!("../../../events/publish-events.json");
        assert_eq!(queues.publish(event).await, None);
        queues.wakes.set_away(false);
        assert_eq!(queues.publish(event).await, nothing_failed());
        assert_eq!(queues.wakes.take().len(), 1);
    }
}
