//! The link for the person at the door, through the life of an order.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::Arc;

use app::Refusal;
use app::paging::PageQuery;
use app::recipients::StopMessages;
use app::routes::GetRoutes;
use app::tracking::{
    ChooseWindow, Company, CreateTrackingLink, GetTracking, LeaveNote, RateDelivery, TellByLink,
    Words,
};
use domain::{LegEstimate, OrderId, TrackingToken};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{NextWrite, NoJitter, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;

fn create_link(world: &World) -> CreateTrackingLink {
    CreateTrackingLink {
        users: world.store.clone(),
        orders: world.store.clone(),
        links: world.store.clone(),
        secrets: world.ids.clone(),
        clock: world.clock.clone(),
        jitter: Arc::new(NoJitter),
    }
}

fn get_tracking(world: &World) -> GetTracking {
    GetTracking {
        links: world.store.clone(),
        orders: world.store.clone(),
        routes: world.store.clone(),
        locations: world.store.clone(),
        estimate: LegEstimate::default(),
        users: world.store.clone(),
        windows: testkit::build::offered_windows(),
        company: Company {
            name: "Bikes & Co".to_owned(),
            colour: "#2457a6".to_owned(),
            support: "help@example.com".to_owned(),
        },
        clock: world.clock.clone(),
        texts: false,
        proof: world.show_proof(),
    }
}

async fn link(world: &World, order_id: OrderId) -> TrackingToken {
    let create_link = create_link(world);
    let link = create_link.run(&customer(1), &order_id.to_string()).await;
    link.unwrap().token
}

async fn seen(world: &World, token: &TrackingToken) -> Result<Value, Refusal> {
    let get_tracking = get_tracking(world);
    let answer = get_tracking
        .run(token.secret(), Words::accepted("en"))
        .await?;
    Ok(serde_json::to_value(answer).unwrap())
}

async fn place(world: &World) -> OrderId {
    let body = json!({
        "pickup": {
            "location": {"lat": 41.3870, "lon": 2.1701}, "address": "Secret pickup 1",
            "contact": {"name": "Pia Pickup", "phone": "+34 600 111 111"},
        },
        "dropoff": {
            "location": {"lat": 41.4036, "lon": 2.1744}, "address": "Secret door 2",
            "contact": {"name": "Dora Door", "phone": "+34 600 222 222"},
        },
        "notes": "the code is 1234",
        "external_id": "SO-77",
    });
    let create_order = world.place_order();
    create_order.run(&customer(1), &body, None).await.unwrap();
    world.settle().await;
    world.store.all_orders().last().unwrap().id
}

fn world() -> World {
    let people = [
        a_customer(1).build(),
        a_customer(2).build(),
        an_agent(BERTA).on_duty().build(),
    ];
    World::with(people, [])
}

#[tokio::test]
async fn the_link_follows_an_order_to_the_door() {
    let world = world();
    let first = place(&world).await;
    let second = place(&world).await;
    let token = link(&world, second).await;

    let assigned = seen(&world, &token).await.unwrap();
    assert_eq!(assigned["status"], "assigned");
    assert_eq!(
        assigned["message"],
        "A courier is on the way to pick up your parcel."
    );
    assert_eq!(
        assigned["stops_before"], 3,
        "two pickups and the other door"
    );
    let expected = &assigned["expected"];
    let [from, to] = ["from", "to"].map(|end| expected[end].as_str().unwrap());
    assert!(from < to && from.ends_with("0:00Z") | from.ends_with("5:00Z"));

    let berta = agent(BERTA);
    for (order_id, status) in [
        (first, "in_progress"),
        (second, "in_progress"),
        (first, "delivered"),
    ] {
        world.set_status(&berta, order_id, status).await.unwrap();
    }
    let next = seen(&world, &token).await.unwrap();
    assert_eq!(
        (&next["status"], &next["stops_before"]),
        (&json!("in_progress"), &json!(0))
    );

    world.set_status(&berta, second, "delivered").await.unwrap();
    let delivered = seen(&world, &token).await.unwrap();
    assert_eq!(delivered["status"], "delivered");
    assert_eq!(delivered["expected"], Value::Null);
    assert_eq!(delivered["since"], delivered["at"]);
}

/// The agent reports a place, ten minutes later.
async fn report(world: &World) {
    world.clock.advance(SignedDuration::from_mins(10));
    let now = app::ports::Clock::now(world.clock.as_ref());
    let point = json!({"lat": 41.395, "lon": 2.172, "at": now.to_string(), "accuracy_m": 8});
    let report = json!({"points": [point]});
    let update_location = world.update_location();
    update_location
        .run(&agent(BERTA), "me", &report)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_courier_is_shown_with_the_order_aboard_and_near_and_for_five_minutes() {
    let world = world();
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(place(&world).await);
    }
    let last = orders[4];
    let token = link(&world, last).await;
    let map = async || seen(&world, &token).await.unwrap()["map"].clone();

    report(&world).await;
    assert_eq!(map().await, Value::Null, "not picked up");
    let berta = agent(BERTA);
    for id in &orders {
        world.set_status(&berta, *id, "in_progress").await.unwrap();
    }
    report(&world).await;
    assert_eq!(seen(&world, &token).await.unwrap()["stops_before"], 4);
    assert_eq!(map().await, Value::Null, "too many stops before");
    world
        .set_status(&berta, orders[0], "delivered")
        .await
        .unwrap();
    let shown = map().await;
    assert_eq!(shown["courier"], json!({"lat": 41.395, "lon": 2.172}));
    assert_eq!(shown["door"], json!({"lat": 41.4036, "lon": 2.1744}));
    world.clock.advance(SignedDuration::from_secs(299));
    assert_ne!(map().await, Value::Null);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(map().await, Value::Null, "old");
    report(&world).await;
    world.set_status(&berta, last, "delivered").await.unwrap();
    assert_eq!(map().await, Value::Null, "delivered");
}

#[tokio::test]
async fn the_window_follows_a_courier_who_is_late() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    world
        .set_status(&agent(BERTA), order_id, "in_progress")
        .await
        .unwrap();
    let from = async || seen(&world, &token).await.unwrap()["expected"]["from"].to_string();
    let planned = from().await;
    for _ in 0..3 {
        report(&world).await;
    }
    assert!(from().await > planned);
}

