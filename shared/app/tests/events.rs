//! The changes that wake the optimizer, and the changes that people hear about.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;

use app::events::{PublishEvents, StateChange};
use app::messages::{Event, News, Notification, Wake, WakeCause};
use app::ports::{Outboxes, Taken};
use domain::order::Waiting;
use domain::{Actor, Order, OrderStatus, Route, RouteId, User, UserId, UserStatus};
use jiff::SignedDuration;
use testkit::build::{at, grid, user_id};
use testkit::contracts::Fresh;
use testkit::{
    Landmarks, MemoryNotifications, MemoryStore, MemoryWakes, StillClock, an_agent, an_order,
};

#[derive(Default)]
struct Outlets {
    wakes: Arc<MemoryWakes>,
    notifications: Arc<MemoryNotifications>,
    store: Arc<MemoryStore>,
}

impl Outlets {
    fn announce(&self) -> PublishEvents {
        PublishEvents {
            wakes: self.wakes.clone(),
            outboxes: self.store.clone(),
            promises: self.store.clone(),
            recipients: self.store.clone(),
            moments: app::recipients::Moments::new(),
            texts: false,
            notifications: self.notifications.clone(),
            window_s: 30,
            without_agents: self.store.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            grid: grid(),
        }
    }

    /// What is in a person's outbox.
    async fn news_for(&self, user_id: UserId) -> Vec<News> {
        let (now, until) = (noon(), noon() + SignedDuration::from_secs(60));
        match self.store.take(user_id, now, until, false).await.unwrap() {
            Taken::Ours(news) => news,
            Taken::Empty => Vec::new(),
            Taken::Theirs(_) => panic!("nobody else has the outbox"),
        }
    }
}

async fn announced(change: StateChange) -> (Vec<Wake>, Vec<Notification>) {
    let outlets = Outlets::default();
    outlets.announce().run(&[change]).await.unwrap();
    let wakes = outlets.wakes.take().into_iter();
    let wakes = wakes.map(|(wake, _)| wake).collect();
    (wakes, outlets.notifications.take_messages())
}

fn of_order(before: Option<&Order>, after: &Order) -> StateChange {
    StateChange::Order {
        before: before.cloned().map(Box::new),
        after: Some(Box::new(after.clone())),
    }
}

fn of_user(before: Option<&User>, after: &User) -> StateChange {
    StateChange::User {
        before: before.cloned().map(Box::new),
        after: Some(Box::new(after.clone())),
    }
}

fn noon() -> domain::Timestamp {
    at("2030-05-06T12:00:00Z")
}

fn assigned() -> Order {
    let route = RouteId(user_id(7).0);
    an_order(1)
        .build()
        .assigned(user_id(10), route, noon())
        .unwrap()
}

#[tokio::test]
async fn a_new_order_wakes_its_zone_and_names_itself() {
    let order = an_order(1).build();
    let (wakes, told) = announced(of_order(None, &order)).await;
    assert_eq!(
        (wakes[0].zone, wakes[0].order_id),
        (order.zone.unwrap(), Some(order.id))
    );
    assert_eq!((wakes.len(), told.len()), (1, 0));
}

#[tokio::test]
async fn a_note_on_why_an_order_waits_wakes_nobody() {
    let order = an_order(1).build();
    let note = Waiting {
        retry_at: noon(),
        attempts: 1,
        reason: None,
    };
    let (wakes, told) = announced(of_order(Some(&order), &order.waits(note, noon()))).await;
    assert_eq!((wakes.len(), told.len()), (0, 0));
}

#[tokio::test]
async fn an_order_given_back_wakes_its_zone_again() {
    let order = assigned();
    let back = order
        .step(OrderStatus::Pending, Actor::Dispatcher, None, noon())
        .unwrap();
    assert_eq!(announced(of_order(Some(&order), &back)).await.0.len(), 1);
}

