//! [`UserStore`]

use app::ports::UserStore;
use domain::{Break, EmailNotifications, Role, Skill, TimeWindow, User, UserId, UserStatus};
use futures::future::join_all;

use super::fresh::later;
use super::{Fresh, assert_conflict, eventually, the_winner};
use crate::build::at;

/// Checks a store of users.
pub async fn run(store: &dyn UserStore) {
    records_are_read_as_they_were_written(store).await;
    a_version_is_written_over_its_predecessor_alone(store).await;
    of_many_writers_one_wins(store).await;
    several_are_read_at_once(store).await;
    people_are_listed_by_status(store, Role::Agent).await;
    people_are_listed_by_status(store, Role::Customer).await;
    agents_are_on_duty_while_one_may_plan_with_them(store).await;
}

async fn records_are_read_as_they_were_written(store: &dyn UserStore) {
    let fresh = Fresh::new();
    assert_eq!(store.user(fresh.user_id()).await.unwrap(), None);
    let mut customer = fresh.customer();
    let mut agent = fresh.agent();
    agent.status = UserStatus::Suspended;
    agent.email_notifications = EmailNotifications::Pending;
    let now = at("2030-05-06T07:08:09.123Z");
    agent.subscription_checked_at = Some(now);
    agent.subscription_lost_at = Some(later(now, -1));
    let profile = agent.agent.as_mut().unwrap();
    profile.shift = Some(TimeWindow {
        start: now,
        end: later(now, 3600),
    });
    profile.breaks = vec![Break {
        window: TimeWindow {
            start: later(now, 600),
            end: later(now, 1200),
        },
        duration_s: 900,
    }];
    profile.skills = ["cold", "cargo-bike"]
        .iter()
        .filter_map(|name| Skill::named(name))
        .collect();
    profile.open_route_id = Some(fresh.route_id());
    customer.max_open_orders = Some(7);
    customer.suspended_at = Some(now);
    let mut bare = fresh.customer();
    bare.subscribed_at = None;
    bare.confirmed_at = None;
    for user in [customer, agent, bare] {
        store.put_user(&user).await.unwrap();
        assert_eq!(store.user(user.id).await.unwrap(), Some(user));
    }
}

async fn a_version_is_written_over_its_predecessor_alone(store: &dyn UserStore) {
    let fresh = Fresh::new();
    let first = fresh.customer();
    let now = first.updated_at;
    let second = User {
        name: "Second".to_owned(),
        ..first.changed(now)
    };
    let third = second.changed(now);
    assert_conflict(store.put_user(&second).await, "version 2 over nothing");
    store.put_user(&first).await.unwrap();
    assert_conflict(store.put_user(&first).await, "version 1 over version 1");
    assert_conflict(store.put_user(&third).await, "version 3 over version 1");
    store.put_user(&second).await.unwrap();
    assert_conflict(store.put_user(&second).await, "version 2 over version 2");
    assert_conflict(store.put_user(&first).await, "version 1 over version 2");
    assert_eq!(store.user(first.id).await.unwrap(), Some(second));
}

async fn of_many_writers_one_wins(store: &dyn UserStore) {
    let user = Fresh::new().customer();
    store.put_user(&user).await.unwrap();
    let rivals: Vec<User> = (0..8)
        .map(|number| User {
            name: format!("Rival {number}"),
            ..user.changed(user.updated_at)
        })
        .collect();
    let results = join_all(rivals.iter().map(|rival| store.put_user(rival))).await;
    let winner = the_winner(&results);
    assert_eq!(
        store.user(user.id).await.unwrap().as_ref(),
        Some(&rivals[winner])
    );
}

async fn several_are_read_at_once(store: &dyn UserStore) {
    let fresh = Fresh::new();
    let users: Vec<User> = (0..3).map(|_| fresh.customer()).collect();
    for user in &users {
        store.put_user(user).await.unwrap();
    }
    let [a, b, c] = [users[0].id, users[1].id, users[2].id];
    let mut found = store.users(&[c, a, fresh.user_id(), b, a]).await.unwrap();
    found.sort_by_key(|user| user.id);
    assert_eq!(found, users, "each once, and strangers left out");
    assert_eq!(store.users(&[]).await.unwrap(), []);
}

