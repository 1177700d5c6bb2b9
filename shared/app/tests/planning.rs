//! The optimizer: what it plans with, when it looks again, and what becomes of plans that collide.

#![allow(clippy::unwrap_used)]

mod world;

use std::sync::{Arc, Mutex};

use app::Refusal;
use app::messages::{Wake, WakeCause};
use app::ports::{OrderPlacement, RoutePage, RouteStore, StoreError};
use async_trait::async_trait;
use domain::{Order, OrderStatus, Route, RouteId, RouteStatus, UnplacedReason, UserId, Zone};
use futures::executor::block_on;
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{Landmarks, MemoryStore, NextWrite, an_agent, an_order};
use world::{World, agent};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

fn wake(zone: Zone, cause: WakeCause) -> Wake {
    Wake {
        zone,
        cause,
        order_id: None,
        agent_id: None,
    }
}

fn not_assigned(world: &World) -> Vec<Order> {
    let mut orders = world.store.all_orders();
    orders.retain(|order| order.status != OrderStatus::Assigned);
    orders
}

#[tokio::test]
async fn the_pause_grows_while_an_order_does_not_fit() {
    let too_large = an_order(1).with_size(11).build();
    let world = World::with([an_agent(BERTA).on_duty().build()], [too_large.clone()]);
    for minutes in [1, 2, 4] {
        world.sweep().await;
        world.clock.advance(SignedDuration::from_secs(31));
        world.sweep().await;
        world.settle().await;
        let order = world.order(too_large.id);
        let waiting = order.waiting.unwrap();
        assert_eq!(waiting.reason, Some(UnplacedReason::OverCapacity));
        assert_eq!(
            waiting.retry_at - order.updated_at,
            jiff::Span::new().seconds(minutes * 60).fieldwise()
        );
        world.clock.advance(SignedDuration::from_mins(minutes));
    }
}

#[tokio::test]
async fn an_order_for_tomorrow_waits_until_its_window_comes_near() {
    let tomorrow = an_order(1)
        .picked_up_between("2030-05-07T08:00:00Z", "2030-05-07T10:00:00Z")
        .build();
    let world = World::with([an_agent(BERTA).on_duty().build()], [tomorrow.clone()]);
    world.clock.advance(SignedDuration::from_secs(60));
    world.sweep().await;
    world.settle().await;
    let waiting = world.order(tomorrow.id).waiting.unwrap();
    assert_eq!(waiting.retry_at.to_string(), "2030-05-06T20:00:00Z");
    assert_eq!(waiting.reason, None);
    world.clock.advance(SignedDuration::from_hours(12));
    world.sweep().await;
    world.settle().await;
    assert_eq!(world.order(tomorrow.id).status, OrderStatus::Assigned);
}

#[tokio::test]
async fn two_runs_over_one_zone_put_no_order_on_two_routes() {
    let agents = [
        an_agent(BERTA).on_duty().build(),
        an_agent(CARLA).on_duty().build(),
    ];
    let orders = (1..=6).map(|n| an_order(n).build());
    let world = World::with(agents, orders);
    let zone = world.store.all_orders()[0].zone.unwrap();
    let other = world.optimize();
    let clock = world.clock.clone();
    // The first run is so slow that its lease expires, and another plans and commits before it.
    world.provider.meanwhile(move || {
        clock.advance(SignedDuration::from_secs(61));
        block_on(other.run(zone, &[])).unwrap();
    });
    let report = world.optimize().run(zone, &[]).await.unwrap();
    assert!(report.conflicts > 0, "the slow run lost");
    world.assert_consistent();
    world.settle().await;
    world.assert_consistent();
    assert!(
        world
            .store
            .all_orders()
            .iter()
            .all(|order| order.status == OrderStatus::Assigned)
    );
}

