//! Orders change their agent: the shares of the agents, the emails, and the records after a crash.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use app::messages::{Event, News, Wake, WakeCause};
use app::notifications::Told;
use app::ports::{Changeset, Clock as _, DispatchLedger, OrderPlacement as _, StoreError};
use app::routes::optimize_routes::PlanReport;
use async_trait::async_trait;
use domain::{Coordinates, Order, OrderStatus, RouteStatus, StopKind, UserId, Zone};
use futures::executor::block_on;
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{CountedRounds, Landmarks, MemoryStore, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, customer};

const AGENTS: [u64; 4] = [10, 11, 12, 13];

/// A place in a city of 4 by 6 km. Different numbers give places that are spread over it.
fn place(number: u64) -> Coordinates {
    let spread = |step: u64, most: f64| (number * step % 101) as f64 / 101.0 * most;
    Coordinates {
        lat: 41.370 + spread(37, 0.036),
        lon: 2.130 + spread(59, 0.072),
    }
}

fn orders(count: u64) -> Vec<Order> {
    (1..=count)
        .map(|n| {
            let order = an_order(n).from(place(2 * n)).to(place(2 * n + 1));
            order.build()
        })
        .collect()
}

/// Agents at different places of the city.
fn city(agents: &[u64], orders: Vec<Order>) -> World {
    let agents = agents
        .iter()
        .map(|number| {
            an_agent(*number)
                .starting_at(place(7 * number))
                .with_capacity(100)
                .build()
        })
        .chain([a_customer(1).build()]);
    let mut world = World::with(agents, orders);
    world.planner = Some(CountedRounds(2_000));
    world
}

async fn comes_on_duty(world: &World, number: u64) {
    let on_duty = json!({"on_duty": true});
    world
        .update(&agent(number), user_id(number), on_duty)
        .await
        .unwrap();
}

async fn order_to_badalona(world: &World) {
    let body = json!({
        "pickup": {"location": Landmarks::BADALONA},
        "dropoff": {"location": Landmarks::BADALONA},
    });
    world
        .place_order()
        .run(&customer(1), &body, None)
        .await
        .unwrap();
}

async fn wake(world: &World, cause: WakeCause) {
    let zones: BTreeSet<Zone> = world
        .store
        .all_orders()
        .iter()
        .filter_map(|it| it.zone)
        .collect();
    let wakes: Vec<Wake> = zones
        .into_iter()
        .map(|zone| Wake {
            zone,
            cause,
            order_id: None,
            agent_id: None,
        })
        .collect();
    world.wakes_again(&wakes).await;
    world.settle().await;
}

/// The number of open orders of each agent.
fn shares(world: &World) -> BTreeMap<UserId, usize> {
    let mut shares: BTreeMap<UserId, usize> = BTreeMap::new();
    for order in world.store.all_orders() {
        if let Some(on) = order.assignment.filter(|_| order.status.is_on_route()) {
            *shares.entry(on.agent_id).or_default() += 1;
        }
    }
    shares
}

/// Four agents, thirty orders: nobody is idle, nobody drowns, and the last parcel does not arrive in the evening.
fn assert_fair(world: &World) {
    let shares = shares(world);
    assert_eq!(shares.values().sum::<usize>(), 30, "{shares:?}");
    assert_eq!(shares.len(), 4, "everybody has orders: {shares:?}");
    for (agent, orders) in &shares {
        assert!(
            (5..=10).contains(orders),
            "{agent} has {orders}: {shares:?}"
        );
    }
    let by = world.clock.now() + SignedDuration::from_mins(150);
    for route in world.store.all_routes() {
        assert!(route.open_stops().all(|stop| stop.eta <= by), "{route:?}");
    }
}

fn sent(world: &World, words: &str) -> Vec<UserId> {
    let mails = world.mailer.take_sent().into_iter();
    mails
        .filter(|(_, email)| email.subject.contains(words))
        .map(|(to, _)| to)
        .collect()
}

