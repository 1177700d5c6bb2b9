//! Quotes: what they promise, and how close they come.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::Refusal;
use domain::{Coordinates, OrderStatus};
use serde_json::{Value, json};
use testkit::build::{at, user_id};
use testkit::{CountedRounds, Landmarks, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

/// A place in a city of 6 by 8 km.
fn place(number: u64) -> Coordinates {
    let spread = |step: u64, most: f64| (number * step % 101) as f64 / 101.0 * most;
    Coordinates {
        lat: 41.370 + spread(37, 0.054),
        lon: 2.110 + spread(59, 0.096),
    }
}

fn body(number: u64) -> Value {
    json!({"pickup": {"location": place(2 * number)}, "dropoff": {"location": place(2 * number + 1)}})
}

/// Agents on duty with orders on their routes.
async fn city(agents: u64, orders: u64) -> World {
    let people = (10..10 + agents).map(|number| {
        let agent = an_agent(number).starting_at(place(7 * number));
        agent.with_capacity(20).on_duty().build()
    });
    let mut world = World::with(people.chain([a_customer(1).build()]), []);
    world.planner = Some(CountedRounds(1_500));
    for number in 1..=orders {
        world
            .place_order()
            .run(&customer(1), &body(number), None)
            .await
            .unwrap();
    }
    world.settle().await;
    world
}

async fn quote(world: &World, body: &Value) -> Value {
    let answer = world.quote_order().run(&customer(1), body).await.unwrap();
    serde_json::to_value(answer).unwrap()
}

fn minutes_apart(one: &str, other: &str) -> i64 {
    at(one).duration_since(at(other)).abs().as_mins()
}

#[tokio::test]
async fn nine_of_ten_quotes_are_within_ten_minutes_of_the_order_that_is_placed_afterwards() {
    let world = city(12, 70).await;
    let quotes = 30;
    let mut close = 0;
    for number in 0..quotes {
        let body = body(500 + 13 * number);
        let quote = quote(&world, &body).await;
        assert_eq!(quote["feasible"], json!(true), "{quote}");
        let order = world
            .place_order()
            .run(&customer(1), &body, None)
            .await
            .unwrap();
        let order = serde_json::to_value(order).unwrap();
        world.settle().await;
        let stored = world.order(order["order_id"].as_str().unwrap().parse().unwrap());
        assert_eq!(stored.status, OrderStatus::Assigned);
        let routes = world.store.all_routes();
        let mut stops = routes
            .iter()
            .flat_map(|it| it.open_stops())
            .filter(|it| it.order_id == stored.id);
        let (pickup, dropoff) = (stops.next().unwrap().eta, stops.next().unwrap().eta);
        let apart = [("pickup_eta", pickup), ("dropoff_eta", dropoff)]
            .map(|(name, eta)| minutes_apart(quote[name].as_str().unwrap(), &eta.to_string()));
        close += u64::from(apart.iter().all(|minutes| *minutes < 10));
    }
    assert!(close * 10 >= quotes * 9, "{close} of {quotes}");
}

#[tokio::test]
async fn a_quote_stores_nothing_and_wakes_nobody() {
    let world = city(3, 10).await;
    let before = (
        world.store.all_orders(),
        world.store.all_routes(),
        world.store.all_users(),
    );
    let quote = quote(&world, &body(77)).await;
    let after = (
        world.store.all_orders(),
        world.store.all_routes(),
        world.store.all_users(),
    );
    assert_eq!(before, after);
    assert!(world.wakes.take().is_empty());
    assert!(world.store.take_changes().is_empty());
    assert_eq!(quote["expires_at"], "2030-05-06T08:05:00Z");
    assert!(quote["distance_m"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_quote_has_no_agent_and_coarse_times() {
    let world = city(3, 0).await;
    let quote = quote(&world, &body(5)).await;
    let names: Vec<&String> = quote.as_object().unwrap().keys().collect();
    let expected = [
        "distance_m",
        "dropoff_eta",
        "expires_at",
        "feasible",
        "pickup_eta",
    ];
    assert_eq!(names, expected);
    for name in ["pickup_eta", "dropoff_eta"] {
        let eta = at(quote[name].as_str().unwrap());
        assert_eq!(eta.as_second() % 300, 0, "{eta}");
    }
}

#[tokio::test]
async fn an_order_that_nobody_could_take_has_a_reason() {
    let world = city(0, 0).await;
    let told = quote(&world, &body(5)).await;
    assert_eq!(
        (&told["feasible"], &told["reason"]),
        (&json!(false), &json!("no_agent_on_duty"))
    );
    let world = city(1, 0).await;
    let large =
        json!({"pickup": {"location": place(1)}, "dropoff": {"location": place(2)}, "size": 50});
    let told = quote(&world, &large).await;
    assert_eq!(
        (&told["feasible"], &told["reason"]),
        (&json!(false), &json!("over_capacity"))
    );
}

#[tokio::test]
async fn a_quote_is_refused_as_the_order_would_be_and_is_not_for_agents() {
    let world = city(1, 0).await;
    let quote = world.quote_order();
    let bad = json!({"pickup": {}, "size": 0});
    let Err(Refusal::Invalid(faults)) = quote.run(&dispatcher(), &bad).await else {
        panic!("it is not valid");
    };
    let pointers: Vec<&str> = faults.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["#/pickup/location", "#/dropoff", "#/size"]);
    let far = json!({"pickup": {"location": place(1)}, "dropoff": {"location": Landmarks::TOKYO_STATION}});
    assert!(matches!(
        quote.run(&customer(1), &far).await,
        Err(Refusal::Invalid(_))
    ));
    assert!(matches!(
        quote.run(&agent(10), &body(1)).await,
        Err(Refusal::Forbidden)
    ));
    assert_eq!(user_id(10), agent(10).user_id);
}
