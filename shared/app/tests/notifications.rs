//! The emails that people get, and how often.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;

use app::Refusal;
use app::messages::Notification;
use app::notifications::{SendNotifications, Told};
use app::ports::{
    Changeset, DispatchLedger, Email, EmailClaim, EmailClaims, StoreError, UserStore,
};
use async_trait::async_trait;
use domain::{EmailNotifications, Order, OrderStatus, Route, Timestamp};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{Landmarks, MemoryStore, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent};

const BERTA: u64 = 10;

/// Berta has a route with one order of Ana's. Nobody has been told yet.
async fn planned() -> (World, Order) {
    let order = an_order(1)
        .named("SHOP-1042")
        .to(Landmarks::PARK_GUELL)
        .build();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [order.clone()],
    );
    world.optimize().run(order.zone, &[]).await.unwrap();
    let order = world.order(order.id);
    (world, order)
}

fn told_of(order: &Order) -> Notification {
    Notification::OrderChanged {
        order_id: order.id,
        status: order.status,
        version: order.version,
        assignments: Some(order.assignments()),
    }
}

async fn mail_about(world: &World, notification: &Notification) -> Email {
    let told = world.send_notifications().run(notification).await.unwrap();
    assert_eq!(told, Told::Sent);
    world.mailer.take_sent().remove(0).1
}

#[tokio::test]
async fn an_email_that_cannot_be_sent_goes_out_once_mail_is_back() {
    let (world, order) = planned().await;
    let send = world.send_notifications();
    world.mailer.set_away(true);
    assert!(matches!(
        send.run(&told_of(&order)).await,
        Err(Refusal::Unavailable(_))
    ));
    world.mailer.set_away(false);
    // The claim of the failed attempt must expire first, because its owner might still be sending.
    assert!(matches!(
        send.run(&told_of(&order)).await,
        Err(Refusal::Contended)
    ));
    world.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(send.run(&told_of(&order)).await.unwrap(), Told::Sent);
    assert_eq!(send.run(&told_of(&order)).await.unwrap(), Told::Before);
    assert_eq!(world.mailer.take_sent().len(), 1);
}

/// Claims that can be made but not marked as sent.
struct Unmarkable(Arc<MemoryStore>);

#[async_trait]
impl EmailClaims for Unmarkable {
    async fn claim(
        &self,
        event: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<EmailClaim, StoreError> {
        self.0.claim(event, now, lease_until).await
    }

    async fn mark_sent(&self, _: &str, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Unavailable("no answer".into()))
    }
}

#[tokio::test]
async fn an_email_that_could_not_be_marked_as_sent_does_not_come_again_for_that() {
    let (world, order) = planned().await;
    let send = SendNotifications {
        claims: Arc::new(Unmarkable(world.store.clone())),
        ..world.send_notifications()
    };
    // This result lets the queue delete the message.
    assert_eq!(send.run(&told_of(&order)).await.unwrap(), Told::Sent);
    assert_eq!(world.mailer.take_sent().len(), 1);
}

#[tokio::test]
async fn the_customer_reads_what_where_and_when_in_the_companys_time() {
    let (world, order) = planned().await;
    let email = mail_about(&world, &told_of(&order)).await;
    assert_eq!(email.subject, "Order SHOP-1042 has an agent");
    for part in [
        "Hello Ana 1,",
        "SHOP-1042",
        "41.38700, 2.17010",
        "41.41450, 2.15270",
        "Missatgers SL",
    ] {
        assert!(
            email.body.contains(part),
            "{part} is not in:\n{}",
            email.body
        );
    }
    // 8:00 UTC is 10:00 in Madrid in May.
    assert!(
        email
            .body
            .contains("Pickup expected:    Monday, 6 May, 10:00 CEST"),
        "{}",
        email.body
    );
}

#[tokio::test]
async fn the_agent_reads_how_many_stops_and_when_the_first_is() {
    let (world, _) = planned().await;
    let route = world.only_route();
    let told = Notification::RoutePlanned {
        agent_id: route.agent_id,
        route_id: route.id,
        version: route.version,
        gained_orders: 1,
        lost_orders: 0,
        new: true,
        first_step: false,
    };
    let email = mail_about(&world, &told).await;
    assert_eq!(email.subject, "New route: 2 stops, the first at 10:00");
    assert!(
        email.body.contains("2. 10:"),
        "the itinerary:\n{}",
        email.body
    );
    let gained = Notification::RoutePlanned {
        agent_id: route.agent_id,
        route_id: route.id,
        version: route.version + 1,
        gained_orders: 1,
        lost_orders: 0,
        new: false,
        first_step: false,
    };
    let email = mail_about(&world, &gained).await;
    assert_eq!(
        email.subject,
        "Your route has gained 1 order: 2 stops left, the next at 10:00"
    );
}

#[tokio::test]
async fn the_first_of_two_steps_is_told_only_if_the_second_was_not_made() {
    let (world, _) = planned().await;
    let route = world.only_route();
    let told = Notification::RoutePlanned {
        agent_id: route.agent_id,
        route_id: route.id,
        version: route.version + 1,
        gained_orders: 0,
        lost_orders: 2,
        new: false,
        first_step: true,
    };
    let store = async |route: &Route| {
        let change = Changeset {
            routes: vec![route.clone()],
            ..Changeset::default()
        };
        world.store.commit(&change).await.unwrap();
    };
    let mut first = route.changed(route.updated_at);
    first.left_in_first_step = 2;
    store(&first).await;
    // The run has died here, and the agent taps on.
    let tapped = first.changed(route.updated_at);
    store(&tapped).await;
    let email = mail_about(&world, &told).await;
    assert!(email.subject.contains("given away 2"), "{}", email.subject);

    let mut second = tapped.changed(route.updated_at);
    second.left_in_first_step = 0;
    store(&second).await;
    let sent = world.send_notifications().run(&told).await.unwrap();
    assert_eq!(sent, Told::Nobody);
}