#[tokio::test]
async fn agents_on_duty_share_the_orders() {
    let world = city(&AGENTS, orders(30));
    for number in AGENTS {
        comes_on_duty(&world, number).await;
    }
    wake(&world, WakeCause::OrderPending).await;
    world.assert_consistent();
    assert_fair(&world);
}

#[tokio::test]
async fn agents_who_come_one_after_the_other_share_the_orders_too() {
    let world = city(&AGENTS, orders(30));
    for number in AGENTS {
        comes_on_duty(&world, number).await;
        world.settle().await;
        world.assert_consistent();
        world.clock.advance(SignedDuration::from_secs(8));
    }
    assert_fair(&world);
    // The other news is about times: the deliveries come sooner with each agent.
    let mut assigned = world.take_told("order/");
    assigned.retain(|news| news.contains("/assigned/"));
    assert_eq!(assigned.len(), 30, "each order once, not once per agent");
}

#[tokio::test]
async fn the_orders_of_an_agent_who_leaves_go_to_the_others_at_once() {
    let world = city(&AGENTS, orders(30));
    for number in AGENTS {
        comes_on_duty(&world, number).await;
    }
    wake(&world, WakeCause::OrderPending).await;
    let leaves = json!({"on_duty": false, "release": true});
    let berta = user_id(AGENTS[0]);
    world
        .update(&agent(AGENTS[0]), berta, leaves)
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    let shares = shares(&world);
    assert_eq!(shares.values().sum::<usize>(), 30, "{shares:?}");
    assert_eq!(shares.get(&berta), None);
}

#[tokio::test]
async fn a_pickup_that_is_near_stays_and_nothing_comes_before_it() {
    let world = city(&AGENTS[..2], orders(12));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let before = world.only_route();
    let soon = world.clock.now() + SignedDuration::from_mins(10);
    let pickups = before.stops.iter().filter(|it| it.kind == StopKind::Pickup);
    let near: Vec<_> = pickups.filter(|it| it.eta <= soon).collect();
    let last = before
        .stops
        .iter()
        .rposition(|it| near.contains(&it))
        .unwrap();

    comes_on_duty(&world, AGENTS[1]).await;
    world.settle().await;
    world.assert_consistent();
    let routes = world.store.all_routes();
    let after = routes.iter().find(|it| it.id == before.id).unwrap();
    let order_of = |stops: &[domain::RouteStop]| -> Vec<_> {
        let stops = stops.iter().take(last + 1);
        stops.map(|stop| (stop.order_id, stop.kind)).collect()
    };
    assert_eq!(order_of(&before.stops), order_of(&after.stops));
    assert!(after.stops.len() < before.stops.len(), "others did move");
}

#[tokio::test]
async fn an_agent_hears_once_of_orders_that_went_to_another() {
    let world = city(&AGENTS[..2], orders(12));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    world.mailer.take_sent();
    comes_on_duty(&world, AGENTS[1]).await;
    world.settle().await;
    let mails = world.mailer.take_sent();
    let to = |number: u64| -> Vec<&str> {
        let theirs = mails.iter().filter(|(to, _)| *to == user_id(number));
        theirs.map(|(_, mail)| mail.subject.as_str()).collect()
    };
    let [to_first, to_second] = [to(AGENTS[0]), to(AGENTS[1])];
    assert!(
        matches!(to_first[..], [subject] if subject.contains("given away")),
        "{to_first:?}"
    );
    assert!(
        matches!(to_second[..], [subject] if subject.starts_with("New route")),
        "{to_second:?}"
    );
    let agents = [user_id(AGENTS[0]), user_id(AGENTS[1])];
    for (_, mail) in mails.iter().filter(|(to, _)| !agents.contains(to)) {
        let subject = &mail.subject;
        assert!(subject.contains("another time"), "{subject}");
        assert!(
            !subject.contains("agent"),
            "who drives is no news: {subject}"
        );
    }
}

