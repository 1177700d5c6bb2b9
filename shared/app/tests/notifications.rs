//! The emails that people get, and how often.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use app::Refusal;
use app::messages::{Event, News, Notification};
use app::notifications::{SendNotifications, Told};
use app::ports::{
    Changeset, Clock, DispatchLedger, Email, OrderStore, Outboxes, Queue, StoreError, Taken,
    UserStore,
};
use async_trait::async_trait;
use domain::{EmailNotifications, Order, OrderId, OrderStatus, Route, StopKind, Timestamp, UserId};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{Landmarks, MemoryStore, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

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
    world
        .optimize()
        .run(order.zone.unwrap(), &[])
        .await
        .unwrap();
    let order = world.order(order.id);
    (world, order)
}

fn news_of(order: &Order) -> News {
    News {
        event: Event::OrderChanged {
            order_id: order.id,
            status: order.status,
            releases: order.releases(),
        },
        at: order.updated_at,
        request_id: order.request_id.clone(),
    }
}

/// The message about an order by itself.
fn told_of(order: &Order) -> Notification {
    Notification::NewsWaiting {
        user_id: order.customer_id,
        news: vec![news_of(order)],
    }
}

fn told_of_route(route: &Route, event: Event) -> Notification {
    Notification::NewsWaiting {
        user_id: route.agent_id,
        news: vec![News {
            event,
            at: route.updated_at,
            request_id: None,
        }],
    }
}

async fn mail_about(world: &World, notification: &Notification) -> Email {
    world.mail_clock.advance(SignedDuration::from_secs(1));
    let told = world.send_notifications().run(notification).await.unwrap();
    assert!(matches!(told, Told::Sent(_)), "{told:?}");
    world.mailer.take_sent().remove(0).1
}

/// Delivers the stream and the queue until both are empty, and returns the emails to a person.
async fn mails_to(world: &World, user_id: UserId) -> Vec<Email> {
    world.settle().await;
    let sent = world.mailer.take_sent().into_iter();
    sent.filter(|(to, _)| *to == user_id)
        .map(|(_, email)| email)
        .collect()
}

#[tokio::test]
async fn forty_orders_of_one_plan_are_told_in_three_emails_at_most_and_the_subscription_survives() {
    let orders: Vec<Order> = (1..=40)
        .map(|n| an_order(n).named(&format!("SHOP-{n:02}")).build())
        .collect();
    let zone = orders[0].zone.unwrap();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        orders,
    );
    world.optimize().run(zone, &[]).await.unwrap();
    let mails = mails_to(&world, user_id(1)).await;
    assert!(mails.len() <= 3, "{} emails", mails.len());
    assert!(!world.mailer.has_given_up(user_id(1)));
    let text: String = mails.iter().map(|mail| mail.body.as_str()).collect();
    for number in 1..=40 {
        let name = format!("SHOP-{number:02}");
        assert_eq!(text.matches(&name).count(), 1, "{name} in:\n{text}");
    }
    assert_eq!(mails[0].subject, "40 orders: 40 with an agent");
}

#[tokio::test]
async fn a_mailer_that_gets_too_much_in_a_second_gives_the_subscription_up() {
    use app::ports::{Mailer, Wish};
    let (world, ana) = (World::with([], []), user_id(1));
    let email = Email {
        subject: "Hello".to_owned(),
        body: "Hello".to_owned(),
        html: "Hello".to_owned(),
    };
    world
        .mailer
        .subscribe(ana, "ana@example.com", Wish::OfTheBackend)
        .await
        .unwrap();
    for _ in 0..11 {
        world
            .mailer
            .send(ana, "ana@example.com", &email)
            .await
            .unwrap();
    }
    assert_eq!(world.mailer.take_sent().len(), 10);
    assert!(world.mailer.has_given_up(ana));
}

#[tokio::test]
async fn one_address_gets_one_email_a_second() {
    let (world, order) = planned().await;
    let send = world.send_notifications();
    assert!(matches!(
        send.run(&told_of(&order)).await.unwrap(),
        Told::Sent(_)
    ));
    world
        .set_status(&agent(BERTA), order.id, "delivered")
        .await
        .unwrap();
    let delivered = told_of(&world.order(order.id));
    assert_eq!(send.run(&delivered).await.unwrap(), Told::Later);
    // The message that comes later has the news, and comes after a second.
    assert_eq!(world.notifications.take(), [(delivered.clone(), 1)]);
    world.mail_clock.advance(SignedDuration::from_secs(1));
    assert!(matches!(send.run(&delivered).await.unwrap(), Told::Sent(_)));
    assert_eq!(world.mailer.take_sent().len(), 2);
}