#[tokio::test]
async fn nothing_of_other_people_and_no_id_is_shown() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    let answer = seen(&world, &token).await.unwrap();
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "at",
            "company",
            "courier",
            "expected",
            "map",
            "message",
            "messages",
            "note",
            "rating",
            "since",
            "status",
            "stops_before",
            "window"
        ]
    );
    let text = answer.to_string();
    for secret in [
        "Secret",
        "Pia",
        "Dora",
        "+34",
        "1234",
        "SO-77",
        "41.",
        &order_id.to_string(),
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    let name = world
        .store
        .all_users()
        .into_iter()
        .find(|user| user.agent.is_some())
        .unwrap()
        .name;
    let first_name = &answer["courier"]["first_name"];
    assert_eq!(*first_name, name.split(' ').next().unwrap());
}

fn tell(world: &World) -> TellByLink {
    TellByLink {
        links: world.store.clone(),
        orders: world.store.clone(),
        clock: world.clock.clone(),
        jitter: Arc::new(NoJitter),
    }
}

async fn leave_note(world: &World, token: &TrackingToken, note: &str) -> Result<(), Refusal> {
    let leave_note = LeaveNote(tell(world));
    leave_note.run(token.secret(), &json!({"note": note})).await
}

async fn rate(world: &World, token: &TrackingToken, stars: u8) -> Result<(), Refusal> {
    let rate_delivery = RateDelivery(tell(world));
    let body = json!({"stars": stars, "comment": "Very kind."});
    rate_delivery.run(token.secret(), &body).await
}

fn pass(world: &World, seconds: i64) {
    world.clock.advance(SignedDuration::from_secs(seconds));
}

/// The order as somebody sees it.
async fn shown_to(world: &World, caller: &app::Caller, order_id: OrderId) -> Value {
    let order = world.show_order().run(caller, &order_id.to_string()).await;
    serde_json::to_value(order.unwrap()).unwrap()
}

