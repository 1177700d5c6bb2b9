//! Orders that wait: for how long, why, whose turn it is, and when there is no sense in waiting.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeSet;

use app::messages::{Wake, WakeCause};
use app::ports::OrderPlacement as _;
use domain::order::WINDOW_PASSED;
use domain::{Coordinates, Order, OrderStatus, UnplacedReason, Zone};
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{CountedRounds, Landmarks, a_customer, an_agent, an_order};
use world::{World, agent};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

/// Girona, 85 km from Barcelona.
const GIRONA: Coordinates = Coordinates {
    lat: 41.9794,
    lon: 2.8214,
};
/// Manresa, 47 km from Barcelona: beyond the zones around.
const MANRESA: Coordinates = Coordinates {
    lat: 41.7286,
    lon: 1.8266,
};

fn world(agents: Vec<domain::User>, orders: Vec<Order>) -> World {
    let people = agents.into_iter().chain([a_customer(1).build()]);
    let mut world = World::with(people, orders);
    world.planner = Some(CountedRounds(200));
    world
}

async fn plan(world: &World, cause: WakeCause) {
    let zones: BTreeSet<Zone> = world
        .store
        .all_orders()
        .iter()
        .filter_map(|it| it.zone)
        .collect();
    for zone in zones {
        let wake = Wake {
            zone,
            cause,
            order_id: None,
            agent_id: None,
        };
        world.optimize().run(zone, &[wake]).await.unwrap();
    }
    world.assert_consistent();
}

fn reason(world: &World) -> Option<UnplacedReason> {
    world.store.all_orders()[0].waiting?.reason
}

#[tokio::test]
async fn an_order_whose_window_has_passed_fails_and_its_customer_hears_of_it() {
    let order = an_order(1)
        .picked_up_between("2030-05-06T08:00:00Z", "2030-05-06T08:20:00Z")
        .build();
    let world = world(vec![], vec![order.clone()]);
    plan(&world, WakeCause::OrderPending).await;
    let waiting = world.order(order.id).waiting.unwrap();
    assert_eq!(waiting.reason, Some(UnplacedReason::NoAgentOnDuty));
    assert_eq!(
        waiting.retry_at.to_string(),
        "2030-05-06T08:20:01Z",
        "no hour of waiting for nothing"
    );
    world.clock.advance(SignedDuration::from_mins(21));
    world.sweep().await;
    world.settle().await;
    let failed = world.order(order.id);
    assert_eq!((failed.status, failed.waiting), (OrderStatus::Failed, None));
    let line = failed.history.last().unwrap();
    assert_eq!(line.reason.as_deref(), Some(WINDOW_PASSED));
    let mails = world.mailer.take_sent();
    let [(to, mail)] = &mails[..] else {
        panic!("one email: {mails:?}");
    };
    assert_eq!(*to, user_id(1));
    assert!(
        mail.body
            .contains("No agent could be there within the time window.")
    );
}

#[tokio::test]
async fn an_order_without_a_window_is_never_outside_of_one() {
    let berta = an_agent(BERTA)
        .on_duty()
        .with_shift("2030-05-06T07:00:00Z", "2030-05-06T08:05:00Z");
    let world = world(vec![berta.build()], vec![an_order(1).build()]);
    plan(&world, WakeCause::OrderPending).await;
    assert_eq!(reason(&world), Some(UnplacedReason::OutsideShifts));
}

#[tokio::test]
async fn an_order_that_nobody_can_reach_in_time_says_so() {
    let order = an_order(1)
        .from(Landmarks::CAMP_NOU)
        .picked_up_between("2030-05-06T08:00:00Z", "2030-05-06T08:02:00Z");
    let berta = an_agent(BERTA).on_duty().build();
    let world = world(vec![berta], vec![order.build()]);
    plan(&world, WakeCause::OrderPending).await;
    assert_eq!(reason(&world), Some(UnplacedReason::OutsideTimeWindows));
}

#[tokio::test]
async fn an_agent_in_the_next_town_is_better_than_nobody() {
    let berta = an_agent(BERTA).starting_at(MANRESA).on_duty().build();
    let order = an_order(1).build();
    let zones = order.zone.unwrap().neighbours();
    assert!(!zones.contains(&berta.agent.as_ref().unwrap().zone.unwrap()));
    let world = world(vec![berta], vec![order.clone()]);
    plan(&world, WakeCause::OrderPending).await;
    assert_eq!(world.order(order.id).status, OrderStatus::Assigned);
}

#[tokio::test]
async fn an_agent_whose_shift_is_over_hides_nobody() {
    let berta = an_agent(BERTA)
        .on_duty()
        .with_shift("2030-05-06T05:00:00Z", "2030-05-06T07:30:00Z");
    let carla = an_agent(CARLA).starting_at(MANRESA).on_duty().build();
    let order = an_order(1).build();
    let world = world(vec![berta.build(), carla], vec![order.clone()]);
    plan(&world, WakeCause::OrderPending).await;
    let on = world.order(order.id).assignment.unwrap();
    assert_eq!(on.agent_id, user_id(CARLA));
}

#[tokio::test]
async fn an_agent_who_comes_on_duty_in_the_next_town_ends_the_pause() {
    let berta = an_agent(BERTA).starting_at(MANRESA).build();
    let order = an_order(1).build();
    let elsewhere = an_order(2).from(GIRONA).to(GIRONA).build();
    let world = world(vec![berta], vec![order.clone(), elsewhere.clone()]);
    plan(&world, WakeCause::OrderPending).await;
    assert_eq!(reason(&world), Some(UnplacedReason::NoAgentOnDuty));
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.order(order.id).status, OrderStatus::Assigned);
    let far = world.order(elsewhere.id).status;
    assert_eq!(far, OrderStatus::Pending, "nobody drives that far");
}

