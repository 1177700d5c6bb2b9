//! Reading the changes of an agent, and the faults that are named.

#![allow(clippy::unwrap_used, clippy::panic)]

use domain::agent::ShiftUpdate;
use domain::{Role, Skill, Timestamp, UserStatus};
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
        "shift": {
            "start": "2030-05-06T08:00:00Z", "end": "2030-05-06T17:00:00Z",
            "breaks": [
                {
                    "window": {"start": "2030-05-06T12:00:00Z", "end": "2030-05-06T13:00:00Z"},
                    "duration_s": 1800,
                },
                {
                    "window": {"start": "2030-05-06T13:30:00Z", "end": "2030-05-06T16:00:00Z"},
                    "duration_s": 3600,
                },
            ],
        },
        "status": "suspended", "skills": ["cold", "Cargo-Bike"],
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
    let ShiftUpdate::Set(shift, breaks) = update.shift else {
        panic!("a shift");
    };
    assert_eq!(shift.start, now());
    let lengths: Vec<u32> = breaks.iter().map(|pause| pause.duration_s).collect();
    assert_eq!(lengths, [1800, 3600]);
    let skills = update.skills.unwrap();
    let skills: Vec<&str> = skills.iter().map(Skill::name).collect();
    assert_eq!(skills, ["cargo-bike", "cold"]);
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
fn agents_do_not_approve_themselves_nor_give_themselves_skills() {
    let body = json!({"status": "active", "skills": ["cold"], "on_duty": true});
    assert_eq!(pointers(Role::Agent, body), ["#/skills", "#/status"]);
}

#[test]
fn no_skills_are_a_change_too() {
    let update = read_agent_update(&json!({"skills": []}), Role::Dispatcher, now()).unwrap();
    assert_eq!(update.skills.map(|skills| skills.len()), Some(0));
    let many: Vec<String> = (0..21).map(|n| format!("skill{n}")).collect();
    let body = json!({"skills": many});
    assert_eq!(pointers(Role::Dispatcher, body), ["#/skills"]);
}

#[test]
fn a_break_lies_within_the_shift_and_behind_the_one_before() {
    let pause = |from: &str, until: &str, duration_s: u32| {
        let day = |time: &str| format!("2030-05-06T{time}:00Z");
        json!({"window": {"start": day(from), "end": day(until)}, "duration_s": duration_s})
    };
    let faults = |breaks: Value| {
        let (start, end) = ("2030-05-06T09:00:00Z", "2030-05-06T17:00:00Z");
        let body = json!({"shift": {"start": start, "end": end, "breaks": breaks}});
        pointers(Role::Agent, body)
    };
    assert_eq!(
        faults(json!([
            pause("08:59", "10:00", 60),
            pause("16:30", "16:59", 61)
        ])),
        ["#/shift/breaks/0/window", "#/shift/breaks/1/window"]
    );
    assert_eq!(
        faults(json!([
            pause("11:00", "12:00", 1800),
            pause("12:29", "13:00", 60)
        ])),
        ["#/shift/breaks/1/window"]
    );
    assert_eq!(
        faults(json!([
            {"window": {"start": "2030-05-06T12:00:00Z"}, "duration_s": 59},
            {"from": 3},
            7
        ])),
        [
            "#/shift/breaks/2",
            "#/shift/breaks/0/window/end",
            "#/shift/breaks/0/duration_s",
            "#/shift/breaks/1/from",
            "#/shift/breaks/1/window",
            "#/shift/breaks/1/duration_s",
        ]
    );
    assert_eq!(faults(json!("at noon")), ["#/shift/breaks"]);
    let four = vec![pause("11:00", "12:00", 60); 4];
    assert_eq!(faults(json!(four)), ["#/shift/breaks"]);
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
