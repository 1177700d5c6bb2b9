//! The email about a delivery at another time than the customer was told.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;

use app::events::StateChange;
use app::messages::Event;
use app::notifications::SendNotifications;
use app::ports::{Clock, Email, Promise, Promises, Queue, StoreError};
use async_trait::async_trait;
use domain::{Order, OrderId, Timestamp};
use jiff::SignedDuration;
use testkit::build::user_id;
use testkit::{Landmarks, a_customer, an_agent, an_order};
use world::{World, agent};

const BERTA: u64 = 10;

/// Berta has a route with Ana's orders, and Ana was told of it.
async fn told(orders: impl IntoIterator<Item = u64>) -> (World, Vec<Order>) {
    let orders: Vec<Order> = orders
        .into_iter()
        .map(|n| {
            an_order(n)
                .named(&format!("SHOP-{n}"))
                .to(Landmarks::PARK_GUELL)
                .build()
        })
        .collect();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        orders.clone(),
    );
    world
        .optimize()
        .run(orders[0].zone.unwrap(), &[])
        .await
        .unwrap();
    assert_eq!(mails(&world).await.len(), 1);
    (world, orders)
}

/// Delivers streams and queues until both are empty, and returns Ana's emails.
async fn mails(world: &World) -> Vec<Email> {
    world.settle().await;
    let sent = world.mailer.take_sent().into_iter();
    let sent = sent.filter(|(to, _)| *to == user_id(1));
    sent.map(|(_, email)| email).collect()
}

/// Berta reports a stop this many minutes after the last one.
async fn tap(world: &World, after_minutes: i64, order: &Order, status: &str) {
    world
        .clock
        .advance(SignedDuration::from_mins(after_minutes));
    let tapped = world.set_status(&agent(BERTA), order.id, status).await;
    tapped.unwrap();
}

fn expected(world: &World, order: &Order) -> Timestamp {
    let route = world.open_route(BERTA).unwrap();
    route.way_to_door(order.id).unwrap().0
}

fn in_madrid(time: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
    time.to_zoned(zone).strftime("%H:%M").to_string()
}

#[tokio::test]
async fn a_delay_of_more_than_a_quarter_of_an_hour_is_told_once_with_both_times() {
    let (mut world, orders) = told([1]).await;
    // Each record and each message comes three times.
    world.deliveries = 3;
    let before = expected(&world, &orders[0]);
    tap(&world, 20, &orders[0], "in_progress").await;
    let after = expected(&world, &orders[0]);
    assert!(after.duration_since(before) > SignedDuration::from_mins(15));
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject, "Order SHOP-1 is expected at another time");
    for time in [before, after] {
        let time = in_madrid(time);
        assert!(mails[0].body.contains(&time), "{time}: {}", mails[0].body);
    }
}

#[tokio::test]
async fn a_quarter_of_an_hour_is_told_to_nobody() {
    let (world, orders) = told([1]).await;
    let before = expected(&world, &orders[0]);
    tap(&world, 15, &orders[0], "in_progress").await;
    let moved = expected(&world, &orders[0]).duration_since(before);
    assert!(moved > SignedDuration::from_mins(10) && moved <= SignedDuration::from_mins(15));
    assert_eq!(mails(&world).await, []);
}

#[tokio::test]
async fn small_delays_add_up_and_the_new_time_is_the_new_promise() {
    let (world, orders) = told([1, 2, 3]).await;
    let promised = expected(&world, &orders[2]);
    let late = |at: Timestamp| expected(&world, &orders[2]).duration_since(at);
    let mut told = Vec::new();
    let mut told_at_lateness = Vec::new();
    for (order, status) in [
        (&orders[0], "in_progress"),
        (&orders[0], "delivered"),
        (&orders[1], "in_progress"),
        (&orders[1], "delivered"),
    ] {
        // Each stop takes longer than planned, by about ten minutes, after its service time.
        let route = world.open_route(BERTA).unwrap();
        let planned = route.open_stops().next().unwrap().eta;
        let planned = planned
            .duration_since(Clock::now(world.clock.as_ref()))
            .as_mins();
        tap(&world, planned.max(0) + 12, order, status).await;
        for mail in mails(&world).await {
            if mail.body.contains("SHOP-3") {
                told_at_lateness.push(late(promised).as_mins());
                told.push(mail.body);
            }
        }
    }
    // About 9, 18, 27 and 36 minutes: the second delay is told, and the fourth, compared with the second.
    assert_eq!(told.len(), 2, "{told_at_lateness:?} {told:#?}");
    assert!(told_at_lateness[0] > 15 && told_at_lateness[1] > told_at_lateness[0] + 15);
}

