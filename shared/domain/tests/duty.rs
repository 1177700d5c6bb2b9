//! The changes of an agent, and the states that allow them.

#![allow(clippy::unwrap_used)]

use domain::agent::{AgentUpdateRefused, ShiftUpdate};
use domain::{
    AgentProfile, AgentUpdate, Break, Coordinates, EmailNotifications, Role, RouteId, Shift,
    Timestamp, User, UserId, UserStatus, ZoneGrid, ids::Uuid,
};

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
        subscription_checked_at: None,
        subscription_lost_at: None,
        agent: Some(AgentProfile::new(10, start, grid())),
        max_open_orders: None,
        suspended_at: None,
        messages_off: std::collections::BTreeSet::new(),
        confirmed_at: Some(now()),
        created_at: now(),
        updated_at: now(),
        version: 3,
    }
}

fn updated(user: &User, update: AgentUpdate) -> Result<User, AgentUpdateRefused> {
    update.apply(user, user.agent.as_ref().unwrap(), grid(), now())
}

fn duty(on_duty: bool) -> AgentUpdate {
    AgentUpdate {
        on_duty: Some(on_duty),
        ..AgentUpdate::default()
    }
}

fn starting_at(start: Coordinates) -> AgentUpdate {
    AgentUpdate {
        start_location: Some(start),
        ..AgentUpdate::default()
    }
}

fn status(status: UserStatus) -> AgentUpdate {
    AgentUpdate {
        status: Some(status),
        ..AgentUpdate::default()
    }
}

fn released() -> AgentUpdate {
    AgentUpdate {
        release: true,
        ..duty(false)
    }
}

#[test]
fn an_active_agent_with_a_start_goes_on_duty_and_can_be_found() {
    let on = updated(&agent(UserStatus::Active, Some(HOME)), duty(true)).unwrap();
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
        updated(&waiting, duty(true)),
        Err(AgentUpdateRefused::NotActive)
    ));
    let nowhere = agent(UserStatus::Active, None);
    let refused = updated(&nowhere, duty(true));
    assert!(matches!(refused, Err(AgentUpdateRefused::NoStartLocation)));
    let both = AgentUpdate {
        on_duty: Some(true),
        ..starting_at(HOME)
    };
    assert!(updated(&nowhere, both).is_ok());
}

#[test]
fn who_is_under_way_stays_on_duty_and_where_the_route_is() {
    let mut busy = agent(UserStatus::Active, Some(HOME));
    let profile = busy.agent.as_mut().unwrap();
    profile.on_duty = true;
    profile.open_route_id = Some(RouteId(Uuid::from_u128(9)));
    assert!(matches!(
        updated(&busy, duty(false)),
        Err(AgentUpdateRefused::RouteOpen)
    ));
    let moved = updated(
        &busy,
        starting_at(Coordinates {
            lat: 35.68,
            lon: 139.77,
        }),
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
    let off = updated(&busy, released()).unwrap();
    let profile = off.agent.as_ref().unwrap();
    assert!(!profile.on_duty);
    assert!(!profile.available(off.status), "nothing new comes");
    assert_eq!(
        profile.open_route_id, route,
        "what is aboard is theirs still"
    );
    // The agent is off duty already. The same request again is not refused.
    assert!(updated(&off, duty(false)).is_ok());
    let back = updated(&off, duty(true)).unwrap();
    assert!(back.agent.unwrap().available(back.status));
}

#[test]
fn a_release_and_a_suspension_give_orders_back() {
    assert!(released().gives_back());
    assert!(status(UserStatus::Suspended).gives_back());
    assert!(!duty(false).gives_back());
    assert!(!status(UserStatus::Active).gives_back());
}

#[test]
fn a_shift_stays_until_it_is_set_or_removed() {
    let berta = agent(UserStatus::Active, Some(HOME));
    let shift = Shift {
        start: now(),
        end: "2030-05-06T17:00:00Z".parse().unwrap(),
    };
    let pause = Break {
        window: shift,
        duration_s: 900,
    };
    let breaks_of = |user: &User| user.agent.as_ref().unwrap().breaks.clone();
    let change = |shift| AgentUpdate {
        shift,
        ..AgentUpdate::default()
    };
    let shift_of = |user: &User| user.agent.as_ref().unwrap().shift;
    let with_shift = updated(&berta, change(ShiftUpdate::Set(shift, vec![pause]))).unwrap();
    assert_eq!(shift_of(&with_shift), Some(shift));
    let kept = updated(&with_shift, change(ShiftUpdate::Unchanged)).unwrap();
    assert_eq!(shift_of(&kept), Some(shift));
    assert_eq!(breaks_of(&kept), [pause]);
    let others = updated(&kept, change(ShiftUpdate::Set(shift, Vec::new()))).unwrap();
    assert_eq!(breaks_of(&others), []);
    let without = updated(&with_shift, change(ShiftUpdate::Removed)).unwrap();
    assert_eq!(shift_of(&without), None);
}

#[test]
fn a_suspension_takes_off_duty() {
    let on = updated(&agent(UserStatus::Active, Some(HOME)), duty(true)).unwrap();
    let off = updated(&on, status(UserStatus::Suspended)).unwrap();
    assert!(!off.agent.unwrap().on_duty);
}

#[test]
fn an_address_that_is_not_confirmed_cannot_be_approved() {
    let unconfirmed = agent(UserStatus::Unconfirmed, Some(HOME));
    let refused = updated(&unconfirmed, status(UserStatus::Active));
    assert!(matches!(refused, Err(AgentUpdateRefused::Unconfirmed)));
}
