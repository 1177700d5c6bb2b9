//! The emails to recipients, and how often.

#![allow(clippy::unwrap_used)]

mod world;

use std::path::Path;
use std::sync::Arc;

use app::digest::sha256_hex;
use app::events::PublishEvents;
use app::messages::Notification;
use app::notifications::{SendNotifications, Told};
use app::ports::{Begun, Clock, Email, LinkUse, RecipientMessages, TrackingLinks};
use app::recipients::{Moments, RecipientTold, StopMessages, TellRecipient, Via};
use domain::{Contact, Language, Moment, Order, OrderId, VariantArray};
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Landmarks, MemorySes, a_customer, an_agent, an_order};
use world::{World, agent, dispatcher};

const BERTA: u64 = 10;
const ROSER: &str = "roser@example.com";

struct Doors {
    world: World,
    ses: Arc<MemorySes>,
    moments: Moments,
}

impl Doors {
    /// Berta has a route with these orders. Each recipient is Roser.
    async fn with(numbers: impl IntoIterator<Item = u64>) -> (Self, Vec<Order>) {
        let orders = numbers.into_iter().map(|number| {
            let mut order = an_order(number).to(Landmarks::PARK_GUELL).build();
            order.dropoff.contact = Some(Contact {
                name: Some("Roser".to_owned()),
                phone: Some("+34 600 000 000".to_owned()),
                email: Some(ROSER.to_owned()),
                language: None,
            });
            order
        });
        let orders: Vec<Order> = orders.collect();
        let world = World::with(
            [a_customer(1).build(), an_agent(BERTA).on_duty().build()],
            orders.clone(),
        );
        world
            .optimize()
            .run(orders[0].zone.unwrap(), &[])
            .await
            .unwrap();
        let doors = Self {
            ses: Arc::new(MemorySes::new(world.mail_clock.clone())),
            world,
            moments: Moment::VARIANTS.iter().copied().collect(),
        };
        assert_eq!(
            doors.told(1).await,
            Vec::<String>::new(),
            "not picked up yet"
        );
        (doors, orders)
    }

    fn announce(&self) -> PublishEvents {
        PublishEvents {
            moments: self.moments.clone(),
            ..self.world.announce()
        }
    }

    fn tell(&self) -> TellRecipient {
        TellRecipient {
            users: self.world.store.clone(),
            orders: self.world.store.clone(),
            routes: self.world.store.clone(),
            messages: self.world.store.clone(),
            links: self.world.store.clone(),
            pseudonyms: self.world.store.clone(),
            mailer: Some(self.ses.clone()),
            texts: None,
            notifications: self.world.notifications.clone(),
            clock: self.world.clock.clone(),
            letterhead: self.world.send_notifications().letterhead,
            page: "https://example.com/track".to_owned(),
            moments: self.moments.clone(),
        }
    }

    fn stop(&self) -> StopMessages {
        StopMessages {
            links: self.world.store.clone(),
            orders: self.world.store.clone(),
            messages: self.world.store.clone(),
            pseudonyms: Some(self.world.store.clone()),
            clock: self.world.clock.clone(),
        }
    }

    /// Publishes the changes and delivers the messages, each this many times. Returns the subjects of Roser's emails.
    async fn told(&self, times: usize) -> Vec<String> {
        let emails = self.emails(times).await.into_iter();
        emails.map(|email| email.subject).collect()
    }

    async fn emails(&self, times: usize) -> Vec<Email> {
        let changes = self.world.store.take_changes();
        let send = SendNotifications {
            recipients: Some(self.tell()),
            ..self.world.send_notifications()
        };
        for _ in 0..times {
            self.announce().run(&changes).await.unwrap();
            for message in self.world.notifications.take_messages() {
                if matches!(message, Notification::ForRecipient { .. }) {
                    for _ in 0..times {
                        send.run(&message).await.unwrap();
                    }
                }
            }
        }
        let sent = self.ses.take_sent().into_iter();
        sent.map(|(to, email)| {
            assert_eq!(to, ROSER);
            email
        })
        .collect()
    }

    async fn tap(&self, after_minutes: i64, order: &Order, status: &str) {
        let after = SignedDuration::from_mins(after_minutes);
        self.world.clock.advance(after);
        let berta = agent(BERTA);
        let tapped = self.world.set_status(&berta, order.id, status);
        tapped.await.unwrap();
    }
}