#[tokio::test]
async fn a_wake_up_during_a_plan_leads_to_another_plan() {
    let agents = [an_agent(BERTA).on_duty().build()];
    let world = World::with(agents, [an_order(1).build()]);
    let zone = world.store.all_orders()[0].zone.unwrap();
    let other = world.optimize();
    world.provider.meanwhile(move || {
        let report = block_on(other.run(zone, &[])).unwrap();
        assert_eq!(report.provider, None, "the zone is taken");
    });
    world.optimize().run(zone, &[]).await.unwrap();
    let causes: Vec<WakeCause> = world
        .wakes
        .take()
        .into_iter()
        .map(|(wake, _)| wake.cause)
        .collect();
    assert_eq!(causes, [WakeCause::AskedMeanwhile]);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_made_once() {
    let world = World::with([an_agent(BERTA).on_duty().build()], [an_order(1).build()]);
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.store.next_writes([NextWrite::LosesItsAnswer]);
    let lost = world.optimize().run(zone, &[]).await;
    assert!(
        matches!(lost, Err(Refusal::Unavailable(_))),
        "the messages come again"
    );
    world.optimize().run(zone, &[]).await.unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.only_route().version, 1);
}

#[tokio::test]
async fn a_full_route_takes_no_more_than_forty_orders() {
    let world = World::with(
        [an_agent(BERTA).on_duty().with_capacity(100).build()],
        (1..=45).map(|n| an_order(n).build()),
    );
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.optimize().run(zone, &[]).await.unwrap();
    world.assert_consistent();
    assert_eq!(world.only_route().open_orders().len(), 40);
    let left = world
        .store
        .all_orders()
        .into_iter()
        .filter_map(|order| order.waiting?.reason);
    assert_eq!(left.collect::<Vec<_>>(), [UnplacedReason::OverCapacity; 5]);
}

#[tokio::test]
async fn a_delivery_makes_room_for_an_order_that_waited_for_it() {
    let world = World::with(
        [an_agent(BERTA).on_duty().with_capacity(100).build()],
        (1..=41).map(|n| an_order(n).build()),
    );
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.optimize().run(zone, &[]).await.unwrap();
    world.settle().await;
    assert_eq!(not_assigned(&world).len(), 1);
    let first = world.only_route().stops[0].order_id;
    world
        .set_status(&agent(BERTA), first, "delivered")
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(
        world.only_route().open_orders().len(),
        40,
        "one route takes them all"
    );
}

#[tokio::test]
async fn nobody_is_expected_before_a_window_opens_whatever_the_second_is() {
    let agents = [an_agent(BERTA).on_duty().build()];
    let early = an_order(1)
        .picked_up_between("2030-05-06T08:10:00.250Z", "2030-05-06T09:00:00Z")
        .build();
    let world = World::with(agents, [early.clone()]);
    world.clock.advance(SignedDuration::from_millis(653));
    world
        .optimize()
        .run(early.zone.unwrap(), &[])
        .await
        .unwrap();
    let request = world.provider.take_requests().pop().unwrap();
    let window = request.orders[0]
        .pickup
        .and_then(|stop| stop.window)
        .unwrap();
    // Planned from 08:00:01: 08:10:01 is the first full second within, 09:00:00 the last.
    assert_eq!((window.earliest_s, window.latest_s), (600, 3599));
    assert_eq!(
        world.only_route().from.at.to_string(),
        "2030-05-06T08:00:01Z"
    );
}

#[tokio::test]
async fn no_window_is_too_odd_to_plan_with() {
    for (start, end) in [
        ("-009998-01-01T00:00:00Z", "9998-12-31T23:59:59Z"),
        ("2030-05-06T08:10:00.100Z", "2030-05-06T08:10:00.900Z"),
    ] {
        let odd = an_order(1)
            .picked_up_between(start, end)
            .dropped_off_between(start, end)
            .build();
        let agent = an_agent(BERTA).on_duty().with_shift(start, end).build();
        let world = World::with([agent], [odd.clone()]);
        world.optimize().run(odd.zone.unwrap(), &[]).await.unwrap();
        let request = world.provider.take_requests().pop().unwrap();
        let vehicles = request.vehicles;
        let spec = planner::InstanceSpec {
            travel: planner::TravelMatrix::new(request.places.len(), vec![0; 4], vec![0; 4])
                .unwrap(),
            vehicles,
            orders: request.orders,
            objective: planner::Objective::duration(),
        };
        assert!(planner::Instance::new(spec).is_ok(), "{start} to {end}");
    }
}

