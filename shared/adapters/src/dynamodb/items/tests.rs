//! Each domain value comes back from its item unchanged, and the indexes hold the right items.

use std::fmt::Debug;

use domain::{
    AgentProfile, Coordinates, Import, Order, OrderStatus, Route, Timestamp, User, UserStatus,
    ZoneGrid,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};
use testkit::contracts::Fresh;
use testkit::{an_agent, an_order, at};

use super::{BrokenItem, StoredImport, StoredOrder, StoredRoute, StoredUser};

mod strategies;

/// To an item and back, in the form that streams and requests share.
fn there_and_back<S, T>(value: T) -> T
where
    S: From<T> + Serialize + DeserializeOwned,
    T: TryFrom<S, Error: Debug>,
{
    serde_dynamo::from_item::<Item, S>(item::<S, T>(value))
        .unwrap()
        .try_into()
        .unwrap()
}

fn item<S: From<T> + Serialize, T>(value: T) -> Item {
    serde_dynamo::to_item(S::from(value)).unwrap()
}

proptest! {
    #[test]
    fn a_user_survives_being_stored(user in strategies::user()) {
        prop_assert_eq!(there_and_back::<StoredUser, User>(user.clone()), user);
    }

    #[test]
    fn an_order_survives_being_stored(order in strategies::order()) {
        prop_assert_eq!(there_and_back::<StoredOrder, Order>(order.clone()), order);
    }

    #[test]
    fn an_import_survives_being_stored(import in strategies::import()) {
        prop_assert_eq!(there_and_back::<StoredImport, Import>(import.clone()), import);
    }

    #[test]
    fn a_route_survives_being_stored(route in strategies::route()) {
        let (stored, geometry) = StoredRoute::of(route.clone());
        let stored: Item = serde_dynamo::to_item(stored).unwrap();
        let stored: StoredRoute = serde_dynamo::from_item(stored).unwrap();
        let found: Route = stored.try_into().unwrap();
        let polyline = geometry.map(|geometry| geometry.polyline);
        prop_assert_eq!(Route { geometry: polyline, ..found }, route);
    }
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    match item.get(name) {
        None => None,
        Some(AttributeValue::S(text)) => Some(text),
        Some(other) => panic!("{name} is no text but {other:?}, which no index takes"),
    }
}

#[test]
fn only_a_pending_order_is_in_the_pending_index() {
    let fresh = Fresh::new();
    let pending = fresh.order(fresh.user_id(), at("2030-05-06T08:00:00Z"));
    let stored = item::<StoredOrder, Order>(pending.clone());
    let zone = text(&stored, "pending_zone").unwrap();
    assert!(
        zone.starts_with(&format!("{}#", pending.zone.unwrap())),
        "{zone}"
    );
    let due = text(&stored, "retry_key").unwrap();
    assert_eq!(due, format!("2030-05-06T08:00:00.000Z#{}", pending.id));
    assert!(
        text(&stored, "status_shard")
            .unwrap()
            .starts_with("pending#")
    );

    let assigned = fresh.on_route(
        &pending,
        &fresh.route(fresh.user_id(), &[], pending.created_at),
    );
    let stored = item::<StoredOrder, Order>(assigned);
    assert_eq!(text(&stored, "pending_zone"), None);
    assert_eq!(text(&stored, "retry_key"), None);
    assert!(
        text(&stored, "status_shard")
            .unwrap()
            .starts_with("assigned#")
    );
}

#[test]
fn only_agents_to_plan_with_are_in_the_duty_index() {
    let keys = |user: User| {
        let stored = item::<StoredUser, User>(user);
        let status = text(&stored, "agent_status").map(str::to_owned);
        (status, text(&stored, "duty_zone").is_some())
    };
    let agent = || an_agent(1).on_duty();
    let with = |status| keys(agent().with_status(status).build());
    assert_eq!(with(UserStatus::Active), (Some("active".to_owned()), true));
    assert_eq!(
        with(UserStatus::Suspended),
        (Some("suspended".to_owned()), false)
    );
    assert_eq!(with(UserStatus::Unconfirmed), (None, false));
    assert_eq!(
        keys(an_agent(1).build()),
        (Some("active".to_owned()), false)
    );
    assert_eq!(keys(testkit::a_customer(1).build()), (None, false));

    let mut nowhere = agent().build();
    nowhere.agent = Some(AgentProfile {
        on_duty: true,
        ..AgentProfile::new(1, None, ZoneGrid::new(5).unwrap())
    });
    assert_eq!(keys(nowhere), (Some("active".to_owned()), false));
}