#[tokio::test]
async fn everything_that_happens_to_one_person_is_one_readable_list() {
    let orders: Vec<Order> = (1..=4)
        .map(|n| {
            an_order(n)
                .named(&format!("SHOP-{n}"))
                .to(Landmarks::PARK_GUELL)
                .build()
        })
        .collect();
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let zone = orders[0].zone.unwrap();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        orders,
    );
    world.optimize().run(zone, &[]).await.unwrap();
    let steps = [(ids[0], "delivered"), (ids[1], "failed")];
    for (id, status) in steps {
        world.set_status(&agent(BERTA), id, status).await.unwrap();
    }
    world
        .set_status(&dispatcher(), ids[2], "cancelled")
        .await
        .unwrap();
    let mails = mails_to(&world, user_id(1)).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let mail = &mails[0];
    assert_eq!(
        mail.subject,
        "4 orders: 1 with an agent, 1 delivered, 1 failed, 1 cancelled"
    );
    let body = [
        "Hello Ana 1,\n\nThere is news of 4 of your orders.\n\n",
        "On an agent's route:\n\n  SHOP-4 to 41.41450, 2.15270, pickup Mon 6 May, 10:08 CEST, delivery Mon 6 May, ",
        "Delivered:\n\n  SHOP-1 to 41.41450, 2.15270, Mon 6 May, 10:00 CEST\n\n",
        "Could not be delivered:\n\n  SHOP-2 to 41.41450, 2.15270, Mon 6 May, 10:00 CEST: as the test wants it\n\n",
        "Cancelled by a dispatcher:\n\n  SHOP-3 to 41.41450, 2.15270, Mon 6 May, 10:00 CEST: as the test wants it\n\n",
        "Missatgers SL\n",
    ];
    for part in body {
        assert!(mail.body.contains(part), "{part} is not in:\n{}", mail.body);
    }
    assert!(mail.html.contains("<p>Delivered:</p>"), "{}", mail.html);
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
    // The lease of the failed attempt must end first, because its owner might still be sending.
    assert_eq!(send.run(&told_of(&order)).await.unwrap(), Told::Later);
    assert_eq!(world.notifications.take(), [(told_of(&order), 60)]);
    world.mail_clock.advance(SignedDuration::from_secs(61));
    let told = send.run(&told_of(&order)).await.unwrap();
    assert_eq!(told, Told::Sent(vec![news_of(&order)]));
    world.mail_clock.advance(SignedDuration::from_secs(1));
    assert_eq!(send.run(&told_of(&order)).await.unwrap(), Told::Nothing);
    assert_eq!(world.mailer.take_sent().len(), 1);
}

/// Outboxes that stop working after a number of calls, as if the process had died.
struct Dying {
    outboxes: Arc<MemoryStore>,
    calls_left: AtomicUsize,
}

impl Dying {
    fn call(&self) -> Result<(), StoreError> {
        let count = |left: usize| left.checked_sub(1);
        let left = self
            .calls_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        left.map(|_| ())
            .map_err(|_| StoreError::Unavailable("dead".into()))
    }
}

#[async_trait]
impl Outboxes for Dying {
    async fn add(&self, user: UserId, news: &[News], now: Timestamp) -> Result<bool, StoreError> {
        self.outboxes.add(user, news, now).await
    }

    async fn take(
        &self,
        user: UserId,
        now: Timestamp,
        until: Timestamp,
        even_if_empty: bool,
    ) -> Result<Taken, StoreError> {
        self.call()?;
        self.outboxes.take(user, now, until, even_if_empty).await
    }

    async fn told(
        &self,
        user: UserId,
        news: &[News],
    ) -> Result<std::collections::HashSet<String>, StoreError> {
        self.call()?;
        self.outboxes.told(user, news).await
    }

    async fn remember(
        &self,
        user: UserId,
        news: &[News],
        forget_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call()?;
        self.outboxes.remember(user, news, forget_at).await
    }

    async fn give_back(
        &self,
        user: UserId,
        until: Timestamp,
        done: &[News],
        free_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call()?;
        self.outboxes.give_back(user, until, done, free_at).await
    }
}