#[tokio::test]
async fn a_lost_race_over_orders_that_paused_still_ends_their_pauses() {
    // Two zones side by side, an order pausing in each, and one agent whom both plans want.
    let in_town = an_order(1).from(Landmarks::CAMP_NOU).build();
    let next_door = an_order(2).from(Landmarks::BADALONA).build();
    assert_ne!(in_town.zone, next_door.zone);
    let world = World::with([an_agent(BERTA).build()], [in_town, next_door]);
    world.clock.advance(SignedDuration::from_secs(31));
    world.sweep().await;
    world.settle().await;
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.store.next_writes([NextWrite::Conflicts]);
    world.settle().await;
    for order in world.store.all_orders() {
        assert_eq!(order.status, OrderStatus::Assigned, "{:?}", order.waiting);
    }
}

#[tokio::test]
async fn routes_that_fill_a_plan_leave_room_for_orders() {
    // More full routes around than a plan has points: none of them can take anything.
    let world = World::with(
        (0..20).map(|n| an_agent(BERTA + n).on_duty().with_capacity(100).build()),
        (1..=800).map(|n| an_order(n).build()),
    );
    let zone = world.store.all_orders()[0].zone.unwrap();
    for _ in 0..3 {
        world.optimize().run(zone, &[]).await.unwrap();
    }
    world.assert_consistent();
    let late = an_order(900).build();
    world.store.place(&late, None).await.unwrap();
    let report = world.optimize().run(zone, &[]).await.unwrap();
    assert_eq!(report.left_for_next, 0);
    assert_eq!(
        world.order(late.id).waiting.unwrap().attempts,
        1,
        "it pauses, and nobody spins"
    );
}

#[tokio::test]
async fn what_others_asked_of_a_holder_who_wakes_nobody_is_still_asked_for() {
    let pausing = an_order(1).build();
    let zone = pausing.zone.unwrap();
    let world = World::with([an_agent(BERTA).build()], [pausing]);
    world.optimize().run(zone, &[]).await.unwrap();
    world.store.place(&an_order(2).build(), None).await.unwrap();
    let (other, update, wakes) = (world.optimize(), world.update_agent(), world.wakes.clone());
    world.provider.meanwhile(move || {
        let (berta, on_duty) = (user_id(BERTA).to_string(), json!({"on_duty": true}));
        block_on(update.run(&agent(BERTA), &berta, &on_duty)).unwrap();
        let came = wake(zone, WakeCause::AgentAvailable);
        block_on(other.run(zone, &[came])).unwrap();
        wakes.set_away(true);
    });
    let asked = [wake(zone, WakeCause::OrderPending)];
    world.optimize().run(zone, &asked).await.unwrap_err();
    world.wakes.set_away(false);
    // Berta's own wake-up is done with: the other run left word.
    world.store.take_changes();
    world.optimize().run(zone, &asked).await.unwrap();
    world.settle().await;
    assert_eq!(not_assigned(&world), []);
}

#[tokio::test]
async fn whatever_number_of_orders_waits_for_agents_all_are_placed_when_these_come() {
    let orders = (1..=900).map(|n| an_order(n).build());
    let world = World::with((0..25).map(|n| an_agent(BERTA + n).build()), orders);
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.wakes_again(&[wake(zone, WakeCause::Overdue)]).await;
    world.settle().await;
    for order in world.store.all_orders() {
        let reason = order.waiting.unwrap().reason;
        assert_eq!(reason, Some(UnplacedReason::NoAgentOnDuty), "{}", order.id);
    }
    for number in BERTA..BERTA + 25 {
        let on_duty = json!({"on_duty": true});
        world
            .update(&agent(number), user_id(number), on_duty)
            .await
            .unwrap();
    }
    world.settle().await;
    assert_eq!(
        not_assigned(&world).len(),
        0,
        "they pause while agents idle"
    );
}

#[tokio::test]
async fn agents_too_few_for_all_that_waits_are_not_planned_with_for_ever() {
    let orders = (1..=900).map(|n| an_order(n).build());
    let world = World::with([an_agent(BERTA).build()], orders);
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.wakes_again(&[wake(zone, WakeCause::Overdue)]).await;
    world.settle().await;
    world
        .update(&agent(BERTA), user_id(BERTA), json!({"on_duty": true}))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(not_assigned(&world).len(), 860);
}

/// Routes of which each, once it is read, has something happen to it.
struct Busy {
    store: Arc<MemoryStore>,
    after_reading: Mutex<Box<dyn FnMut() + Send>>,
}