#[tokio::test]
async fn the_agent_reads_the_note_at_the_stop_and_the_customer_does_not() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    assert_eq!(
        seen(&world, &token).await.unwrap()["note"],
        json!({"open": true, "told": false})
    );
    leave_note(&world, &token, "Ring <twice>").await.unwrap();
    let note = json!("Ring <twice>");
    let berta = agent(BERTA);
    let routes = GetRoutes {
        users: world.store.clone(),
        orders: world.store.clone(),
        routes: world.store.clone(),
        locations: world.store.clone(),
        estimate: LegEstimate::default(),
        clock: world.clock.clone(),
    };
    let stops = async || {
        let answer = routes
            .run(&berta, "me", &PageQuery::default())
            .await
            .unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        [0, 1].map(|stop| answer["routes"][0]["stops"][stop]["recipient_note"].clone())
    };
    assert_eq!(
        stops().await,
        [Value::Null, note.clone()],
        "at the door alone"
    );
    for (caller, expected) in [
        (&berta, &note),
        (&dispatcher(), &note),
        (&customer(1), &Value::Null),
    ] {
        assert_eq!(
            &shown_to(&world, caller, order_id).await["recipient_note"],
            expected
        );
    }
    let answer = seen(&world, &token).await.unwrap();
    assert_eq!(answer["note"], json!({"open": true, "told": true}));
    assert!(
        !answer.to_string().contains("Ring"),
        "others may have the link"
    );
    world
        .set_status(&berta, order_id, "delivered")
        .await
        .unwrap();
    assert_eq!(stops().await, [Value::Null, Value::Null]);
    let late = leave_note(&world, &token, "Too late").await;
    assert!(matches!(late, Err(Refusal::OrderEnded { .. })));
}

#[tokio::test]
async fn a_delivery_is_rated_afterwards_and_the_agent_does_not_see_it() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    assert!(matches!(
        rate(&world, &token, 5).await,
        Err(Refusal::NotDelivered)
    ));
    world
        .set_status(&agent(BERTA), order_id, "delivered")
        .await
        .unwrap();
    assert_eq!(
        seen(&world, &token).await.unwrap()["rating"],
        json!({"open": true, "told": false})
    );
    rate(&world, &token, 4).await.unwrap();
    for caller in [customer(1), dispatcher()] {
        let rating = shown_to(&world, &caller, order_id).await["rating"].clone();
        assert_eq!(
            (&rating["stars"], &rating["comment"]),
            (&json!(4), &json!("Very kind."))
        );
    }
    assert_eq!(
        seen(&world, &token).await.unwrap()["rating"],
        json!({"open": true, "told": true})
    );
    world.clock.advance(SignedDuration::from_hours(48));
    assert!(matches!(
        rate(&world, &token, 1).await,
        Err(Refusal::NotFound)
    ));
}

#[tokio::test]
async fn what_a_recipient_tells_wakes_nobody_and_sends_no_email() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    world.settle().await;
    world.mailer.take_sent();
    let plans = world.store.all_routes();
    leave_note(&world, &token, "Ring twice").await.unwrap();
    world.settle().await;
    assert_eq!(world.store.all_routes(), plans);
    assert!(world.mailer.take_sent().is_empty());
    world
        .set_status(&agent(BERTA), order_id, "delivered")
        .await
        .unwrap();
    world.settle().await;
    world.mailer.take_sent();
    rate(&world, &token, 5).await.unwrap();
    world.settle().await;
    assert!(world.mailer.take_sent().is_empty());
}

#[tokio::test]
async fn words_are_repeated_without_harm_and_replaced_after_ten_seconds() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    world.store.next_writes([NextWrite::LosesItsAnswer]);
    let lost = leave_note(&world, &token, "Ring twice").await;
    assert!(matches!(lost, Err(Refusal::Unavailable(_))));
    let version = world.order(order_id).version;
    leave_note(&world, &token, "Ring twice").await.unwrap();
    assert_eq!(world.order(order_id).version, version);
    let soon = leave_note(&world, &token, "Knock").await;
    assert!(matches!(soon, Err(Refusal::Throttled)));
    pass(&world, 10);
    // Somebody else has changed the order meanwhile.
    world.store.next_writes([NextWrite::Conflicts]);
    leave_note(&world, &token, "Knock").await.unwrap();
    let note = world.order(order_id).recipient.note.unwrap();
    assert_eq!(note.text, "Knock");
}

