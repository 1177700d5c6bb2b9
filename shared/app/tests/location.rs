//! Where an agent is, from the report to the times that others are told.

#![allow(clippy::unwrap_used)]

mod world;

use app::Refusal;
use app::agents::{GetAgent, ListAgents};
use app::paging::PageQuery;
use domain::{OrderId, Timestamp};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{NextWrite, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;

/// One order on its way, and its agent.
async fn world() -> (World, OrderId) {
    let people = [a_customer(1).build(), an_agent(BERTA).on_duty().build()];
    let world = World::with(people, []);
    let body = json!({
        "pickup": {"location": {"lat": 41.38, "lon": 2.17}},
        "dropoff": {"location": {"lat": 41.44, "lon": 2.17}},
    });
    let create_order = world.place_order();
    create_order.run(&customer(1), &body, None).await.unwrap();
    world.settle().await;
    let id = world.store.all_orders()[0].id;
    world
        .set_status(&agent(BERTA), id, "in_progress")
        .await
        .unwrap();
    world.settle().await;
    (world, id)
}

async fn report(world: &World, lat: f64) -> Result<Value, Refusal> {
    let now = app::ports::Clock::now(world.clock.as_ref());
    let point = json!({"lat": lat, "lon": 2.17, "at": now.to_string(), "accuracy_m": 8});
    let update_location = world.update_location();
    let answer = update_location
        .run(&agent(BERTA), "me", &json!({"points": [point]}))
        .await?;
    Ok(serde_json::to_value(answer).unwrap())
}

async fn eta(world: &World, id: OrderId) -> Timestamp {
    let order = world.show_order().run(&customer(1), &id.to_string()).await;
    let order = serde_json::to_value(order.unwrap()).unwrap();
    order["eta"].as_str().unwrap().parse().unwrap()
}

fn pass(world: &World, seconds: i64) {
    world.clock.advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn the_time_follows_the_agent_and_no_record_and_no_queue_hears_of_it() {
    let (world, id) = world().await;
    let (orders, routes, users) = (
        world.store.all_orders(),
        world.store.all_routes(),
        world.store.all_users(),
    );
    let planned = eta(&world, id).await;
    pass(&world, 60);
    assert_eq!(report(&world, 41.41).await.unwrap()["accepted"], 1);
    let near = eta(&world, id).await;
    assert!(near < planned, "{near} {planned}");
    pass(&world, 1800);
    report(&world, 41.41).await.unwrap();
    let late = eta(&world, id).await;
    assert_eq!(late.duration_since(near), SignedDuration::from_secs(1800));
    assert!(world.store.take_changes().is_empty() && world.wakes.take().is_empty());
    assert_eq!(
        (orders, routes, users),
        (
            world.store.all_orders(),
            world.store.all_routes(),
            world.store.all_users()
        )
    );
}

#[tokio::test]
async fn without_locations_the_time_follows_the_clock() {
    let (world, id) = world().await;
    let planned = eta(&world, id).await;
    pass(&world, 4 * 3600);
    let now = app::ports::Clock::now(world.clock.as_ref());
    assert!(planned < now);
    assert_eq!(eta(&world, id).await, now);
}

#[tokio::test]
async fn a_route_is_timed_once_a_minute() {
    let (world, id) = world().await;
    pass(&world, 60);
    report(&world, 41.40).await.unwrap();
    let first = eta(&world, id).await;
    for lat in [41.403, 41.406] {
        pass(&world, 20);
        assert_eq!(report(&world, lat).await.unwrap()["accepted"], 1);
        assert_eq!(eta(&world, id).await, first);
    }
    pass(&world, 20);
    report(&world, 41.41).await.unwrap();
    assert_ne!(eta(&world, id).await, first);
}

#[tokio::test]
async fn only_an_agent_on_duty_with_an_open_route_reports() {
    let (world, id) = world().await;
    let off = json!({"on_duty": false, "release": true});
    world
        .update(&agent(BERTA), user_id(BERTA), off)
        .await
        .unwrap();
    assert!(matches!(
        report(&world, 41.4).await,
        Err(Refusal::NotOnRoute)
    ));
    let on = json!({"on_duty": true});
    world
        .update(&agent(BERTA), user_id(BERTA), on)
        .await
        .unwrap();
    report(&world, 41.4).await.unwrap();
    world
        .set_status(&agent(BERTA), id, "delivered")
        .await
        .unwrap();
    assert!(matches!(
        report(&world, 41.4).await,
        Err(Refusal::NotOnRoute)
    ));
    let by_customer = world
        .update_location()
        .run(&customer(1), "me", &json!({}))
        .await;
    assert!(matches!(by_customer, Err(Refusal::Forbidden)));
}

#[tokio::test]
async fn dispatchers_see_a_location_for_a_day_and_agents_see_their_own() {
    let (world, _) = world().await;
    let list_agents = ListAgents {
        users: world.store.clone(),
        locations: world.store.clone(),
        clock: world.clock.clone(),
    };
    let get_agent = GetAgent {
        users: world.store.clone(),
        locations: world.store.clone(),
        clock: world.clock.clone(),
    };
    let seen = async || {
        let listed = list_agents
            .run(&dispatcher(), &PageQuery::default())
            .await
            .unwrap();
        let one = get_agent
            .run(&dispatcher(), &user_id(BERTA).to_string())
            .await
            .unwrap();
        let own = get_agent.run(&agent(BERTA), "me").await.unwrap();
        assert_eq!((&listed.agents[0], &one), (&one, &own));
        serde_json::to_value(one).unwrap()["location"].clone()
    };
    assert_eq!(seen().await, Value::Null);
    report(&world, 41.4).await.unwrap();
    assert_eq!(seen().await["lat"], 41.4);
    pass(&world, 24 * 3600 - 1);
    assert_eq!(seen().await["lat"], 41.4);
    pass(&world, 1);
    assert_eq!(seen().await, Value::Null);
}

#[tokio::test]
async fn a_report_whose_answer_was_lost_is_repeated_without_harm() {
    let (world, _) = world().await;
    world.store.next_writes([NextWrite::LosesItsAnswer]);
    assert!(matches!(
        report(&world, 41.4).await,
        Err(Refusal::Unavailable(_))
    ));
    let again = report(&world, 41.4).await.unwrap();
    assert_eq!(
        (&again["accepted"], &again["location"]["lat"]),
        (&json!(0), &json!(41.4))
    );
    pass(&world, 10);
    world.store.next_writes([NextWrite::Conflicts]);
    assert_eq!(report(&world, 41.401).await.unwrap()["accepted"], 1);
}

#[tokio::test]
async fn of_reports_at_once_the_latest_point_stays() {
    let (world, _) = world().await;
    pass(&world, 100);
    let now = app::ports::Clock::now(world.clock.as_ref());
    let reports = (0..6).map(|n| {
        let at = now - SignedDuration::from_secs(10 * n);
        let point = json!({"lat": 41.4, "lon": 2.17, "at": at.to_string(), "accuracy_m": 8});
        (world.update_location(), json!({"points": [point]}))
    });
    let reports: Vec<_> = reports.collect();
    let berta = agent(BERTA);
    let sent = reports
        .iter()
        .map(|(update, body)| update.run(&berta, "me", body));
    assert!(join_all(sent).await.iter().all(Result::is_ok));
    let stored = app::ports::LocationStore::locations(&*world.store, &[user_id(BERTA)], now).await;
    assert_eq!(stored.unwrap()[0].last.at, now);
}
