//! What agents and dispatchers may change of an agent, and when.

#![allow(clippy::unwrap_used)]

use domain::agent::AgentUpdateRefused;
use domain::{
    AgentProfile, AgentUpdate, Coordinates, EmailNotifications, Role, RouteId, Timestamp, User,
    UserId, UserStatus, ZoneGrid, ids::Uuid,
};
use serde_json::{Value, json};

const HOME: Coordinates = Coordinates {
    lat: 41.39,
    lon: 2.17,
};

fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

fn grid() -> ZoneGrid {
    ZoneGrid::new(5).unwrap()
}

fn agent(status: UserStatus, start: Option<Coordinates>) -> User {
    User {
        id: UserId(Uuid::from_u128(1)),
        role: Role::Agent,
        status,
        name: "Berta".to_owned(),
        email: "berta@example.com".to_owned(),
        email_notifications: EmailNotifications::On,
        subscribed_at: None,
        agent: Some(AgentProfile::new(10, start, grid())),
        confirmed_at: Some(now()),
        created_at: now(),
        updated_at: now(),
        version: 3,
    }
}

fn updated(user: &User, body: Value) -> Result<User, AgentUpdateRefused> {
    let update = AgentUpdate::read(&body, Role::Dispatcher, now()).unwrap();
    update.apply(user, user.agent.as_ref().unwrap(), grid(), now())
}

fn pointers(role: Role, body: Value) -> Vec<String> {
    let faults = AgentUpdate::read(&body, role, now()).unwrap_err();
    faults
        .into_vec()
        .into_iter()
        .map(|fault| fault.pointer)
        .collect()
}

#[test]
fn an_active_agent_with_a_start_goes_on_duty_and_can_be_found() {
    let on = updated(
        &agent(UserStatus::Active, Some(HOME)),
        json!({"on_duty": true}),
    )
    .unwrap();
    let profile = on.agent.unwrap();
    assert!(profile.available(on.status));
    assert_eq!(
        (profile.position, profile.zone),
        (Some(HOME), grid().zone_of(HOME))
    );
    assert_eq!(on.version, 4);
}

#[test]
fn nobody_goes_on_duty_unapproved_or_from_nowhere() {
    let waiting = agent(UserStatus::PendingApproval, Some(HOME));
    assert!(matches!(
        updated(&waiting, json!({"on_duty": true})),
        Err(AgentUpdateRefused::NotActive)
    ));
    let nowhere = agent(UserStatus::Active, None);
    let refused = updated(&nowhere, json!({"on_duty": true}));
    assert!(matches!(refused, Err(AgentUpdateRefused::NoStartLocation)));
    let both = json!({"on_duty": true, "start_location": {"lat": 41.39, "lon": 2.17}});
    assert!(updated(&nowhere, both).is_ok());
}

#[test]
fn who_is_under_way_stays_on_duty_and_where_the_route_is() {
    let mut busy = agent(UserStatus::Active, Some(HOME));
    let profile = busy.agent.as_mut().unwrap();
    profile.on_duty = true;
    profile.open_route_id = Some(RouteId(Uuid::from_u128(9)));
    assert!(matches!(
        updated(&busy, json!({"on_duty": false})),
        Err(AgentUpdateRefused::RouteOpen)
    ));
    let moved = updated(
        &busy,
        json!({"start_location": {"lat": 35.68, "lon": 139.77}}),
    )
    .unwrap();
    assert_eq!(moved.agent.unwrap().position, Some(HOME));
}

#[test]
fn who_asks_to_be_released_goes_off_duty_with_an_open_route() {
    let mut busy = agent(UserStatus::Active, Some(HOME));
    let profile = busy.agent.as_mut().unwrap();
    profile.on_duty = true;
    let route = Some(RouteId(Uuid::from_u128(9)));
    profile.open_route_id = route;
    let off = updated(&busy, json!({"on_duty": false, "release": true})).unwrap();
    let profile = off.agent.as_ref().unwrap();
    assert!(!profile.on_duty);
    assert!(!profile.available(off.status), "nothing new comes");
    assert_eq!(
        profile.open_route_id, route,
        "what is aboard is theirs still"
    );
    // Off duty already: saying so again is no change that could be refused.
    assert!(updated(&off, json!({"on_duty": false})).is_ok());
    let back = updated(&off, json!({"on_duty": true})).unwrap();
    assert!(back.agent.unwrap().available(back.status));
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
    let gives_back = |body: Value| {
        let update = AgentUpdate::read(&body, Role::Dispatcher, now()).unwrap();
        update.gives_back()
    };
    assert!(gives_back(json!({"on_duty": false, "release": true})));
    assert!(gives_back(json!({"status": "suspended"})));
    assert!(!gives_back(json!({"on_duty": false, "release": false})));
    assert!(!gives_back(json!({"status": "active"})));
}

#[test]
fn a_shift_stays_until_another_one_or_none_is_asked_for() {
    let berta = agent(UserStatus::Active, Some(HOME));
    let shift = json!({"start": "2030-05-06T08:00:00Z", "end": "2030-05-06T17:00:00Z"});
    let with_shift = updated(&berta, json!({"shift": shift})).unwrap();
    let shift_of = |user: &User| user.agent.as_ref().unwrap().shift;
    assert!(shift_of(&with_shift).is_some());
    let kept = updated(&with_shift, json!({"vehicle": {"capacity": 3}})).unwrap();
    assert_eq!(shift_of(&kept), shift_of(&with_shift));
    let without = updated(&with_shift, json!({"shift": null})).unwrap();
    assert_eq!(shift_of(&without), None);
    // Of nothing else does null say that it is to go.
    let nothing = json!({"start_location": null, "vehicle": null, "on_duty": null});
    assert_eq!(pointers(Role::Agent, nothing), ["#"]);
}

#[test]
fn a_suspension_takes_off_duty() {
    let on = updated(
        &agent(UserStatus::Active, Some(HOME)),
        json!({"on_duty": true}),
    )
    .unwrap();
    let off = updated(&on, json!({"status": "suspended"})).unwrap();
    assert!(!off.agent.unwrap().on_duty);
}

#[test]
fn an_address_that_is_not_confirmed_cannot_be_approved() {
    let unconfirmed = agent(UserStatus::Unconfirmed, Some(HOME));
    let refused = updated(&unconfirmed, json!({"status": "active"}));
    assert!(matches!(refused, Err(AgentUpdateRefused::Unconfirmed)));
}

#[test]
fn agents_do_not_approve_themselves() {
    assert_eq!(
        pointers(Role::Agent, json!({"status": "active", "on_duty": true})),
        ["#/status"]
    );
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