#[tokio::test]
async fn a_route_that_loses_all_its_orders_ends_and_its_agent_hears_of_it() {
    // Berta stands far away, so all of her pickups are far off. Carla stands next to them.
    let (berta, carla) = (AGENTS[0], AGENTS[1]);
    let people = [
        an_agent(berta).starting_at(Landmarks::BADALONA).build(),
        an_agent(carla).build(),
    ];
    let mut world = World::with(people, [an_order(1).build()]);
    world.planner = Some(CountedRounds(200));
    comes_on_duty(&world, berta).await;
    world.settle().await;
    assert_eq!(shares(&world).get(&user_id(berta)), Some(&1));
    world.mailer.take_sent();
    comes_on_duty(&world, carla).await;
    world.settle().await;
    world.assert_consistent();
    assert_eq!(shares(&world).get(&user_id(carla)), Some(&1));
    let statuses: Vec<_> = world
        .store
        .all_routes()
        .iter()
        .map(|it| it.status)
        .collect();
    assert_eq!(statuses, [RouteStatus::Cancelled, RouteStatus::Assigned]);
    assert_eq!(sent(&world, "Your route has ended"), [user_id(berta)]);
}

#[tokio::test]
async fn a_plan_does_not_put_off_an_agent_who_is_under_way() {
    let world = city(&AGENTS[..1], orders(2));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let next = world.only_route().stops[0].clone();
    let minutes = SignedDuration::from_mins(3);
    assert!(next.eta > world.clock.now() + minutes, "{next:?}");
    world.clock.advance(minutes);
    order_to_badalona(&world).await;
    world.settle().await;
    let route = world.only_route();
    assert_eq!(route.open_orders().len(), 3);
    assert_eq!(route.stops[0], next, "as before the new order came");
}

#[tokio::test]
async fn an_agent_on_a_long_way_is_not_put_off_either() {
    let far_away = Coordinates {
        lat: 41.73,
        lon: 1.83,
    };
    let berta = an_agent(AGENTS[0]).starting_at(far_away).build();
    let mut world = World::with([berta], [an_order(1).build()]);
    world.planner = Some(CountedRounds(200));
    comes_on_duty(&world, AGENTS[0]).await;
    wake(&world, WakeCause::AgentAvailable).await;
    let next = world.only_route().stops[0].clone();
    assert!(next.eta > world.clock.now() + SignedDuration::from_hours(1));
    world.clock.advance(SignedDuration::from_mins(30));
    world
        .store
        .place(&an_order(2).placed_at("2030-05-06T08:30:00Z").build(), None)
        .await
        .unwrap();
    world.settle().await;
    let route = world.only_route();
    assert_eq!(route.open_orders().len(), 2);
    assert_eq!(route.stops[0], next);
}

#[tokio::test]
async fn an_agent_who_should_have_arrived_arrives_now() {
    let world = city(&AGENTS[..1], orders(2));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let next = world.only_route().stops[0].clone();
    world.clock.advance(SignedDuration::from_hours(1));
    order_to_badalona(&world).await;
    world.settle().await;
    let route = world.only_route();
    assert_eq!(route.stops[0].order_id, next.order_id);
    assert_eq!(route.stops[0].eta, world.clock.now());
}

#[tokio::test]
async fn the_next_stop_stays_and_the_others_may_move() {
    let world = city(&AGENTS[..2], orders(10));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let next = world.only_route().stops[0].order_id;
    comes_on_duty(&world, AGENTS[1]).await;
    world.settle().await;
    let on = world.order(next).assignment.unwrap();
    assert_eq!(on.agent_id, user_id(AGENTS[0]), "the next stop stays");
    let shares = shares(&world);
    assert!(shares[&user_id(AGENTS[1])] >= 4, "{shares:?}");
}

#[tokio::test]
async fn an_order_that_is_aboard_never_moves() {
    let world = city(&AGENTS[..2], orders(10));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let aboard = world.only_route().stops[0].order_id;
    let berta = agent(AGENTS[0]);
    world
        .set_status(&berta, aboard, "in_progress")
        .await
        .unwrap();
    comes_on_duty(&world, AGENTS[1]).await;
    world.settle().await;
    world.assert_consistent();
    let on = world.order(aboard).assignment.unwrap();
    assert_eq!(on.agent_id, user_id(AGENTS[0]));
    assert_eq!(shares(&world).len(), 2, "others did move");
}