/// The process dies before each call of the outboxes in turn. Afterwards the message comes again, after the lease.
#[tokio::test]
async fn nothing_is_told_never_and_twice_only_after_a_death_between_email_and_memory() {
    for (calls, emails) in [(0, 1), (1, 1), (2, 2), (3, 1), (4, 1)] {
        let (world, order) = planned().await;
        let outbox = [news_of(&order)];
        let now = world.mail_clock.now();
        world.store.add(user_id(1), &outbox, now).await.unwrap();
        let asked = Notification::NewsWaiting {
            user_id: user_id(1),
            news: Vec::new(),
        };
        let dying = SendNotifications {
            outboxes: Arc::new(Dying {
                outboxes: world.store.clone(),
                calls_left: AtomicUsize::new(calls),
            }),
            ..world.send_notifications()
        };
        let _ = dying.run(&asked).await;
        // The news also comes from the stream again, in a message of its own.
        world.notifications.send(&[asked], 0).await.unwrap();
        world
            .notifications
            .send(&[told_of(&order)], 0)
            .await
            .unwrap();
        world.mail_clock.advance(SignedDuration::from_secs(60));
        world.settle().await;
        let sent = world.mailer.take_sent().into_iter();
        let sent = sent.filter(|(to, _)| *to == user_id(1)).count();
        assert_eq!(sent, emails, "died after {calls} calls");
        let next = now + SignedDuration::from_hours(1);
        let left = world.store.take(user_id(1), next, next, false).await;
        assert_eq!(left.unwrap(), Taken::Empty, "died after {calls} calls");
    }
}

#[tokio::test]
async fn two_instances_at_once_send_one_email() {
    let (world, order) = planned().await;
    let (first, second) = (world.send_notifications(), world.send_notifications());
    let message = told_of(&order);
    let (first, second) = futures::join!(first.run(&message), second.run(&message));
    let told = [first.unwrap(), second.unwrap()];
    assert!(told.contains(&Told::Later), "{told:?}");
    world.settle().await;
    let sent = world.mailer.take_sent().into_iter();
    assert_eq!(sent.filter(|(to, _)| *to == user_id(1)).count(), 1);
}

#[tokio::test]
async fn a_customer_with_more_news_than_one_email_takes_gets_all_of_it() {
    let orders: Vec<Order> = (1..=400)
        .map(|n| {
            let order = an_order(n).named(&format!("SHOP-{n:03}")).build();
            let order = order.assigned(
                user_id(BERTA),
                domain::RouteId(user_id(7).0),
                order.created_at,
            );
            let order = order.unwrap();
            order
                .step(
                    OrderStatus::Delivered,
                    domain::Actor::Agent,
                    None,
                    order.created_at,
                )
                .unwrap()
        })
        .collect();
    let world = World::with([a_customer(1).build()], orders.clone());
    let news: Vec<News> = orders.iter().map(news_of).collect();
    for (number, hundred) in news.chunks(100).enumerate() {
        let carried = if number < 2 {
            let now = world.mail_clock.now();
            world.store.add(user_id(1), hundred, now).await.unwrap();
            Vec::new()
        } else {
            hundred.to_vec()
        };
        let message = Notification::NewsWaiting {
            user_id: user_id(1),
            news: carried,
        };
        world.notifications.send(&[message], 0).await.unwrap();
    }
    let mails = mails_to(&world, user_id(1)).await;
    assert!(mails.len() <= 5, "{} emails", mails.len());
    let text: String = mails.iter().map(|mail| mail.body.as_str()).collect();
    for number in 1..=400 {
        let name = format!("SHOP-{number:03}");
        assert_eq!(text.matches(&name).count(), 1, "{name}");
    }
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
    let planned = |version, new| {
        let event = Event::RoutePlanned {
            agent_id: route.agent_id,
            route_id: route.id,
            version,
            gained_orders: 1,
            lost_orders: 0,
            new,
            resequenced: false,
            first_step: false,
        };
        told_of_route(&route, event)
    };
    let email = mail_about(&world, &planned(route.version, true)).await;
    assert_eq!(email.subject, "New route: 2 stops, the first at 10:00");
    assert!(
        email.body.contains("2. 10:"),
        "the itinerary:\n{}",
        email.body
    );
    let email = mail_about(&world, &planned(route.version + 1, false)).await;
    assert_eq!(
        email.subject,
        "Your route has gained 1 order: 2 stops left, the next at 10:00"
    );
}