#[tokio::test]
async fn a_customer_hears_of_assignment_delivery_and_failure_and_an_agent_of_a_cancellation() {
    let (pending, assigned) = (an_order(1).build(), assigned());
    assert_eq!(
        announced(of_order(Some(&pending), &assigned)).await.1.len(),
        1
    );
    for (status, emails) in [
        (OrderStatus::InProgress, 0),
        (OrderStatus::Delivered, 1),
        (OrderStatus::Failed, 1),
        // The agent.
        (OrderStatus::Cancelled, 1),
    ] {
        let after = assigned
            .step(status, Actor::Customer, None, noon())
            .unwrap();
        let told = announced(of_order(Some(&assigned), &after)).await.1;
        assert_eq!(told.len(), emails, "{status:?}");
    }
    let rewritten = assigned.changed(noon());
    assert_eq!(announced(of_order(Some(&assigned), &rewritten)).await.1, []);
}

#[tokio::test]
async fn an_agent_who_comes_on_duty_wakes_the_zone_and_those_around() {
    let (off, on) = (an_agent(10).build(), an_agent(10).on_duty().build());
    let (wakes, _) = announced(of_user(Some(&off), &on)).await;
    assert_eq!(wakes.len(), 7);
    assert!(
        wakes
            .iter()
            .all(|wake| wake.cause == WakeCause::AgentAvailable && wake.agent_id == Some(on.id))
    );
    assert!(
        wakes
            .iter()
            .any(|wake| Some(wake.zone) == on.agent.as_ref().unwrap().zone)
    );
}

#[tokio::test]
async fn only_what_may_place_an_order_wakes_somebody() {
    let on = || an_agent(10).on_duty();
    let mut with_route = on().build();
    with_route.agent.as_mut().unwrap().open_route_id = Some(RouteId(user_id(7).0));
    let duty = on().build();
    let skilled = on().skilled_in(&["cold"]).build();
    for (before, after, wakes) in [
        (&duty, duty.clone(), 0),
        (&duty, on().with_capacity(11).build(), 7),
        (&duty, on().with_capacity(9).build(), 0),
        (&duty, on().starting_at(Landmarks::TOKYO_STATION).build(), 7),
        (
            &duty,
            on().with_shift("2030-05-06T08:00:00Z", "2030-05-06T18:00:00Z")
                .build(),
            7,
        ),
        (&duty, on().skilled_in(&["cold"]).build(), 7),
        (&skilled, on().build(), 0),
        (
            &duty,
            on().resting("2030-05-06T12:00:00Z", "2030-05-06T13:00:00Z", 30)
                .build(),
            7,
        ),
        (&duty, with_route.clone(), 0),
        (&with_route, duty.clone(), 7),
        (&duty, an_agent(10).build(), 0),
        (&duty, on().with_status(UserStatus::Suspended).build(), 0),
    ] {
        assert_eq!(
            announced(of_user(Some(before), &after)).await.0.len(),
            wakes,
            "{after:?}"
        );
    }
}

#[tokio::test]
async fn a_confirmed_address_gets_its_topic_once() {
    let confirmed = an_agent(10)
        .with_status(UserStatus::PendingApproval)
        .build();
    let unconfirmed = an_agent(10).with_status(UserStatus::Unconfirmed).build();
    let made = [Notification::UserConfirmed {
        user_id: confirmed.id,
    }];
    assert_eq!(
        announced(of_user(Some(&unconfirmed), &confirmed)).await.1,
        made
    );
    assert_eq!(
        announced(of_user(None, &confirmed)).await.1,
        made,
        "a record that log-in has repaired"
    );
    assert_eq!(announced(of_user(None, &unconfirmed)).await.1, []);
    let active = an_agent(10).build();
    assert_eq!(announced(of_user(Some(&confirmed), &active)).await.1, []);
}