#[test]
fn a_degree_too_small_for_dynamodb_is_stored_as_none() {
    let mut order = an_order(1).build();
    order.dropoff.location = Some(Coordinates {
        lat: 1e-200,
        lon: -1e-300,
    });
    let found = there_and_back::<StoredOrder, Order>(order);
    let nil = Coordinates { lat: 0.0, lon: 0.0 };
    assert_eq!(found.dropoff.location, Some(nil));
}

#[test]
fn an_item_that_contradicts_itself_is_refused() {
    let stored = item::<StoredOrder, Order>(an_order(1).build());
    let read = |stored: Item| {
        let stored: StoredOrder = serde_dynamo::from_item(stored).unwrap();
        Order::try_from(stored).map(|order| order.status)
    };
    assert_eq!(read(stored.clone()), Ok(OrderStatus::Pending));

    let with = |name: &str, value: &str| {
        let mut stored = stored.clone().into_inner();
        stored.insert(name.to_owned(), value_of(value));
        read(stored.into())
    };
    let agent_alone = "0190f3a0-0000-7000-8000-000000000001";
    assert!(matches!(with("agent_id", agent_alone), Err(BrokenItem(_))));
    assert!(matches!(with("version", "0"), Err(BrokenItem(_))));
}

fn value_of(text: &str) -> AttributeValue {
    match text.parse::<u64>() {
        Ok(_) => AttributeValue::N(text.to_owned()),
        Err(_) => AttributeValue::S(text.to_owned()),
    }
}

#[test]
fn times_in_keys_sort_as_text() {
    let times = [
        "2030-05-06T08:00:00Z",
        "2030-05-06T08:00:00.001Z",
        "2030-05-06T08:00:00.01Z",
        "2030-05-06T08:00:01Z",
        "2030-12-31T00:00:00Z",
    ];
    let times = times.map(|time| crate::dynamodb::keys::sortable(at(time)));
    assert!(times.is_sorted());
    assert!(
        times.iter().all(|time| time.len() == times[0].len()),
        "{times:?}"
    );
    let due: Timestamp = at("2030-05-06T08:00:00.001Z");
    let order = an_order(1).build();
    let key = crate::dynamodb::keys::retry_key(due, order.id);
    let bound = crate::dynamodb::keys::retry_key_bound(due);
    assert!(key < bound && bound < crate::dynamodb::keys::sortable(at("2030-05-06T08:00:00.002Z")));
}

/// The route of a busy hour: ten orders with addresses.
fn busy_route() -> Route {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00Z");
    let orders: Vec<Order> = (0..10).map(|_| fresh.order(fresh.user_id(), now)).collect();
    fresh.route(fresh.user_id(), &orders, now)
}

#[test]
fn stops_that_were_stored_as_a_list_are_read() {
    let route = busy_route();
    let mut stored: Item = serde_dynamo::to_item(StoredRoute::of(route.clone()).0).unwrap();
    let Some(AttributeValue::B(packed)) = stored.get("stops") else {
        panic!("the stops are packed")
    };
    let json = miniz_oxide::inflate::decompress_to_vec(packed).unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&json).unwrap();
    stored.insert(
        "stops".to_owned(),
        serde_dynamo::to_attribute_value(plain).unwrap(),
    );
    let found: Route = serde_dynamo::from_item::<Item, StoredRoute>(stored)
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(found.stops, route.stops);
}

#[test]
fn the_route_of_a_busy_hour_is_written_for_the_price_of_two_kilobytes() {
    let stored: Item = serde_dynamo::to_item(StoredRoute::of(busy_route()).0).unwrap();
    let Some(AttributeValue::B(packed)) = stored.get("stops") else {
        panic!("the stops are packed")
    };
    // A stop takes about 300 bytes as a member of a list.
    assert!(packed.len() < 1_500, "{}", packed.len());
}

#[test]
fn packed_stops_that_are_damaged_are_unreadable_and_tell_nothing() {
    let mut stored: Item = serde_dynamo::to_item(StoredRoute::of(busy_route()).0).unwrap();
    for damage in [vec![], b"not packed".to_vec()] {
        stored.insert("stops".to_owned(), AttributeValue::B(damage));
        let error = serde_dynamo::from_item::<Item, StoredRoute>(stored.clone());
        let told = error.err().expect("it cannot be read").to_string();
        assert!(told.contains("packed list"), "{told}");
    }
}