#[tokio::test]
async fn the_first_of_two_steps_is_told_only_if_the_second_was_not_made() {
    let (world, _) = planned().await;
    let route = world.only_route();
    let told = |number| {
        let event = Event::RoutePlanned {
            agent_id: route.agent_id,
            route_id: route.id,
            version: route.version + number,
            gained_orders: 0,
            lost_orders: 2,
            new: false,
            resequenced: false,
            first_step: true,
        };
        told_of_route(&route, event)
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
    let early = world.send_notifications().run(&told(1)).await.unwrap();
    assert_eq!(early, Told::Nothing, "the second step may still come");
    world.mail_clock.advance(SignedDuration::from_secs(60));
    let email = mail_about(&world, &told(1)).await;
    assert!(email.subject.contains("given away 2"), "{}", email.subject);

    let mut second = tapped.changed(route.updated_at);
    second.left_in_first_step = 0;
    store(&second).await;
    world.mail_clock.advance(SignedDuration::from_secs(60));
    // Another message about the first step than the one that was told.
    let sent = world.send_notifications().run(&told(0)).await.unwrap();
    assert_eq!(sent, Told::Nothing);
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
    for (by, status) in [
        (customer(1), "cancelled"),
        (agent(BERTA), "delivered"),
        (agent(BERTA), "failed"),
    ] {
        let (world, order) = planned().await;
        world.set_status(&by, order.id, status).await.unwrap();
        let told = world.send_notifications().run(&told_of(&order)).await;
        assert_eq!(told.unwrap(), Told::Nothing, "assigned, then {status}");
        assert_eq!(world.mailer.take_sent(), []);
    }
}

#[tokio::test]
async fn a_dispatchers_cancellation_is_told_to_the_customer_with_its_reason_and_to_the_agent() {
    let (world, order) = planned().await;
    world.settle().await;
    world.mailer.take_sent();
    world
        .set_status(&dispatcher(), order.id, "cancelled")
        .await
        .unwrap();
    world.settle().await;
    let mails = world.mailer.take_sent();
    let to = |number| {
        let theirs = mails.iter().filter(|(to, _)| *to == user_id(number));
        theirs.map(|(_, mail)| mail).collect::<Vec<_>>()
    };
    let [to_ana, to_berta] = [to(1), to(BERTA)];
    assert_eq!(to_ana.len(), 1, "{to_ana:?}");
    assert_eq!(to_ana[0].subject, "Order SHOP-1042 was cancelled");
    assert!(to_ana[0].body.contains("as the test wants it"));
    assert_eq!(to_berta.len(), 1, "{to_berta:?}");
    assert_eq!(
        to_berta[0].subject,
        "Your route has ended: its last orders were cancelled"
    );
    assert!(to_berta[0].body.contains("SHOP-1042"));
}

#[tokio::test]
async fn an_agent_hears_which_stop_a_customer_has_cancelled() {
    let orders: Vec<Order> = (1..=2)
        .map(|n| an_order(n).named(&format!("SHOP-{n}")).build())
        .collect();
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let zone = orders[0].zone.unwrap();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        orders,
    );
    world.optimize().run(zone, &[]).await.unwrap();
    world.settle().await;
    world.mailer.take_sent();
    world
        .set_status(&customer(1), ids[0], "cancelled")
        .await
        .unwrap();
    world.settle().await;
    let mails = world.mailer.take_sent();
    let (to_agent, to_customer): (Vec<_>, Vec<_>) =
        mails.iter().partition(|(to, _)| *to == user_id(BERTA));
    let [(_, mail)] = &to_agent[..] else {
        panic!("one email to the agent: {mails:?}");
    };
    assert_eq!(
        mail.subject,
        "Your route has lost 1 cancelled order: 2 stops left, the next at 10:00"
    );
    // The other order comes sooner than its customer was told.
    let subjects: Vec<&str> = to_customer
        .iter()
        .map(|(_, mail)| mail.subject.as_str())
        .collect();
    assert_eq!(subjects, ["Order SHOP-2 is expected at another time"]);
    assert!(
        mail.body.contains("Cancelled:\n\n  SHOP-1 from "),
        "{}",
        mail.body
    );
}