#[tokio::test]
async fn a_link_that_opens_nothing_tells_nothing() {
    let world = world();
    let order_id = place(&world).await;
    let old = link(&world, order_id).await;
    let token = link(&world, order_id).await;
    assert!(matches!(
        leave_note(&world, &old, "Ring").await,
        Err(Refusal::NotFound)
    ));
    assert!(matches!(
        rate(&world, &old, 5).await,
        Err(Refusal::NotFound)
    ));
    let invalid = LeaveNote(tell(&world))
        .run(token.secret(), &json!({"status": "delivered"}))
        .await;
    assert!(matches!(invalid, Err(Refusal::Invalid(_))));
    for _ in 0..29 {
        leave_note(&world, &token, "").await.unwrap_err();
    }
    assert!(matches!(
        leave_note(&world, &token, "Ring").await,
        Err(Refusal::Throttled)
    ));
}

#[tokio::test]
async fn a_link_ends_48_hours_after_the_last_step_and_a_new_one_replaces_it() {
    let world = world();
    let order_id = place(&world).await;
    let old = link(&world, order_id).await;
    let new = link(&world, order_id).await;
    assert!(matches!(seen(&world, &old).await, Err(Refusal::NotFound)));
    world
        .set_status(&agent(BERTA), order_id, "delivered")
        .await
        .unwrap();
    world
        .clock
        .advance(SignedDuration::from_hours(48) - SignedDuration::from_secs(1));
    assert_eq!(seen(&world, &new).await.unwrap()["status"], "delivered");
    world.clock.advance(SignedDuration::from_secs(1));
    assert!(matches!(seen(&world, &new).await, Err(Refusal::NotFound)));
    let late = create_link(&world);
    let late = late.run(&dispatcher(), &order_id.to_string()).await;
    assert!(matches!(late, Err(Refusal::NotFound)));
}

#[tokio::test]
async fn a_link_is_for_the_orders_customer_and_for_dispatchers() {
    let world = world();
    let order_id = place(&world).await.to_string();
    let create_link = create_link(&world);
    for caller in [customer(1), dispatcher()] {
        create_link.run(&caller, &order_id).await.unwrap();
    }
    let other = create_link.run(&customer(2), &order_id).await;
    assert!(matches!(other, Err(Refusal::NotFound)));
    let courier = create_link.run(&agent(BERTA), &order_id).await;
    assert!(matches!(courier, Err(Refusal::Forbidden)));
}

#[tokio::test]
async fn a_link_may_be_used_thirty_times_a_minute() {
    let world = world();
    let order_id = place(&world).await;
    let token = link(&world, order_id).await;
    for _ in 0..30 {
        seen(&world, &token).await.unwrap();
    }
    assert!(matches!(
        seen(&world, &token).await,
        Err(Refusal::Throttled)
    ));
    world.clock.advance(SignedDuration::from_mins(1));
    seen(&world, &token).await.unwrap();
}

#[tokio::test]
async fn a_hundred_thousand_other_tokens_open_nothing() {
    let world = world();
    let order_id = place(&world).await;
    link(&world, order_id).await;
    let get_tracking = get_tracking(&world);
    let stop_messages = StopMessages {
        links: world.store.clone(),
        orders: world.store.clone(),
        messages: world.store.clone(),
        pseudonyms: Some(world.store.clone()),
        clock: world.clock.clone(),
    };
    let choose_window = ChooseWindow {
        links: world.store.clone(),
        desk: world.desk(),
        windows: testkit::build::offered_windows(),
    };
    let window = json!({"from": "2030-05-07T08:00:00Z", "to": "2030-05-07T12:00:00Z"});
    world.store.take_changes();
    // Multiples of an odd number visit all 128 bits.
    let guesses =
        (1..=100_000u128).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    for guess in guesses {
        let token = TrackingToken::of_bytes(guess.to_be_bytes());
        let shown = get_tracking
            .run(token.secret(), Words::accepted("en"))
            .await;
        for opened in [
            shown.map(|_| ()),
            leave_note(&world, &token, "Ring twice").await,
            rate(&world, &token, 1).await,
            choose_window.run(token.secret(), &window, None).await,
            stop_messages.run(token.secret()).await,
        ] {
            assert!(matches!(opened, Err(Refusal::NotFound)), "{guess:x}");
        }
    }
    assert!(world.store.take_changes().is_empty());
}