async fn people_are_listed_by_status(store: &dyn UserStore, role: Role) {
    let fresh = Fresh::new();
    let before_all = fresh.user_id();
    let (one, other) = match role {
        Role::Agent => (UserStatus::PendingApproval, UserStatus::Active),
        Role::Customer | Role::Dispatcher => (UserStatus::Suspended, UserStatus::Active),
    };
    let somebody = |role| match role {
        Role::Agent => fresh.agent(),
        Role::Customer | Role::Dispatcher => fresh.customer(),
    };
    let mut people: Vec<User> = (0..5).map(|_| somebody(role)).collect();
    for person in &mut people {
        person.status = one;
        store.put_user(person).await.unwrap();
    }
    let mut unconfirmed = somebody(role);
    unconfirmed.status = UserStatus::Unconfirmed;
    let stranger = match role {
        Role::Agent => fresh.customer(),
        Role::Customer | Role::Dispatcher => fresh.agent(),
    };
    for person in [&unconfirmed, &stranger] {
        store.put_user(person).await.unwrap();
    }
    let mut ids: Vec<UserId> = people.iter().map(|person| person.id).collect();
    let listed = async |status| by_pages_of_two(store, role, status, before_all).await;
    eventually("people are listed by status", || async {
        let found = listed(one).await;
        assert!(found.is_sorted(), "by id");
        ids.iter().all(|id| found.contains(id))
    })
    .await;
    for (status, absent) in [
        (UserStatus::Unconfirmed, &unconfirmed),
        (stranger.status, &stranger),
        (one, &stranger),
    ] {
        assert!(!listed(status).await.contains(&absent.id), "{status:?}");
    }

    let changed = User {
        status: other,
        ..people[0].changed(people[0].updated_at)
    };
    store.put_user(&changed).await.unwrap();
    ids.remove(0);
    eventually("a person moves from one status to another", || async {
        let before = listed(one).await;
        let after = listed(other).await;
        after.contains(&changed.id)
            && !before.contains(&changed.id)
            && ids.iter().all(|id| before.contains(id))
    })
    .await;
}

async fn by_pages_of_two(
    store: &dyn UserStore,
    role: Role,
    status: UserStatus,
    after: UserId,
) -> Vec<UserId> {
    let mut found = Vec::new();
    let mut after = after;
    loop {
        let page = store
            .with_status(role, status, Some(after), 2)
            .await
            .unwrap();
        assert!(page.len() <= 2, "a page has its limit");
        found.extend(&page);
        match page.last() {
            Some(last) => after = *last,
            None => return found,
        }
    }
}

async fn agents_are_on_duty_while_one_may_plan_with_them(store: &dyn UserStore) {
    let fresh = Fresh::new();
    let zone = fresh.zone();
    let agents = [fresh.agent(), fresh.agent()];
    let mut off_duty = fresh.agent();
    off_duty.agent.as_mut().unwrap().on_duty = false;
    let mut suspended = fresh.agent();
    suspended.status = UserStatus::Suspended;
    for agent in agents.iter().chain([&off_duty, &suspended]) {
        store.put_user(agent).await.unwrap();
    }
    let on_duty = || async {
        let mut ids = store.agents_on_duty(zone).await.unwrap();
        ids.sort_unstable();
        ids
    };
    eventually("two agents are on duty", || async {
        on_duty().await == [agents[0].id, agents[1].id]
    })
    .await;

    let mut home = agents[0].changed(agents[0].updated_at);
    home.agent.as_mut().unwrap().on_duty = false;
    store.put_user(&home).await.unwrap();
    eventually("who goes off duty is not found", || async {
        on_duty().await == [agents[1].id]
    })
    .await;
}