#[async_trait]
impl RouteStore for Busy {
    async fn route(&self, agent: UserId, route: RouteId) -> Result<Option<Route>, StoreError> {
        let read = self.store.route(agent, route).await;
        self.after_reading.lock().unwrap()();
        read
    }

    async fn whole_routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        let read = self.store.whole_routes(ids).await;
        self.after_reading.lock().unwrap()();
        read
    }

    async fn routes(&self, ids: &[(UserId, RouteId)]) -> Result<Vec<Route>, StoreError> {
        self.store.routes(ids).await
    }

    async fn routes_of(
        &self,
        agent: UserId,
        status: Option<RouteStatus>,
        before: Option<RouteId>,
        limit: usize,
    ) -> Result<RoutePage, StoreError> {
        self.store.routes_of(agent, status, before, limit).await
    }
}

/// Berta with `orders` on her route, and one more order that waits. She picks up the next order on each of the first
/// `taps` times that somebody has read her route.
async fn picking_up(orders: u64, taps: usize) -> (World, Busy, Order) {
    let world = World::with(
        [an_agent(BERTA).on_duty().with_capacity(100).build()],
        (1..=orders).map(|n| an_order(n).build()),
    );
    let aboard = world.store.all_orders();
    world
        .optimize()
        .run(aboard[0].zone.unwrap(), &[])
        .await
        .unwrap();
    let late = an_order(orders + 1).build();
    world.store.place(&late, None).await.unwrap();
    let change = world.change_status();
    let mut taps = aboard
        .into_iter()
        .map(|order| order.id.to_string())
        .take(taps);
    let pick_up = move || {
        if let Some(order) = taps.next() {
            let status = json!({"status": "in_progress"});
            block_on(change.run(&agent(BERTA), &order, &status)).unwrap();
        }
    };
    let busy = Busy {
        store: world.store.clone(),
        after_reading: Mutex::new(Box::new(pick_up)),
    };
    (world, busy, late)
}

#[tokio::test]
async fn an_agent_who_taps_while_the_route_is_read_is_read_again() {
    let (world, busy, late) = picking_up(1, 1).await;
    let mut optimize = world.optimize();
    optimize.routes = Arc::new(busy);
    let report = optimize.run(late.zone.unwrap(), &[]).await.unwrap();
    assert_eq!((report.assigned, report.conflicts), (1, 0));
    world.assert_consistent();
}

#[tokio::test]
async fn of_an_agent_who_never_holds_still_nobody_says_that_they_are_not_on_duty() {
    let (world, busy, late) = picking_up(9, 9).await;
    let mut optimize = world.optimize();
    optimize.routes = Arc::new(busy);
    let report = optimize.run(late.zone.unwrap(), &[]).await.unwrap();
    assert_eq!((report.assigned, report.conflicts), (0, 1));
    assert_eq!(report.unplaced, []);
    assert_eq!(
        world.order(late.id).waiting,
        late.waiting,
        "nothing is known"
    );
    world.settle().await;
    assert_eq!(world.order(late.id).status, OrderStatus::Assigned);
}

#[tokio::test]
async fn an_agent_whose_route_is_lost_is_left_out_and_nobody_spins() {
    let mut lost = an_agent(BERTA).on_duty().build();
    lost.agent.as_mut().unwrap().open_route_id = Some(RouteId(user_id(1).0));
    let order = an_order(1).build();
    let world = World::with([lost], [order.clone()]);
    let report = world
        .optimize()
        .run(order.zone.unwrap(), &[])
        .await
        .unwrap();
    assert_eq!(report.conflicts, 0);
    assert_eq!(report.unplaced, [UnplacedReason::NoAgentOnDuty]);
}

#[tokio::test]
async fn where_all_routes_are_full_the_reason_is_not_that_nobody_is_on_duty() {
    let world = World::with(
        [an_agent(BERTA).on_duty().with_capacity(100).build()],
        (1..=40).map(|n| an_order(n).build()),
    );
    let zone = world.store.all_orders()[0].zone.unwrap();
    world.optimize().run(zone, &[]).await.unwrap();
    world
        .store
        .place(&an_order(41).build(), None)
        .await
        .unwrap();
    let report = world.optimize().run(zone, &[]).await.unwrap();
    assert_eq!(report.unplaced, [UnplacedReason::OverCapacity]);
}