/// A ledger in which something happens just before the first commit.
struct JustBefore<F> {
    ledger: Arc<MemoryStore>,
    happens: Mutex<Option<F>>,
}

#[async_trait]
impl<F: FnOnce() + Send> DispatchLedger for JustBefore<F> {
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError> {
        let happens = self.happens.lock().unwrap().take();
        if let Some(happens) = happens {
            happens();
        }
        self.ledger.commit(change).await
    }
}

/// The plan in which the second agent comes on duty, with something that happens just before its commit.
async fn second_agent_comes<F>(world: &World, happens: F) -> PlanReport
where
    F: FnOnce() + Send + 'static,
{
    comes_on_duty(world, AGENTS[1]).await;
    world.store.take_changes();
    let mut optimize = world.optimize();
    optimize.ledger = Arc::new(JustBefore {
        ledger: world.store.clone(),
        happens: Mutex::new(Some(happens)),
    });
    let came = Wake {
        zone: world.store.all_orders()[0].zone.unwrap(),
        cause: WakeCause::AgentAvailable,
        order_id: None,
        agent_id: Some(user_id(AGENTS[1])),
    };
    let report = optimize.run(came.zone, &[came]).await.unwrap();
    world.assert_consistent();
    report
}

#[tokio::test]
async fn an_order_cancelled_while_it_moves_stays_cancelled_and_the_rest_moves_later() {
    let world = city(&AGENTS[..2], orders(12));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let last = world.only_route().stops.last().unwrap().order_id;
    let cancel = world.change_status();
    let report = second_agent_comes(&world, move || {
        let cancelled = json!({"status": "cancelled"});
        block_on(cancel.run(&customer(1), &last.to_string(), &cancelled)).unwrap();
    });
    assert!(report.await.conflicts > 0);
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.order(last).status, OrderStatus::Cancelled);
    assert_eq!(shares(&world).len(), 2);
}

#[tokio::test]
async fn a_change_of_an_agent_that_the_plan_does_not_rely_on_costs_no_plan() {
    let world = city(&AGENTS[..2], orders(12));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let update = world.update_agent();
    let report = second_agent_comes(&world, move || {
        let start = json!({"start_location": Landmarks::CAMP_NOU});
        let berta = user_id(AGENTS[0]).to_string();
        block_on(update.run(&agent(AGENTS[0]), &berta, &start)).unwrap();
    });
    let report = report.await;
    assert_eq!(report.conflicts, 0);
    assert!(report.moved > 0);
    let users = world.store.all_users();
    let berta = users
        .iter()
        .find(|user| user.id == user_id(AGENTS[0]))
        .unwrap();
    let start = berta.agent.as_ref().unwrap().start_location;
    assert_eq!(start, Some(Landmarks::CAMP_NOU), "the change is kept");
}

#[tokio::test]
async fn an_agent_who_leaves_while_orders_move_to_them_gets_none() {
    let world = city(&AGENTS[..2], orders(12));
    comes_on_duty(&world, AGENTS[0]).await;
    world.settle().await;
    let update = world.update_agent();
    let report = second_agent_comes(&world, move || {
        let off_duty = json!({"on_duty": false});
        let carla = user_id(AGENTS[1]).to_string();
        block_on(update.run(&agent(AGENTS[1]), &carla, &off_duty)).unwrap();
    });
    assert!(report.await.conflicts > 0);
    world.settle().await;
    assert_eq!(shares(&world).len(), 1);
}

/// Five agents with forty orders each, and five who come: so many orders move that one transaction cannot hold them.
async fn rush() -> World {
    let all = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    let mut world = city(&all, orders(200));
    world.planner = Some(CountedRounds(300));
    for number in &all[..5] {
        comes_on_duty(&world, *number).await;
    }
    world.settle().await;
    wake(&world, WakeCause::OrderPending).await;
    assert_eq!(shares(&world).values().sum::<usize>(), 200);
    world.assert_consistent();
    for number in &all[5..] {
        comes_on_duty(&world, *number).await;
    }
    world
}