#[tokio::test]
async fn news_of_a_time_is_not_told_after_the_delivery_or_once_the_time_is_right_again() {
    let (world, orders) = told([1]).await;
    tap(&world, 20, &orders[0], "in_progress").await;
    tap(&world, 20, &orders[0], "delivered").await;
    let subjects: Vec<_> = mails(&world)
        .await
        .into_iter()
        .map(|it| it.subject)
        .collect();
    assert_eq!(subjects, ["Order SHOP-1 was delivered"]);

    // A record of the delay comes late, after the route was timed again.
    let (world, orders) = told([1]).await;
    let now = world.open_route(BERTA).unwrap();
    let mut delayed = now.clone();
    for stop in &mut delayed.stops {
        stop.eta += SignedDuration::from_mins(40);
    }
    let change = StateChange::Route {
        before: Some(Box::new(now)),
        after: Some(Box::new(delayed)),
    };
    world.announce().run(&[change]).await.unwrap();
    let asked = world.notifications.take();
    assert_eq!(asked.len(), 1, "the delay of {}", orders[0].id);
    for (message, delay_s) in asked {
        world.notifications.send(&[message], delay_s).await.unwrap();
    }
    assert_eq!(mails(&world).await, []);
}

#[tokio::test]
async fn an_order_that_moves_to_a_much_later_route_is_told_with_the_other_news_in_one_email() {
    let (world, orders) = told([1, 2]).await;
    tap(&world, 20, &orders[0], "in_progress").await;
    tap(&world, 20, &orders[0], "delivered").await;
    let mails = mails(&world).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject, "2 orders: 1 at another time, 1 delivered");
    let line = format!(
        "delivery Mon 6 May, {}",
        in_madrid(expected(&world, &orders[1]))
    );
    assert!(mails[0].body.contains(&line), "{line}: {}", mails[0].body);
    assert!(mails[0].body.contains(" instead of "), "{}", mails[0].body);
}

/// A store that cannot be written.
struct Away(Arc<testkit::MemoryStore>);

#[async_trait]
impl Promises for Away {
    async fn promised(&self, orders: &[OrderId]) -> Result<Vec<Promise>, StoreError> {
        self.0.promised(orders).await
    }

    async fn promise(&self, _: &[Promise], _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("away".into()))
    }
}

#[tokio::test]
async fn a_time_that_could_not_be_stored_is_compared_with_the_older_promise() {
    let (world, orders) = told([1]).await;
    tap(&world, 20, &orders[0], "in_progress").await;
    let changes = world.store.take_changes();
    world.announce().run(&changes).await.unwrap();
    let message = world.notifications.take_messages().remove(0);
    world.mail_clock.advance(SignedDuration::from_secs(61));
    let send = SendNotifications {
        promises: Arc::new(Away(world.store.clone())),
        ..world.send_notifications()
    };
    let told = send.run(&message).await.unwrap();
    assert!(
        matches!(told, app::notifications::Told::Sent(_)),
        "{told:?}"
    );
    assert_eq!(world.mailer.take_sent().len(), 1);
    // The same message again tells nothing: its outbox is empty.
    assert_eq!(mails(&world).await, []);
    // The record again finds the old promise, and the customer is told again: better twice than never.
    world.announce().run(&changes).await.unwrap();
    let again = mails(&world).await;
    assert_eq!(again.len(), 1, "{again:?}");
    world.announce().run(&changes).await.unwrap();
    assert_eq!(mails(&world).await, []);
}

#[test]
fn news_of_a_time_has_the_name_of_the_promise_that_it_replaces() {
    let order = an_order(1).build();
    let event = Event::TimeChanged {
        order_id: order.id,
        promised_at: order.created_at,
    };
    let news = app::messages::News {
        event,
        at: order.created_at,
        request_id: None,
    };
    let name = format!("order/{}/time/{}", order.id, order.created_at);
    assert_eq!(news.name(), name);
    let text = serde_json::to_string(&news).unwrap();
    assert_eq!(
        serde_json::from_str::<app::messages::News>(&text).unwrap(),
        news
    );
}
