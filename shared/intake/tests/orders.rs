//! Reading the body of an order, and the faults that are named.

#![allow(clippy::unwrap_used)]

use domain::{Coordinates, NewOrder, OrderStatus, Priority, Skill, Timestamp, VariantArray};
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
fn an_order_says_how_urgent_it_is_and_what_it_requires() {
    let order = read(&body()).unwrap();
    assert_eq!(
        (order.priority, order.requires.len()),
        (Priority::Normal, 0)
    );
    let mut body = body();
    body["priority"] = json!("urgent");
    body["requires"] = json!(["Cold", "cargo-bike", "cold"]);
    let order = read(&body).unwrap();
    let requires: Vec<&str> = order.requires.iter().map(Skill::name).collect();
    assert_eq!(order.priority, Priority::Urgent);
    assert_eq!(requires, ["cargo-bike", "cold"]);
    for priority in [json!("Urgent"), json!(3), json!("")] {
        body["priority"] = priority;
        assert_eq!(pointers(body.clone()), ["#/priority"]);
    }
    body["priority"] = json!(null);
    let nine: Vec<String> = (0..9).map(|n| format!("skill{n}")).collect();
    for requires in [
        json!("cold"),
        json!(["cold", 1]),
        json!(["two words"]),
        json!([""]),
        json!(nine),
    ] {
        body["requires"] = requires;
        assert_eq!(pointers(body.clone()), ["#/requires"]);
    }
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
        match read_status_change(&body, now()) {
            Ok(change) => assert!(OrderStatus::SETTABLE.contains(&change.status)),
            Err(faults) => {
                assert!(!OrderStatus::SETTABLE.contains(status), "{status}");
                let fault = &faults.into_vec()[0];
                assert_eq!(fault.pointer, "#/status");
                assert_eq!(
                    fault.detail,
                    "must be one of in_progress, delivered, failed, cancelled, returning, returned"
                );
            }
        }
    }
}

/// The text of the only fault.
fn fault(body: &Value) -> (String, String) {
    let mut faults = read(body).unwrap_err().into_vec();
    assert_eq!(faults.len(), 1, "{faults:?}");
    let fault = faults.remove(0);
    (fault.pointer, fault.detail)
}

#[test]
fn a_number_without_a_fraction_is_an_integer() {
    for (text, size) in [
        ("2", 2),
        ("2.0", 2),
        ("2e0", 2),
        ("20E-1", 2),
        ("1e4", 10_000),
    ] {
        let mut body = body();
        body["size"] = serde_json::from_str(text).unwrap();
        assert_eq!(read(&body).unwrap().size, size, "{text}");
    }
    for text in [
        "2.5",
        "-0.0",
        "1e5",
        "1e300",
        "-2.0",
        "18446744073709551616",
    ] {
        let mut body = body();
        body["size"] = serde_json::from_str(text).unwrap();
        assert_eq!(fault(&body).0, "#/size", "{text}");
    }
    let mut body = body();
    body["pickup"]["service_s"] = json!(-0.0);
    assert_eq!(read(&body).unwrap().pickup.service_s, 0);
}

#[test]
fn a_negative_zero_is_a_zero() {
    let mut body = body();
    body["pickup"]["location"] = json!({"lat": -0.0, "lon": 9.4});
    let lat = read(&body).unwrap().pickup.location.lat;
    assert!(lat.is_sign_positive());
}

#[test]
fn no_place_is_at_zero_and_zero() {
    let mut body = body();
    body["dropoff"]["location"] = json!({"lat": 0, "lon": -0.0});
    let (pointer, detail) = fault(&body);
    assert_eq!(pointer, "#/dropoff/location/lat");
    assert!(detail.contains("Atlantic"), "{detail}");
    body["dropoff"]["location"] = json!({"lat": 0, "lon": 32.58});
    assert!(read(&body).is_ok());
}

#[test]
fn a_window_may_be_open_but_not_a_moment() {
    let mut body = body();
    body["dropoff"]["window"] =
        json!({"start": "2030-05-06T10:00:00Z", "end": "9999-12-31T23:59:59Z"});
    let window = read(&body).unwrap().dropoff.window.unwrap();
    assert_eq!(window.end, domain::stop::OPEN_END);
    body["dropoff"]["window"]["end"] = json!("2030-05-06T12:00:00+02:00");
    let (pointer, detail) = fault(&body);
    assert_eq!(pointer, "#/dropoff/window/end");
    assert!(detail.contains("some minutes"), "{detail}");
    body["dropoff"]["window"]["end"] = json!("2030-05-06T12:00:00+25:00");
    assert!(fault(&body).1.contains("24 hours"));
    body["dropoff"]["window"]["end"] = json!("2030-05-06T12:00:00+09:00[Europe/Madrid]");
    assert!(fault(&body).1.contains("contradicts"));
}

#[test]
fn control_characters_are_named() {
    for (notes, named) in [
        ("a\u{0}b", "U+0000"),
        ("\u{7}", "seen"),
        ("a\u{7}", "U+0007"),
        ("a\u{9b}", "U+009B"),
    ] {
        let mut body = body();
        body["notes"] = json!(notes);
        let (pointer, detail) = fault(&body);
        assert_eq!(pointer, "#/notes");
        assert!(detail.contains(named), "{detail}");
    }
    let mut body = body();
    body["notes"] = json!("ring\r\n\ttwice");
    assert!(read(&body).is_ok());
    body["pickup"]["address"] = json!("a\u{2028}b");
    assert_eq!(fault(&body).1, "must be one line");
}

#[test]
fn a_name_is_trimmed_and_can_be_seen() {
    let mut body = body();
    body["external_id"] = json!(" CAFE\u{300}-4\t");
    assert_eq!(read(&body).unwrap().external_id.as_deref(), Some("CAFÈ-4"));
    for invisible in ["\u{200b}", "\u{2060}\u{feff}", "\u{3164}"] {
        body["external_id"] = json!(invisible);
        body["pickup"]["contact"] = json!({"name": invisible});
        assert_eq!(
            pointers(body.clone()),
            ["#/pickup/contact/name", "#/external_id"]
        );
    }
}