#[tokio::test]
async fn a_route_that_a_dispatcher_ends_is_told_to_its_agent() {
    let (world, _) = planned().await;
    world.settle().await;
    world.mailer.take_sent();
    let off = json!({"on_duty": false, "release": true});
    world
        .update(&dispatcher(), user_id(BERTA), off)
        .await
        .unwrap();
    let mails = mails_to(&world, user_id(BERTA)).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        mails[0].subject,
        "Your route has ended: a dispatcher took its orders off"
    );
}

/// Berta gives the order back and takes it again.
async fn given_back_and_assigned_again(world: &World, order: &Order) -> Order {
    let off = json!({"on_duty": false, "release": true});
    world
        .update(&agent(BERTA), user_id(BERTA), off)
        .await
        .unwrap();
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world
        .optimize()
        .run(order.zone.unwrap(), &[])
        .await
        .unwrap();
    let order = world.order(order.id);
    assert_eq!(order.status, OrderStatus::Assigned);
    order
}

#[tokio::test]
async fn an_order_that_was_given_back_and_assigned_again_is_told_of_once() {
    let (world, first) = planned().await;
    // The news of the first assignment is still in the outbox.
    given_back_and_assigned_again(&world, &first).await;
    let mails = mails_to(&world, user_id(1)).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject, "Order SHOP-1042 has an agent");
}

#[tokio::test]
async fn a_second_assignment_after_a_release_says_that_the_time_is_new() {
    let (world, first) = planned().await;
    assert_eq!(mails_to(&world, user_id(1)).await.len(), 1);
    given_back_and_assigned_again(&world, &first).await;
    let mails = mails_to(&world, user_id(1)).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].subject, "Order SHOP-1042 has a new time");
    assert!(
        mails[0].body.contains("no longer right"),
        "{}",
        mails[0].body
    );
}

#[test]
fn a_message_of_an_earlier_version_is_still_read() {
    let order = an_order(1).build();
    let message = json!({
        "event": "order_changed", "order_id": order.id, "status": "assigned", "version": 2, "assignments": 1,
    });
    let read: Notification = serde_json::from_value(message).unwrap();
    let expected = Notification::Alone(Event::OrderChanged {
        order_id: order.id,
        status: OrderStatus::Assigned,
        releases: 0,
    });
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_message_of_an_earlier_version_leads_to_its_email() {
    let (world, order) = planned().await;
    let alone = Notification::Alone(news_of(&order).event);
    let email = mail_about(&world, &alone).await;
    assert_eq!(email.subject, "Order SHOP-1042 has an agent");
}

#[tokio::test]
async fn a_customers_own_name_for_an_order_cannot_break_the_subject() {
    let odd = an_order(1).named("naïve\r\nBcc: x@example.com ✂").build();
    let world = World::with(
        [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
        [odd.clone()],
    );
    world.optimize().run(odd.zone.unwrap(), &[]).await.unwrap();
    let email = mail_about(&world, &told_of(&world.order(odd.id))).await;
    let subject = email.subject;
    assert!(!subject.chars().any(char::is_control), "{subject}");
    assert!(subject.contains("naïve") && subject.contains("has an agent"));
    assert!(subject.chars().count() < 100);
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
    world.optimize().run(odd.zone.unwrap(), &[]).await.unwrap();
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
    assert_eq!(told.unwrap(), Told::Nothing);
}

#[tokio::test]
async fn the_customer_reads_which_address_was_not_placed_and_what_it_may_be() {
    let mut order = an_order(1).named("SHOP-1").build();
    order.zone = None;
    order.came_unplaced = true;
    order.dropoff.location = None;
    order.dropoff.address = Some("Carrer Major 1".to_owned());
    let world = World::with([a_customer(1).build()], []);
    world.store.put_order(&order).await.unwrap();
    let fault = domain::place::PlaceFault {
        stop: StopKind::Dropoff,
        code: "address_not_placed".to_owned(),
        detail: "cannot be placed with certainty. It may be: Girona; Vic".to_owned(),
        candidates: Vec::new(),
    };
    let failed = order.not_located(vec![fault], order.created_at).unwrap();
    world.store.put_order(&failed).await.unwrap();
    let mails = mails_to(&world, user_id(1)).await;
    let body = &mails[0].body;
    assert!(
        body.contains("The address of the drop-off (Carrer Major 1) cannot be placed"),
        "{body}"
    );
    assert!(body.contains("It may be: Girona; Vic."), "{body}");
}
