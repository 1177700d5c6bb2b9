//! The text messages to recipients: to whom, how often, how many in a month, and how long they are.

#![allow(clippy::unwrap_used)]

mod world;

use std::path::Path;
use std::sync::Arc;

use app::messages::Notification;
use app::ports::{Clock, RecipientMessages, TextError, TextSender};
use app::recipients::{RecipientTold, StopMessages, TellRecipient, Texts, Via, segments};
use async_trait::async_trait;
use domain::{AllowedNumbers, Contact, Language, Moment, Order, PhoneNumber, VariantArray};
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Landmarks, a_customer, an_agent, an_order};
use world::{World, agent, dispatcher};

const BERTA: u64 = 10;
const ROSER: &str = "+34600000000";

/// Berta has a route with these orders. Each recipient is Roser, with this phone.
async fn world(phone: &str, numbers: impl IntoIterator<Item = u64>) -> (World, Vec<Order>) {
    let orders = numbers.into_iter().map(|number| {
        let mut order = an_order(number).to(Landmarks::PARK_GUELL).build();
        order.dropoff.contact = Some(Contact {
            name: Some("Roser".to_owned()),
            phone: Some(phone.to_owned()),
            email: None,
            language: None,
        });
        order
    });
    let orders: Vec<Order> = orders.collect();
    let users = [a_customer(1).build(), an_agent(BERTA).on_duty().build()];
    let mut world = World::with(users, orders.clone());
    world.moments = Moment::VARIANTS.iter().copied().collect();
    world.deliveries = 2;
    world
        .optimize()
        .run(orders[0].zone.unwrap(), &[])
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(texts(&world), Vec::<String>::new(), "not picked up yet");
    (world, orders)
}

/// The texts to Roser since the last call, up to their first full stop.
fn texts(world: &World) -> Vec<String> {
    let sent = world.phones.take_sent().into_iter();
    let mut texts: Vec<String> = sent
        .map(|(to, text)| {
            assert_eq!(to, ROSER);
            let (_, told) = text.split_once(": ").unwrap();
            told.split_once('.').unwrap().0.to_owned()
        })
        .collect();
    texts.sort();
    texts
}

/// Berta taps, a minute after the last tap.
async fn tap(world: &World, order: &Order, status: &str) {
    world.clock.advance(SignedDuration::from_mins(1));
    let berta = agent(BERTA);
    let tapped = world.set_status(&berta, order.id, status);
    tapped.await.unwrap();
    world.settle().await;
}

#[tokio::test]
async fn a_recipient_with_a_phone_hears_of_each_moment_once() {
    let (world, orders) = world("+34 600 00 00 00", [1, 2]).await;
    tap(&world, &orders[0], "in_progress").await;
    assert_eq!(texts(&world), ["your parcel is on its way"]);
    tap(&world, &orders[1], "in_progress").await;
    assert!(texts(&world).contains(&"your parcel is on its way".to_owned()));
    tap(&world, &orders[0], "delivered").await;
    let told = texts(&world);
    assert_eq!(told[0], "you are the next stop", "{told:?}");
    assert!(
        told[1].starts_with("your parcel was delivered at "),
        "{told:?}"
    );
    tap(&world, &orders[1], "failed").await;
    assert_eq!(texts(&world), ["sorry, we could not deliver your parcel"]);
    assert!(world.ses.take_sent().is_empty());
}

#[tokio::test]
async fn an_email_address_comes_first_and_one_parcel_has_four_messages_of_both_kinds() {
    let (world, orders) = world(ROSER, [1]).await;
    let id = orders[0].id.to_string();
    let address = |email: Option<&str>| json!({"dropoff": {"contact": {"email": email}}});
    let edit = world.edit_order();
    edit.run(
        &dispatcher(),
        &id,
        &address(Some("roser@example.com")),
        None,
    )
    .await
    .unwrap();
    tap(&world, &orders[0], "in_progress").await;
    assert_eq!(world.ses.take_sent().len(), 1);
    assert_eq!(texts(&world), Vec::<String>::new());

    // The same moment is not told again on the phone, and no fifth message follows.
    edit.run(&dispatcher(), &id, &address(None), None)
        .await
        .unwrap();
    let tell = world.tell_recipient();
    let again = tell
        .run(orders[0].id, Moment::OutForDelivery)
        .await
        .unwrap();
    assert_eq!(again, RecipientTold::Nothing);
    let (store, now) = (&world.store, world.mail_clock.now());
    for moment in [Moment::Arriving, Moment::Delayed, Moment::Failed] {
        store.sent(orders[0].id, moment, now, None).await.unwrap();
    }
    tap(&world, &orders[0], "delivered").await;
    assert_eq!(texts(&world), Vec::<String>::new());
}