#[tokio::test]
async fn each_moment_is_told_once_however_often_records_and_messages_come() {
    let (doors, orders) = Doors::with([1, 2]).await;
    doors.tap(0, &orders[0], "in_progress").await;
    assert_eq!(doors.told(3).await, ["Your parcel is on its way"]);
    doors.tap(1, &orders[1], "in_progress").await;
    let told = doors.told(3).await;
    assert_eq!(told[0], "Your parcel is on its way", "{told:?}");
    doors.tap(1, &orders[0], "delivered").await;
    let mut told = doors.told(3).await;
    told.sort();
    assert_eq!(told, ["You are the next stop", "Your parcel was delivered"]);
    doors.tap(1, &orders[1], "failed").await;
    assert_eq!(doors.told(3).await, ["Your parcel could not be delivered"]);
    assert_eq!(doors.told(1).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_delay_is_told_once_and_measured_from_the_window_that_was_told() {
    let (doors, orders) = Doors::with([1, 2]).await;
    doors.tap(0, &orders[0], "in_progress").await;
    doors.tap(0, &orders[1], "in_progress").await;
    let told = doors.told(1).await;
    assert_eq!(
        told.iter().filter(|it| it.contains("on its way")).count(),
        2
    );
    // The window of the second order ends some minutes after its expected time.
    doors.tap(45, &orders[0], "delivered").await;
    let mut told = doors.told(2).await;
    told.sort();
    assert_eq!(
        told,
        [
            "You are the next stop",
            "Your parcel comes later",
            "Your parcel was delivered"
        ]
    );
    // Four messages, and no fifth one.
    doors.tap(45, &orders[1], "delivered").await;
    assert_eq!(doors.told(1).await, ["Your parcel was delivered"]);
    let now = doors.world.clock.now();
    let until = now + SignedDuration::from_secs(60);
    let store = &doors.world.store;
    let fifth = RecipientMessages::begin(store.as_ref(), orders[1].id, Moment::Failed, now, until);
    assert_eq!(fifth.await.unwrap(), Begun::Over);
}

#[tokio::test]
async fn a_parcel_that_was_never_picked_up_is_told_to_nobody() {
    let (doors, orders) = Doors::with([1]).await;
    doors.tap(0, &orders[0], "failed").await;
    assert_eq!(doors.told(1).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_link_opens_the_order_and_leaves_the_customers_link_alone() {
    let (doors, orders) = Doors::with([1]).await;
    let store = &doors.world.store;
    let now = doors.world.clock.now();
    let end = now + SignedDuration::from_hours(1);
    store
        .replace(orders[0].id, "of the customer", end)
        .await
        .unwrap();
    doors.tap(0, &orders[0], "in_progress").await;
    let first = doors.emails(1).await.remove(0);
    doors.tap(9, &orders[0], "delivered").await;
    let second = doors.emails(1).await.remove(0);
    let token_in = |email: &Email| {
        let (_, after) = email.body.split_once("https://example.com/track#").unwrap();
        after.chars().take(32).collect::<String>()
    };
    let token = token_in(&first);
    assert_eq!(token_in(&second), token, "one link for all messages");
    assert_eq!(
        doors.ses.unsubscribe(),
        Some(format!("https://example.com/track#{token}"))
    );
    let hash = sha256_hex(token.as_bytes());
    for hash in [hash.as_str(), "of the customer"] {
        let used = store.use_link(hash, 30, now).await.unwrap();
        assert_eq!(used, LinkUse::Order(orders[0].id));
    }
}

#[tokio::test]
async fn nothing_is_told_after_an_opt_out_for_any_order() {
    let (doors, orders) = Doors::with([1, 2]).await;
    doors.tap(0, &orders[0], "in_progress").await;
    assert_eq!(doors.told(1).await.len(), 1);
    let page = doors.ses.unsubscribe().unwrap();
    let (_, token) = page.split_once('#').unwrap();
    for _ in 0..2 {
        doors.stop().run(token).await.unwrap();
    }
    doors.tap(1, &orders[0], "delivered").await;
    doors.tap(1, &orders[1], "in_progress").await;
    doors.tap(1, &orders[1], "delivered").await;
    assert_eq!(doors.told(2).await, Vec::<String>::new());
    assert!(doors.stop().run("0f").await.is_err());
}

#[tokio::test]
async fn the_company_and_the_customer_switch_each_moment_off() {
    let (mut doors, orders) = Doors::with([1]).await;
    doors.moments.remove(&Moment::OutForDelivery);
    doors.tap(0, &orders[0], "in_progress").await;
    assert_eq!(doors.told(1).await, Vec::<String>::new());

    let customer = orders[0].customer_id.to_string();
    let body = json!({"messages_off": ["delivered", "failed"]});
    let update = doors.world.update_customer();
    let answer = update.run(&dispatcher(), &customer, &body).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    assert_eq!(answer["messages_off"], json!(["delivered", "failed"]));
    doors.tap(1, &orders[0], "delivered").await;
    assert_eq!(doors.told(1).await, Vec::<String>::new());

    // Without SES nobody is told anything.
    let without = TellRecipient {
        mailer: None,
        ..doors.tell()
    };
    let told = without.run(orders[0].id, Moment::Delivered).await.unwrap();
    assert_eq!(told, RecipientTold::Nothing);
}

#[tokio::test]
async fn a_crash_before_the_email_delays_it_and_a_crash_after_it_sends_it_again() {
    let (doors, orders) = Doors::with([1]).await;
    doors.tap(0, &orders[0], "in_progress").await;
    let (store, id) = (&doors.world.store, orders[0].id);
    let minute = SignedDuration::from_secs(60);
    let now = doors.world.clock.now();
    let moment = Moment::OutForDelivery;
    // A process has begun and died.
    let began = RecipientMessages::begin(store.as_ref(), id, moment, now, now + minute).await;
    assert_eq!(began.unwrap(), Begun::Ours);
    let tell = doors.tell();
    assert_eq!(tell.run(id, moment).await.unwrap(), RecipientTold::Later);
    let later = Notification::ForRecipient {
        order_id: id,
        moment,
    };
    assert_eq!(doors.world.notifications.take(), [(later, 61)]);
    doors.world.clock.advance(minute);
    assert_eq!(
        tell.run(id, moment).await.unwrap(),
        RecipientTold::Sent(Via::Email)
    );
    assert_eq!(tell.run(id, moment).await.unwrap(), RecipientTold::Nothing);

    // The mail service is away: the lease must end first.
    doors.tap(5, &orders[0], "delivered").await;
    doors.ses.set_away(true);
    assert!(tell.run(id, Moment::Delivered).await.is_err());
    doors.ses.set_away(false);
    doors.world.clock.advance(minute);
    let told = tell.run(id, Moment::Delivered).await.unwrap();
    assert_eq!(told, RecipientTold::Sent(Via::Email));
    assert_eq!(doors.ses.take_sent().len(), 2);
}

#[tokio::test]
async fn a_message_without_a_recipient_service_is_done() {
    let (doors, orders) = Doors::with([1]).await;
    let message = Notification::ForRecipient {
        order_id: orders[0].id,
        moment: Moment::Delivered,
    };
    let told = doors.world.send_notifications().run(&message).await;
    assert_eq!(told.unwrap(), Told::Nothing);
    let text = serde_json::to_string(&message).unwrap();
    assert!(text.contains(r#""event":"for_recipient""#), "{text}");
    assert_eq!(
        serde_json::from_str::<Notification>(&text).unwrap(),
        message
    );
    let gone = OrderId(domain::ids::Uuid::nil());
    let told = doors.tell().run(gone, Moment::Delivered).await.unwrap();
    assert_eq!(told, RecipientTold::Nothing);
}

/// Each template in each language, with a company whose name has markup. `UPDATE_SNAPSHOTS=1` writes the files anew.
#[tokio::test]
async fn every_template_is_as_its_snapshot() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for language in Language::VARIANTS {
        for moment in Moment::VARIANTS {
            let (doors, orders) = Doors::with([1, 2]).await;
            let email = doors.one(*language, *moment, &orders).await;
            let found = format!("{}\n\n{}\n{}", email.subject, email.body, email.html);
            let file = folder.join(format!("{}-{}.txt", language.tag(), moment.name()));
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&file, &found).unwrap();
            }
            let wanted = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(found, wanted, "{}", file.display());
        }
    }
}

impl Doors {
    /// The email of one moment.
    async fn one(mut self, language: Language, moment: Moment, orders: &[Order]) -> Email {
        let speak = json!({"dropoff": {"contact": {"language": language.tag()}}});
        let edit = self.world.edit_order();
        let id = orders[1].id.to_string();
        edit.run(&dispatcher(), &id, &speak, None).await.unwrap();
        self.moments = [moment].into();
        self.tap(0, &orders[0], "in_progress").await;
        self.tap(2, &orders[1], "in_progress").await;
        if moment == Moment::Delayed {
            let until = self.world.clock.now();
            let store = self.world.store.as_ref();
            let sent = store.sent(orders[1].id, Moment::OutForDelivery, until, Some(until));
            sent.await.unwrap();
        }
        if moment != Moment::OutForDelivery {
            self.tap(30, &orders[0], "delivered").await;
        }
        match moment {
            Moment::Delivered => self.tap(5, &orders[1], "delivered").await,
            Moment::Failed => self.tap(5, &orders[1], "failed").await,
            Moment::OutForDelivery | Moment::Arriving | Moment::Delayed => {}
        }
        let mut tell = self.tell();
        tell.letterhead.company = "Müller & <Sons>".to_owned();
        let told = tell.run(orders[1].id, moment).await.unwrap();
        assert_eq!(told, RecipientTold::Sent(Via::Email), "{language} {moment}");
        self.ses.take_sent().remove(0).1
    }
}