#[tokio::test]
async fn only_far_zones_with_waiting_orders_are_woken() {
    let berta = an_agent(BERTA).starting_at(MANRESA).build();
    let own = berta.agent.as_ref().unwrap().zone.unwrap();
    let order = an_order(1).build();
    let world = world(vec![berta], vec![order.clone()]);
    let set_on_duty = async |on_duty: bool| {
        let (caller, update) = (agent(BERTA), json!({"on_duty": on_duty}));
        world.update(&caller, user_id(BERTA), update).await.unwrap();
        world.store.take_changes()
    };
    let woken = async || {
        let changes = set_on_duty(true).await;
        world.announce().run(&changes).await.unwrap();
        set_on_duty(false).await;
        let wakes = world.wakes.take_messages().into_iter();
        wakes.map(|wake| wake.zone).collect::<BTreeSet<Zone>>()
    };
    let mut near = BTreeSet::from([own]);
    near.extend(own.neighbours());
    assert_eq!(woken().await, near, "no order has waited yet");
    plan(&world, WakeCause::OrderPending).await;
    let mut with_far = near.clone();
    with_far.insert(order.zone.unwrap());
    assert_eq!(woken().await, with_far);
    set_on_duty(true).await;
    let larger = json!({"vehicle": {"capacity": 50}});
    world
        .update(&agent(BERTA), user_id(BERTA), larger)
        .await
        .unwrap();
    let changes = world.store.take_changes();
    world.announce().run(&changes).await.unwrap();
    let wakes = world.wakes.take_messages().into_iter();
    let zones: BTreeSet<Zone> = wakes.map(|wake| wake.zone).collect();
    assert_eq!(zones, near, "a larger vehicle wakes no far zones");
    set_on_duty(false).await;
    world.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(woken().await, near, "a note ends");
}

#[tokio::test]
async fn an_agent_near_by_is_preferred_to_one_in_the_next_town() {
    let far = an_agent(BERTA).starting_at(MANRESA).on_duty().build();
    let near = an_agent(CARLA).on_duty().build();
    let order = an_order(1).build();
    let world = world(vec![far, near], vec![order.clone()]);
    plan(&world, WakeCause::OrderPending).await;
    let on = world.order(order.id).assignment.unwrap();
    assert_eq!(on.agent_id, user_id(CARLA));
}

#[tokio::test]
async fn an_agent_without_a_shift_works_as_long_as_needed() {
    let tonight = an_order(1)
        .dropped_off_between("2030-05-06T19:30:00Z", "2030-05-06T23:00:00Z")
        .to(GIRONA);
    // 1,200 km as the crow flies: a day and a half of driving.
    let far_away = an_order(2).to(Coordinates {
        lat: 50.0,
        lon: 14.4,
    });
    let berta = an_agent(BERTA).on_duty().build();
    let orders = vec![tonight.build(), far_away.build()];
    let world = world(vec![berta], orders);
    plan(&world, WakeCause::OrderPending).await;
    for order in world.store.all_orders() {
        assert_eq!(order.status, OrderStatus::Assigned, "{:?}", order.waiting);
    }
}

#[tokio::test]
async fn a_file_of_many_orders_does_not_delay_the_single_order_of_another() {
    let file = (1..=1_000).map(|n| an_order(n).of(user_id(2)).build());
    let berta = an_agent(BERTA).on_duty().with_capacity(100).build();
    let world = world(vec![berta], file.collect());
    world.clock.advance(SignedDuration::from_mins(1));
    let single = an_order(5_000).placed_at("2030-05-06T08:01:00Z").build();
    world.store.place(&single, None).await.unwrap();
    let wake = Wake {
        zone: single.zone.unwrap(),
        cause: WakeCause::OrderPending,
        order_id: Some(single.id),
        agent_id: None,
    };
    let mut optimize = world.optimize();
    optimize.provider = world.provider.clone();
    optimize.run(single.zone.unwrap(), &[wake]).await.unwrap();
    assert_eq!(
        world.order(single.id).status,
        OrderStatus::Assigned,
        "it had its turn after one order of the file"
    );
}

#[tokio::test]
async fn a_route_that_runs_late_gives_orders_to_an_agent_who_can_be_in_time() {
    let north = |km: u64| Coordinates {
        lat: 41.387 + 0.009 * km as f64,
        lon: 2.15,
    };
    let orders = (1..=5).map(|n| {
        let order = an_order(n).from(north(n)).to(north(n + 1));
        order
            .dropped_off_between("2030-05-06T08:00:00Z", "2030-05-06T09:20:00Z")
            .build()
    });
    let agents = vec![an_agent(BERTA).on_duty().build(), an_agent(CARLA).build()];
    let world = world(agents, orders.collect());
    plan(&world, WakeCause::OrderPending).await;
    let route = world.only_route();
    let first = route.stops[0].order_id;

    // Berta stands in a traffic jam. Carla has come on duty, and no plan has seen that.
    let on_duty = json!({"on_duty": true});
    world
        .update(&agent(CARLA), user_id(CARLA), on_duty)
        .await
        .unwrap();
    world.store.take_changes();
    world.clock.advance(SignedDuration::from_mins(50));
    world
        .set_status(&agent(BERTA), first, "in_progress")
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    let moved = world.store.all_orders().into_iter().filter(|order| {
        let on = order.assignment.unwrap();
        on.agent_id == user_id(CARLA)
    });
    assert!(moved.count() > 0);
}