#[tokio::test]
async fn without_ses_the_phone_is_told_although_there_is_an_address() {
    let (world, orders) = world(ROSER, [1]).await;
    let body = json!({"dropoff": {"contact": {"email": "roser@example.com"}}});
    let id = orders[0].id.to_string();
    world
        .edit_order()
        .run(&dispatcher(), &id, &body, None)
        .await
        .unwrap();
    world
        .set_status(&agent(BERTA), orders[0].id, "in_progress")
        .await
        .unwrap();
    let tell = TellRecipient {
        mailer: None,
        ..world.tell_recipient()
    };
    let told = tell
        .run(orders[0].id, Moment::OutForDelivery)
        .await
        .unwrap();
    assert_eq!(told, RecipientTold::Sent(Via::Text));
}

#[tokio::test]
async fn nobody_else_gets_a_text() {
    for phone in [
        "600 000 000",
        "0034600000000",
        "+351 910 000 000",
        "+34 6",
        "ring twice",
    ] {
        let (world, orders) = world(phone, [1]).await;
        tap(&world, &orders[0], "in_progress").await;
        assert!(world.phones.take_sent().is_empty(), "{phone}");
    }
    // The company sends no texts.
    let (world, orders) = world(ROSER, [1]).await;
    world
        .set_status(&agent(BERTA), orders[0].id, "in_progress")
        .await
        .unwrap();
    let without = TellRecipient {
        texts: None,
        ..world.tell_recipient()
    };
    let told = without
        .run(orders[0].id, Moment::OutForDelivery)
        .await
        .unwrap();
    assert_eq!(told, RecipientTold::Nothing);
    // The customer has switched the moment off.
    let customer = orders[0].customer_id.to_string();
    let body = json!({"messages_off": ["out_for_delivery", "delivered"]});
    world
        .update_customer()
        .run(&dispatcher(), &customer, &body)
        .await
        .unwrap();
    world.settle().await;
    tap(&world, &orders[0], "delivered").await;
    assert!(world.phones.take_sent().is_empty());
}

#[tokio::test]
async fn nothing_is_told_after_an_opt_out_on_the_page_or_by_an_answer() {
    let (world, orders) = world(ROSER, [1, 2]).await;
    world
        .set_status(&agent(BERTA), orders[0].id, "in_progress")
        .await
        .unwrap();
    world.settle().await;
    let (_, text) = world.phones.take_sent().remove(0);
    let (_, token) = text.split_once("https://example.com/track#").unwrap();
    let stop = StopMessages {
        links: world.store.clone(),
        orders: world.store.clone(),
        messages: world.store.clone(),
        pseudonyms: Some(world.store.clone()),
        clock: world.clock.clone(),
    };
    for _ in 0..2 {
        stop.run(token).await.unwrap();
    }
    tap(&world, &orders[0], "delivered").await;
    tap(&world, &orders[1], "in_progress").await;
    assert_eq!(texts(&world), Vec::<String>::new());

    let (world, orders) = self::world(ROSER, [1]).await;
    world.phones.opt_out(ROSER);
    tap(&world, &orders[0], "in_progress").await;
    let tell = limited(&world, 1);
    assert_eq!(
        tell.run(orders[0].id, Moment::OutForDelivery)
            .await
            .unwrap(),
        RecipientTold::Nothing
    );
    assert_eq!(texts(&world), Vec::<String>::new());
    let now = world.mail_clock.now();
    let counted = world.store.count_text("2030-05", 1, now).await.unwrap();
    assert!(counted, "no text of the month was used");
}

/// The month has this many texts.
fn limited(world: &World, per_month: u32) -> TellRecipient {
    TellRecipient {
        texts: Some(Texts {
            sender: world.phones.clone(),
            allowed: AllowedNumbers::read("34").unwrap(),
            per_month,
        }),
        ..world.tell_recipient()
    }
}

#[tokio::test]
async fn a_month_has_no_more_texts_than_its_limit() {
    let (world, orders) = world(ROSER, [1, 2, 3, 4]).await;
    for order in &orders {
        world
            .set_status(&agent(BERTA), order.id, "in_progress")
            .await
            .unwrap();
    }
    let tell = limited(&world, 2);
    let moment = Moment::OutForDelivery;
    let mut told = Vec::new();
    for number in [0, 0, 1, 2, 2] {
        told.push(tell.run(orders[number].id, moment).await.unwrap());
    }
    let sent = RecipientTold::Sent(Via::Text);
    let none = RecipientTold::NoTextsLeft;
    let nothing = RecipientTold::Nothing;
    assert_eq!(told, [sent, nothing, sent, none, nothing]);
    assert_eq!(world.phones.take_sent().len(), 2);

    // The next month begins, in UTC.
    let until_june = SignedDuration::from_hours(26 * 24);
    world.mail_clock.advance(until_june);
    assert_eq!(tell.run(orders[3].id, moment).await.unwrap(), sent);
}