#[tokio::test]
async fn the_customer_reads_why_it_failed() {
    let (world, order) = planned().await;
    world
        .set_status(&agent(BERTA), order.id, "failed")
        .await
        .unwrap();
    let email = mail_about(&world, &told_of(&world.order(order.id))).await;
    assert_eq!(email.subject, "Order SHOP-1042 could not be delivered");
    assert!(
        email.body.contains("as the test wants it"),
        "{}",
        email.body
    );
}

#[tokio::test]
async fn what_is_not_true_any_more_is_not_told() {
    let (world, order) = planned().await;
    world
        .set_status(&world::dispatcher(), order.id, "cancelled")
        .await
        .unwrap();
    let told = world
        .send_notifications()
        .run(&told_of(&order))
        .await
        .unwrap();
    assert_eq!(told, Told::Nobody);
    assert_eq!(world.mailer.take_sent(), []);
}

#[tokio::test]
async fn an_order_that_was_given_back_and_assigned_again_is_told_of_once() {
    let (world, first) = planned().await;
    // Berta gives the order back and takes it again, while the message about the first assignment is still in the
    // queue.
    let off = json!({"on_duty": false, "release": true});
    world
        .update(&agent(BERTA), user_id(BERTA), off)
        .await
        .unwrap();
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.optimize().run(first.zone, &[]).await.unwrap();
    let second = world.order(first.id);
    assert_eq!(second.status, OrderStatus::Assigned);
    let send = world.send_notifications();
    assert_eq!(send.run(&told_of(&first)).await.unwrap(), Told::Nobody);
    assert_eq!(send.run(&told_of(&second)).await.unwrap(), Told::Sent);
    assert_eq!(world.mailer.take_sent().len(), 1);
}

#[test]
fn a_message_from_before_assignments_were_counted_is_read_still() {
    let order = an_order(1).build();
    let message = json!({
        "event": "order_changed", "order_id": order.id, "status": "assigned", "version": 2,
    });
    let read: Notification = serde_json::from_value(message).unwrap();
    let expected = Notification::OrderChanged {
        order_id: order.id,
        status: OrderStatus::Assigned,
        version: 2,
        assignments: None,
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_customers_own_name_for_an_order_cannot_break_the_subject() {
    let odd = an_order(1).named("naïve\r\nBcc: x@example.com ✂").build();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [odd.clone()],
    );
    world.optimize().run(odd.zone, &[]).await.unwrap();
    let email = mail_about(&world, &told_of(&world.order(odd.id))).await;
    assert!(
        email
            .subject
            .bytes()
            .all(|b| b == b' ' || b.is_ascii_graphic()),
        "{}",
        email.subject
    );
    assert!(email.subject.len() < 100);
}

#[tokio::test]
async fn no_name_turns_the_direction_of_an_email() {
    let odd = an_order(1)
        .named("SO\u{202e}-1\u{2067}\u{202a}\u{200f}")
        .build();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [odd.clone()],
    );
    world.optimize().run(odd.zone, &[]).await.unwrap();
    let email = mail_about(&world, &told_of(&world.order(odd.id))).await;
    assert!(email.body.contains("SO-1\u{200f}"), "{}", email.body);
}

#[tokio::test]
async fn a_topic_is_made_once_the_address_is_confirmed() {
    let mut new = a_customer(1).build();
    (new.subscribed_at, new.email_notifications) = (None, EmailNotifications::Off);
    let world = World::with([new], []);
    let confirmed = Notification::UserConfirmed {
        user_id: user_id(1),
    };
    for _ in 0..2 {
        let told = world.send_notifications().run(&confirmed).await.unwrap();
        assert_eq!(told, Told::Subscribed);
    }
    let asked = world.mailer.take_subscribed();
    assert_eq!(asked, [(user_id(1), "ana1@example.com".to_owned())]);
    let user = world.store.user(user_id(1)).await.unwrap().unwrap();
    assert_eq!(user.email_notifications, EmailNotifications::Pending);
}

#[tokio::test]
async fn a_topic_that_is_not_there_yet_is_made_on_the_way() {
    let (world, order) = planned().await;
    assert_eq!(
        mail_about(&world, &told_of(&order)).await.subject,
        "Order SHOP-1042 has an agent"
    );
    assert_eq!(world.mailer.take_subscribed().len(), 1);
}

#[tokio::test]
async fn losing_the_note_of_a_subscription_asks_again_and_harms_nobody() {
    let mut new = a_customer(1).build();
    (new.subscribed_at, new.email_notifications) = (None, EmailNotifications::Off);
    let world = World::with([new], []);
    world.store.next_writes([NextWrite::IsRefused]);
    let confirmed = Notification::UserConfirmed {
        user_id: user_id(1),
    };
    let refused = world.send_notifications().run(&confirmed).await;
    assert!(matches!(refused, Err(Refusal::Unavailable(_))));
    world.send_notifications().run(&confirmed).await.unwrap();
    let user = world.store.user(user_id(1)).await.unwrap().unwrap();
    assert!(user.subscribed_at.is_some());
}

#[test]
fn a_pending_order_mails_nobody() {
    let order = an_order(1).build();
    assert_eq!(order.status, OrderStatus::Pending);
    let world = World::with([a_customer(1).build()], [order.clone()]);
    let told = futures::executor::block_on(world.send_notifications().run(&told_of(&order)));
    assert_eq!(told.unwrap(), Told::Nobody);
}