/// The world after a plan in which the writes end like this, and after the next sweep.
async fn after_faults(faults: Vec<NextWrite>) -> (World, usize) {
    let mut world = rush().await;
    world.planner = Some(CountedRounds(100));
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.store.take_changes();
    world.store.next_writes(faults);
    let came = Wake {
        zone,
        cause: WakeCause::AgentAvailable,
        order_id: None,
        agent_id: None,
    };
    // The messages of a run that fails come again.
    let moved = world.optimize().run(zone, &[came]).await;
    world.assert_consistent();
    world.store.next_writes([]);
    let moved = moved.map_or(0, |report| report.moved);
    world.clock.advance(SignedDuration::from_mins(2));
    world.sweep().await;
    world.settle().await;
    world.assert_consistent();
    (world, moved)
}

#[tokio::test]
async fn a_group_too_large_for_a_transaction_moves_in_two_steps() {
    let (world, moved) = after_faults(Vec::new()).await;
    let in_two_steps = world.store.all_orders();
    let in_two_steps = in_two_steps
        .iter()
        .filter(|it| it.assignments() == 2)
        .count();
    assert!(in_two_steps > 50, "{in_two_steps} of {moved}");
    assert_eq!(shares(&world).values().sum::<usize>(), 200);
    assert_eq!(shares(&world).len(), 10);
}

#[tokio::test]
async fn an_agent_gets_one_email_about_a_plan_in_two_steps() {
    let mut world = rush().await;
    world.planner = Some(CountedRounds(100));
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.store.take_changes();
    let came = Wake {
        zone,
        cause: WakeCause::AgentAvailable,
        order_id: None,
        agent_id: None,
    };
    world.optimize().run(zone, &[came]).await.unwrap();
    let changes = world.store.take_changes();
    world.announce().run(&changes).await.unwrap();
    world.mailer.take_sent();
    let messages = world.notifications.take_messages();
    let mut told = Vec::new();
    for message in &messages {
        let sent = world.send_notifications().run(message).await.unwrap();
        if let Told::Sent(news) = sent {
            told.extend(news);
        }
    }
    let is_first_step = |it: &&News| {
        matches!(
            it.event,
            Event::RoutePlanned {
                first_step: true,
                ..
            }
        )
    };
    let both = told.iter().filter(is_first_step).count();
    assert!(both > 0, "some agent loses orders and gains others");
    let mut emails: BTreeMap<UserId, usize> = BTreeMap::new();
    for (to, _) in world.mailer.take_sent() {
        *emails.entry(to).or_default() += 1;
    }
    for number in 10..20 {
        let count = emails.get(&user_id(number)).copied().unwrap_or_default();
        assert!(count <= 1, "agent {number} got {count} emails");
    }
}

#[tokio::test]
async fn no_order_is_lost_whichever_write_of_a_commit_fails() {
    for fault in [
        NextWrite::Conflicts,
        NextWrite::IsRefused,
        NextWrite::LosesItsAnswer,
    ] {
        for at in [0, 1, 4, 5, 7, 9] {
            let mut faults = vec![NextWrite::Succeeds; at];
            faults.push(fault);
            let (world, _) = after_faults(faults).await;
            let shares = shares(&world);
            assert_eq!(shares.values().sum::<usize>(), 200, "{fault:?} at {at}");
        }
    }
}

#[tokio::test]
async fn no_order_is_lost_when_a_run_dies_after_any_write_of_a_commit() {
    // From this write on, the store takes nothing: that is what a process that died leaves behind.
    for at in [0, 1, 4, 5, 7, 9] {
        let mut faults = vec![NextWrite::Succeeds; at];
        faults.extend([NextWrite::IsRefused; 400]);
        let (world, _) = after_faults(faults).await;
        let shares = shares(&world);
        assert_eq!(shares.values().sum::<usize>(), 200, "died at {at}");
    }
}
