//! Reading the changes of an agent, and the faults that are named.

#![allow(clippy::unwrap_used)]

use domain::agent::ShiftUpdate;
use domain::{Role, Timestamp, UserStatus};
use intake::read_agent_update;
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn pointers(role: Role, body: Value) -> Vec<String> {
    let faults = read_agent_update(&body, role, now()).unwrap_err();
    let faults = faults.into_vec().into_iter();
    faults.map(|fault| fault.pointer).collect()
}

#[test]
fn every_field_is_read() {
    let body = json!({
        "on_duty": false, "release": true, "start_location": {"lat": 41.39, "lon": 2.17}, "vehicle": {"capacity": 3},
        "shift": {"start": "2030-05-06T08:00:00Z", "end": "2030-05-06T17:00:00Z"}, "status": "suspended",
    });
    let update = read_agent_update(&body, Role::Dispatcher, now()).unwrap();
    assert_eq!((update.on_duty, update.release), (Some(false), true));
    assert_eq!(
        update.start_location.map(|at| (at.lat, at.lon)),
        Some((41.39, 2.17))
    );
    assert_eq!(
        (update.capacity, update.status),
        (Some(3), Some(UserStatus::Suspended))
    );
    assert!(matches!(update.shift, ShiftUpdate::Set(shift) if shift.start == now()));
}

#[test]
fn a_release_goes_with_the_end_of_duty_alone() {
    for body in [
        json!({"release": true}),
        json!({"release": true, "on_duty": true}),
        json!({"release": true, "status": "suspended"}),
        json!({"release": "yes", "on_duty": false}),
    ] {
        assert_eq!(pointers(Role::Dispatcher, body), ["#/release"]);
    }
}

#[test]
fn null_removes_a_shift_and_nothing_else() {
    let update = read_agent_update(&json!({"shift": null}), Role::Agent, now()).unwrap();
    assert_eq!(update.shift, ShiftUpdate::Removed);
    let nothing = json!({"start_location": null, "vehicle": null, "on_duty": null});
    assert_eq!(pointers(Role::Agent, nothing), ["#"]);
}

#[test]
fn agents_do_not_approve_themselves() {
    let body = json!({"status": "active", "on_duty": true});
    assert_eq!(pointers(Role::Agent, body), ["#/status"]);
}

#[test]
fn every_bad_field_is_named() {
    let body = json!({
        "on_duty": "yes", "start_location": {"lat": 1}, "vehicle": {}, "status": "retired",
        "shift": {"start": "2030-05-06T08:00:00Z", "end": "2030-05-06T07:00:00Z"}, "open_route_id": null,
    });
    assert_eq!(
        pointers(Role::Dispatcher, body),
        [
            "#/open_route_id",
            "#/on_duty",
            "#/start_location/lon",
            "#/vehicle/capacity",
            "#/shift/end",
            "#/status",
        ]
    );
    assert_eq!(pointers(Role::Agent, json!({})), ["#"]);
}
