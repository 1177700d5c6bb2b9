//! An order's way through its states, whatever is asked of it.

#![allow(clippy::unwrap_used)]

use domain::order::{StatusChange, Waiting};
use domain::{
    Actor, Coordinates, NewOrder, Order, OrderId, OrderStatus, Role, RouteId, Timestamp, UserId,
    ZoneGrid,
};
use proptest::prelude::*;
use serde_json::json;

fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn body() -> serde_json::Value {
    json!({
        "pickup": {"location": {"lat": 41.3874, "lon": 2.1686}, "address": "Plaça de Catalunya"},
        "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
    })
}

fn order() -> Order {
    let new = NewOrder::read(&body(), now()).unwrap();
    let zone = ZoneGrid::new(5)
        .unwrap()
        .zone_of(new.pickup.location)
        .unwrap();
    Order::placed(id(1), UserId(id(2).0), new, zone, now())
}

fn id(n: u128) -> OrderId {
    OrderId(domain::ids::Uuid::from_u128(n))
}

fn any_status() -> impl Strategy<Value = OrderStatus> {
    prop::sample::select(OrderStatus::ALL.to_vec())
}

proptest! {
    #[test]
    fn history_tells_every_step_and_nothing_else(asked in prop::collection::vec(any_status(), 0..12)) {
        let mut order = order();
        let mut taken = vec![OrderStatus::Pending];
        for status in asked {
            let before = order.clone();
            match order.step(status, Actor::Dispatcher, None, now()) {
                Ok(next) => {
                    prop_assert!(before.status.next().contains(&status));
                    prop_assert_eq!(next.version, before.version + 1);
                    taken.push(status);
                    order = next;
                }
                Err(refused) => {
                    prop_assert!(!before.status.next().contains(&status));
                    prop_assert_eq!(refused.from, before.status);
                }
            }
            prop_assert_eq!(order.waiting.is_some(), order.status == OrderStatus::Pending);
        }
        let told: Vec<OrderStatus> = order.history.iter().map(|line| line.status).collect();
        prop_assert_eq!(told, taken);
    }
}

#[test]
fn what_is_finished_stays_finished() {
    for last in [
        OrderStatus::Delivered,
        OrderStatus::Failed,
        OrderStatus::Cancelled,
    ] {
        assert_eq!(last.next(), []);
    }
}

#[test]
fn what_is_aboard_can_neither_be_cancelled_nor_given_back() {
    let next = OrderStatus::InProgress.next();
    assert!(!next.contains(&OrderStatus::Cancelled) && !next.contains(&OrderStatus::Pending));
}

#[test]
fn nobody_assigns_by_hand() {
    for role in Role::ALL {
        assert!(!OrderStatus::Assigned.may_be_set_by(role));
        assert!(!OrderStatus::Pending.may_be_set_by(role));
    }
    for status in OrderStatus::ALL {
        let body = json!({"status": status.name(), "reason": "so it was"});
        let somebody = Role::ALL.into_iter().any(|role| status.may_be_set_by(role));
        match StatusChange::read(&body) {
            Ok(change) => assert!(somebody && change.status == status),
            Err(faults) => {
                assert!(!somebody, "{status:?}");
                assert_eq!(faults.into_vec()[0].pointer, "#/status");
            }
        }
    }
}

#[test]
fn an_order_given_back_is_due_at_once_and_on_no_route() {
    let tired = Waiting {
        retry_at: now(),
        attempts: 5,
        reason: None,
    };
    let route = RouteId(id(3).0);
    let assigned = order().waits(tired, now());
    let assigned = assigned.assigned(UserId(id(4).0), route, now()).unwrap();
    assert_eq!(assigned.assignment.unwrap().route_id, route);
    let back = assigned
        .step(OrderStatus::Pending, Actor::Dispatcher, None, now())
        .unwrap();
    assert_eq!(back.assignment, None);
    assert_eq!(
        back.waiting
            .map(|waiting| (waiting.retry_at, waiting.attempts)),
        Some((now(), 0))
    );
}

#[test]
fn a_delivered_order_keeps_its_route_for_the_books() {
    let route = RouteId(id(3).0);
    let assigned = order().assigned(UserId(id(4).0), route, now()).unwrap();
    let delivered = assigned
        .step(OrderStatus::Delivered, Actor::Agent, None, now())
        .unwrap();
    let assignment = delivered.assignment.unwrap();
    assert_eq!(assignment.route_id, route);
}

mod reading {
    use super::*;

    fn pointers(body: serde_json::Value) -> Vec<String> {
        let faults = NewOrder::read(&body, now()).unwrap_err();
        faults
            .into_vec()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn what_is_left_out_has_its_defaults() {
        let order = NewOrder::read(&body(), now()).unwrap();
        assert_eq!((order.size, order.pickup.service_s), (1, 120));
        assert_eq!(
            order.pickup.location,
            Coordinates {
                lat: 41.3874,
                lon: 2.1686
            }
        );
    }

    #[test]
    fn every_bad_field_is_named() {
        let mut body = body();
        body["pickup"]["location"] = json!({"lat": 90.1, "lon": -180.5});
        body["pickup"]["window"] =
            json!({"start": "2030-05-06T10:00:00Z", "end": "2030-05-06T09:00:00Z"});
        body["dropoff"]["window"] =
            json!({"start": "2029-05-06T10:00:00Z", "end": "2029-05-06T11:00:00Z"});
        body["dropoff"]["location"] = json!(null);
        body["size"] = json!(0);
        body["notes"] = json!("x".repeat(1_000_000));
        body["colour"] = json!("red");
        assert_eq!(
            pointers(body),
            [
                "#/colour",
                "#/pickup/location/lat",
                "#/pickup/location/lon",
                "#/pickup/window/end",
                "#/dropoff/location",
                "#/dropoff/window/end",
                "#/size",
                "#/notes",
            ]
        );
    }

    #[test]
    fn a_drop_off_cannot_close_before_the_pickup_opens() {
        let mut body = body();
        body["pickup"]["window"] =
            json!({"start": "2030-05-06T12:00:00Z", "end": "2030-05-06T13:00:00Z"});
        body["dropoff"]["window"] =
            json!({"start": "2030-05-06T10:00:00Z", "end": "2030-05-06T11:00:00Z"});
        assert_eq!(pointers(body), ["#/dropoff/window/end"]);
    }

    #[test]
    fn kinds_of_values_are_checked_too() {
        let body = json!({"pickup": "here", "dropoff": {"location": {"lat": "41", "lon": 2.1}, "service_s": 1.5}, "size": "2"});
        assert_eq!(
            pointers(body),
            [
                "#/pickup",
                "#/dropoff/location/lat",
                "#/dropoff/service_s",
                "#/size"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_stumble(text in "\\PC{0,200}") {
            if let Ok(body) = serde_json::from_str::<serde_json::Value>(&text) {
                let _ = NewOrder::read(&body, now());
            }
        }
    }
}
