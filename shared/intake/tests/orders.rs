//! Reading the body of an order, and the faults that are named.

#![allow(clippy::unwrap_used)]

use domain::{Coordinates, NewOrder, OrderStatus, Timestamp, VariantArray};
use intake::{AddressAlone, Faults, read_order, read_status_change};
use proptest::prelude::*;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn body() -> Value {
    json!({
        "pickup": {"location": {"lat": 41.3874, "lon": 2.1686}, "address": "Plaça de Catalunya"},
        "dropoff": {"location": {"lat": 41.4036, "lon": 2.1744}},
    })
}

fn read(body: &Value) -> Result<NewOrder, Faults> {
    let draft = read_order(body, AddressAlone::Refused, now())?;
    Ok(draft.located(None, None).unwrap())
}

fn pointers(body: Value) -> Vec<String> {
    let faults = read(&body).unwrap_err();
    faults
        .into_vec()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect()
}

#[test]
fn what_is_left_out_has_its_defaults() {
    let order = read(&body()).unwrap();
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
    let dropoff = json!({"location": {"lat": "41", "lon": 2.1}, "service_s": 1.5});
    let body = json!({"pickup": "here", "dropoff": dropoff, "size": "2"});
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
        if let Ok(body) = serde_json::from_str::<Value>(&text) {
            let _ = read(&body);
        }
    }
}

#[test]
fn a_stop_needs_a_location_or_an_address_that_can_be_placed() {
    let mut body = body();
    body["dropoff"] = json!({"address": "Gran Via 2"});
    assert_eq!(pointers(body.clone()), ["#/dropoff/location"]);
    let draft = read_order(&body, AddressAlone::Allowed, now()).unwrap();
    assert!(draft.has_address_to_place());
    assert_eq!(draft.pickup.address_to_place(), None);
    assert_eq!(draft.dropoff.address_to_place(), Some("Gran Via 2"));
    let found = Coordinates {
        lat: 41.4,
        lon: 2.15,
    };
    assert_eq!(draft.clone().located(None, None), None);
    let located = draft.located(None, Some(found)).unwrap();
    assert_eq!(located.dropoff.location, found);
}

#[test]
fn only_statuses_that_a_person_may_set_are_read() {
    for status in OrderStatus::VARIANTS {
        let body = json!({"status": status, "reason": "so it was"});
        match read_status_change(&body) {
            Ok(change) => assert!(OrderStatus::SETTABLE.contains(&change.status)),
            Err(faults) => {
                assert!(!OrderStatus::SETTABLE.contains(status), "{status}");
                let fault = &faults.into_vec()[0];
                assert_eq!(fault.pointer, "#/status");
                assert_eq!(
                    fault.detail,
                    "must be one of in_progress, delivered, failed, cancelled"
                );
            }
        }
    }
}