#[tokio::test]
async fn a_route_that_becomes_late_for_a_window_wakes_its_zone_once() {
    let order = an_order(1)
        .dropped_off_between("2030-05-06T08:00:00Z", "2030-05-06T09:00:00Z")
        .build();
    let expected = |time: &str| {
        let mut route = Fresh::new().route(user_id(10), std::slice::from_ref(&order), noon());
        for stop in &mut route.stops {
            stop.eta = at(time);
        }
        route
    };
    let became = async |before: &str, after: &str| {
        let change = StateChange::Route {
            before: Some(Box::new(expected(before))),
            after: Some(Box::new(expected(after))),
        };
        let (wakes, _) = announced(change).await;
        wakes.iter().map(|wake| wake.cause).collect::<Vec<_>>()
    };
    let (early, late) = ("2030-05-06T08:50:00Z", "2030-05-06T09:10:00Z");
    assert_eq!(became(early, late).await, [WakeCause::RouteLate]);
    assert_eq!(became(early, "2030-05-06T09:09:59Z").await, []);
    assert_eq!(became(late, "2030-05-06T09:30:00Z").await, []);
}

#[tokio::test]
async fn room_on_a_full_route_wakes_the_zones_around_it_too() {
    let orders: Vec<Order> = (1..=40).map(|number| an_order(number).build()).collect();
    let fresh = Fresh::new();
    let with = |orders: &[Order]| fresh.route(user_id(10), orders, noon());
    let woken = async |before: &[Order], after: &[Order]| {
        let change = StateChange::Route {
            before: Some(Box::new(with(before))),
            after: Some(Box::new(with(after))),
        };
        let (wakes, _) = announced(change).await;
        wakes.iter().map(|wake| wake.zone).collect::<BTreeSet<_>>()
    };
    let own = grid().zone_of(with(&orders).position()).unwrap();
    let near: BTreeSet<_> = std::iter::once(own).chain(own.neighbours()).collect();
    assert_eq!(woken(&orders, &orders[..39]).await, near);
    assert_eq!(woken(&orders[..39], &orders[..38]).await, BTreeSet::new());
}

#[tokio::test]
async fn the_second_step_of_a_plan_tells_what_left_in_the_first() {
    let orders: Vec<Order> = (1..=4).map(|number| an_order(number).build()).collect();
    let fresh = Fresh::new();
    let before = fresh.route(user_id(10), &orders[..3], noon());
    let with = |orders: &[Order], left| {
        let mut route = before.changed(noon());
        route.stops = fresh.route(user_id(10), orders, noon()).stops;
        route.left_in_first_step = left;
        route
    };
    let (first, second) = (
        with(&orders[..1], 2),
        with(&[orders[0].clone(), orders[3].clone()], 0),
    );
    let told = async |before: &Route, after: &Route| {
        let outlets = Outlets::default();
        let change = StateChange::Route {
            before: Some(Box::new(before.clone())),
            after: Some(Box::new(after.clone())),
        };
        outlets.announce().run(&[change]).await.unwrap();
        let delays: Vec<u32> = outlets.notifications.take().iter().map(|it| it.1).collect();
        let news = outlets.news_for(user_id(10)).await;
        match (&news[..], &delays[..]) {
            (
                [
                    News {
                        event:
                            Event::RoutePlanned {
                                gained_orders,
                                lost_orders,
                                first_step,
                                ..
                            },
                        ..
                    },
                ],
                [delay_s],
            ) => (*gained_orders, *lost_orders, *first_step, *delay_s),
            other => panic!("one message: {other:?}"),
        }
    };
    assert_eq!(told(&before, &first).await, (0, 2, true, 60));
    assert_eq!(told(&first, &second).await, (1, 2, false, 30));
    // Other news of the agent in the same batch does not take the message about the first step along.
    let outlets = Outlets::default();
    let change = |before: &Route, after: &Route| StateChange::Route {
        before: Some(Box::new(before.clone())),
        after: Some(Box::new(after.clone())),
    };
    let both = [change(&before, &first), change(&first, &second)];
    outlets.announce().run(&both).await.unwrap();
    let delays: Vec<u32> = outlets.notifications.take().iter().map(|it| it.1).collect();
    assert_eq!(delays, [30, 60]);
    assert_eq!(told(&before, &second).await, (1, 2, false, 30));
}

#[tokio::test]
async fn a_queue_that_is_away_fails_the_record() {
    let outlets = Outlets::default();
    outlets.wakes.set_away(true);
    let change = of_order(None, &an_order(1).build());
    assert!(outlets.announce().run(&[change]).await.is_err());
}

