//! The steps of an order, for any sequence of requests.

#![allow(clippy::unwrap_used)]

use domain::order::Waiting;
use domain::{
    Actor, AskedProof, Coordinates, NewOrder, Order, OrderId, OrderStatus, OrderStop, Priority,
    Role, RouteId, Skills, Timestamp, UserId, VariantArray, ZoneGrid,
};
use proptest::prelude::*;

fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn stop(lat: f64, lon: f64) -> OrderStop {
    OrderStop {
        address: None,
        location: Coordinates { lat, lon },
        contact: None,
        window: None,
        service_s: 120,
    }
}

fn order() -> Order {
    let new = NewOrder {
        pickup: stop(41.3874, 2.1686),
        dropoff: stop(41.4036, 2.1744),
        size: 1,
        priority: Priority::Normal,
        requires: Skills::new(),
        notes: None,
        external_id: None,
        on_failure: domain::OnFailure::default(),
        requires_proof: AskedProof::default(),
    };
    let grid = ZoneGrid::new(5).unwrap();
    let zone = grid.zone_of(new.pickup.location).unwrap();
    Order::placed(id(1), UserId(id(2).0), new, zone, now())
}

fn id(n: u128) -> OrderId {
    OrderId(domain::ids::Uuid::from_u128(n))
}

fn any_status() -> impl Strategy<Value = OrderStatus> {
    prop::sample::select(OrderStatus::VARIANTS.to_vec())
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
fn the_statuses_that_a_person_may_set_are_those_that_some_role_may_set() {
    for status in OrderStatus::VARIANTS {
        let mut roles = Role::VARIANTS.iter();
        let may_be_set = roles.any(|role| status.may_be_set_by(*role));
        assert_eq!(
            may_be_set,
            OrderStatus::SETTABLE.contains(status),
            "{status}"
        );
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

#[test]
fn a_tap_right_after_a_plan_happened_when_it_came() {
    // A plan rounds its time up to a full second.
    let planned = now() + jiff::SignedDuration::from_millis(400);
    let assigned = order().assigned(UserId(id(4).0), RouteId(id(3).0), planned);
    let tapped = assigned.unwrap().step_tapped(
        OrderStatus::InProgress,
        Actor::Agent,
        None,
        &domain::Tap::default(),
        now(),
    );
    assert_eq!(tapped.unwrap().history.last().unwrap().at, now());
}