#[tokio::test]
async fn a_crash_costs_one_text_of_the_month_and_never_adds_one() {
    let (world, orders) = world(ROSER, [1, 2]).await;
    for order in &orders {
        world
            .set_status(&agent(BERTA), order.id, "in_progress")
            .await
            .unwrap();
    }
    let (tell, moment) = (limited(&world, 2), Moment::OutForDelivery);
    let minute = SignedDuration::from_secs(60);
    let broken = TellRecipient {
        texts: Some(Texts {
            sender: Arc::new(DiesOnSending),
            ..tell.texts.clone().unwrap()
        }),
        ..limited(&world, 2)
    };
    assert!(broken.run(orders[0].id, moment).await.is_err());
    // The same message again, too early, and then after the lease.
    assert_eq!(
        tell.run(orders[0].id, moment).await.unwrap(),
        RecipientTold::Later
    );
    let later = Notification::ForRecipient {
        order_id: orders[0].id,
        moment,
    };
    let waiting = world.notifications.take();
    assert!(waiting.contains(&(later, 61)), "{waiting:?}");
    world.mail_clock.advance(minute);
    assert_eq!(
        tell.run(orders[0].id, moment).await.unwrap(),
        RecipientTold::Sent(Via::Text)
    );
    assert_eq!(
        tell.run(orders[1].id, moment).await.unwrap(),
        RecipientTold::NoTextsLeft
    );
    assert_eq!(world.phones.take_sent().len(), 1);

    // The service is away before anything is counted.
    world.phones.set_away(true);
    assert!(tell.run(orders[1].id, moment).await.is_err());
}

struct DiesOnSending;

#[async_trait]
impl TextSender for DiesOnSending {
    async fn is_opted_out(&self, _number: &PhoneNumber) -> Result<bool, TextError> {
        Ok(false)
    }

    async fn send_text(&self, _number: &PhoneNumber, _text: &str) -> Result<(), TextError> {
        Err(TextError::Unavailable("the process dies".into()))
    }
}

#[tokio::test]
async fn a_number_that_the_service_refuses_is_no_failure() {
    let (world, orders) = world(ROSER, [1]).await;
    world.phones.refuse(ROSER);
    tap(&world, &orders[0], "in_progress").await;
    assert_eq!(texts(&world), Vec::<String>::new());
    assert!(
        world.notifications.take_messages().is_empty(),
        "nothing waits"
    );
}

/// Each template in each language, with a company whose name no phone can show. `UPDATE_SNAPSHOTS=1` writes the files
/// anew. A text without its link is one message for carriers, and with the link of the API's own address it is two.
#[tokio::test]
async fn every_text_is_as_its_snapshot_and_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for language in Language::VARIANTS {
        for moment in Moment::VARIANTS {
            let found = one(*language, *moment).await;
            let (words, link) = found.split_once("https://").unwrap();
            assert_eq!(segments(words), 1, "{words}");
            assert!(link.ends_with(|it: char| it.is_ascii_hexdigit()), "{found}");
            let own = "abcdefghij.execute-api.ap-southeast-2.amazonaws.com/v1/track";
            let (_, token) = link.split_once('#').unwrap();
            let whole = format!("{words}https://{own}#{token}");
            assert_eq!(segments(&whole), 2, "{whole}");
            assert!(words.contains("SMS") || words.contains("stop these texts"));
            let file = folder.join(format!("{}-{}-text.txt", language.tag(), moment.name()));
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                std::fs::write(&file, &found).unwrap();
            }
            let wanted = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(found, wanted, "{}", file.display());
        }
    }
}

/// The text of one moment.
async fn one(language: Language, moment: Moment) -> String {
    let (world, orders) = world(ROSER, [1, 2]).await;
    let speak = json!({"dropoff": {"contact": {"language": language.tag()}}});
    let id = orders[1].id.to_string();
    world
        .edit_order()
        .run(&dispatcher(), &id, &speak, None)
        .await
        .unwrap();
    let tap = async |minutes, order: &Order, status| {
        world.clock.advance(SignedDuration::from_mins(minutes));
        let tapped = world.set_status(&agent(BERTA), order.id, status).await;
        tapped.unwrap();
    };
    tap(0, &orders[0], "in_progress").await;
    tap(2, &orders[1], "in_progress").await;
    if moment == Moment::Delayed {
        let until = world.clock.now();
        let sent = world
            .store
            .sent(orders[1].id, Moment::OutForDelivery, until, Some(until));
        sent.await.unwrap();
    }
    if moment != Moment::OutForDelivery {
        tap(30, &orders[0], "delivered").await;
    }
    match moment {
        Moment::Delivered => tap(5, &orders[1], "delivered").await,
        Moment::Failed => tap(5, &orders[1], "failed").await,
        Moment::OutForDelivery | Moment::Arriving | Moment::Delayed => {}
    }
    let mut tell = world.tell_recipient();
    tell.clock = world.clock.clone();
    tell.letterhead.company = "Müller & <Söhne>\nŁódź {link} Kurierdienst GmbH".to_owned();
    let told = tell.run(orders[1].id, moment).await.unwrap();
    assert_eq!(told, RecipientTold::Sent(Via::Text), "{language} {moment}");
    let (to, text) = world.phones.take_sent().remove(0);
    assert_eq!(to, ROSER);
    text
}