#[tokio::test]
async fn the_rows_of_an_import_wake_each_zone_once() {
    let imported = |number: u64, place| {
        let mut order = an_order(number).from(place).build();
        order.import_id = Some("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap());
        of_order(None, &order)
    };
    let mut changes: Vec<StateChange> = (1..=40)
        .map(|n| imported(n, Landmarks::PARK_GUELL))
        .collect();
    changes.extend((41..=60).map(|n| imported(n, Landmarks::TOKYO_STATION)));
    let by_itself = an_order(99).build();
    changes.push(of_order(None, &by_itself));
    let outlets = Outlets::default();
    outlets.announce().run(&changes).await.unwrap();
    let woken = outlets.wakes.take();
    let about: Vec<_> = woken
        .iter()
        .map(|(wake, _)| wake.order_id.unwrap())
        .collect();
    let id = |number| an_order(number).build().id;
    assert_eq!(
        about,
        [id(40), id(60), by_itself.id],
        "the last of each zone, and the one by itself"
    );
}

#[tokio::test]
async fn a_dispatchers_cancellation_is_news_for_the_customer_and_the_agent() {
    let (assigned, reason) = (assigned(), Some("no such street".to_owned()));
    let by = |actor, to| assigned.step(to, actor, reason.clone(), noon()).unwrap();
    for (after, customers, agents) in [
        (by(Actor::Dispatcher, OrderStatus::Cancelled), 1, 1),
        (by(Actor::Customer, OrderStatus::Cancelled), 0, 1),
        (by(Actor::Dispatcher, OrderStatus::Pending), 0, 1),
        (by(Actor::Agent, OrderStatus::Pending), 0, 0),
        (by(Actor::Optimizer, OrderStatus::Pending), 0, 0),
    ] {
        let outlets = Outlets::default();
        let change = of_order(Some(&assigned), &after);
        // The stream delivers a record again after a crash.
        for _ in 0..2 {
            let changes = std::slice::from_ref(&change);
            outlets.announce().run(changes).await.unwrap();
        }
        let told = (
            outlets.news_for(assigned.customer_id).await.len(),
            outlets.news_for(user_id(10)).await.len(),
        );
        assert_eq!(told, (customers, agents), "{after:?}");
    }
}

#[tokio::test]
async fn all_news_of_a_batch_for_one_person_leads_to_one_message() {
    let changes: Vec<StateChange> = (1..=40)
        .map(|number| {
            let (order, route) = (an_order(number).build(), RouteId(user_id(7).0));
            let after = order.assigned(user_id(10), route, noon()).unwrap();
            of_order(Some(&order), &after)
        })
        .collect();
    let outlets = Outlets::default();
    outlets.announce().run(&changes).await.unwrap();
    let customer = an_order(1).build().customer_id;
    let asked = Notification::NewsWaiting {
        user_id: customer,
        news: Vec::new(),
    };
    assert_eq!(outlets.notifications.take(), [(asked, 30)]);
    assert_eq!(outlets.news_for(customer).await.len(), 40);
}

#[tokio::test]
async fn news_that_finds_no_room_in_the_outbox_travels_with_the_message() {
    let outlets = Outlets::default();
    let delivered = |number: u64| {
        let order = assigned();
        let mut order = Order {
            id: an_order(number).build().id,
            ..order
        };
        order = order
            .step(OrderStatus::Delivered, Actor::Agent, None, noon())
            .unwrap();
        of_order(None, &order)
    };
    for hundred in 0..7 {
        let changes: Vec<_> = (0..100).map(|n| delivered(1 + 100 * hundred + n)).collect();
        outlets.announce().run(&changes).await.unwrap();
    }
    let carried = outlets.notifications.take_messages().into_iter();
    let carried = carried.map(|message| match message {
        Notification::NewsWaiting { news, .. } => news.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(carried.collect::<Vec<_>>(), [0, 0, 0, 0, 0, 100, 100]);
    let customer = an_order(1).build().customer_id;
    assert_eq!(outlets.news_for(customer).await.len(), 500);
}
