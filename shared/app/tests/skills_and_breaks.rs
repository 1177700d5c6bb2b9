//! What agents can do and when they rest, as the planner is told.

#![allow(clippy::unwrap_used)]

mod world;

use domain::UnplacedReason;
use jiff::SignedDuration;
use serde_json::json;
use testkit::build::user_id;
use testkit::{an_agent, an_order};
use world::{World, agent, dispatcher};

const BERTA: u64 = 10;
const CARLA: u64 = 11;
const DORA: u64 = 12;

#[tokio::test]
async fn an_order_allows_the_agents_with_all_its_skills() {
    let agents = [
        an_agent(BERTA).skilled_in(&["cold"]),
        an_agent(CARLA).skilled_in(&["adr", "cargo-bike", "cold"]),
        an_agent(DORA),
    ];
    let orders = [
        an_order(1).requiring(&["cold"]).build(),
        an_order(2).requiring(&["cold", "adr"]).build(),
        an_order(3).requiring(&["stairs"]).build(),
        an_order(4).build(),
    ];
    let zone = orders[0].zone.unwrap();
    let world = World::with(agents.map(|it| it.on_duty().build()), orders);
    world.optimize().run(zone, &[]).await.unwrap();
    let request = world.provider.take_requests().pop().unwrap();
    let mut allowed: Vec<_> = request
        .orders
        .iter()
        .map(|it| it.allowed_vehicles.clone())
        .collect();
    allowed.sort_unstable();
    assert_eq!(
        allowed,
        [None, Some(vec![]), Some(vec![0, 1]), Some(vec![1])]
    );
}

#[tokio::test]
async fn an_order_that_only_a_refused_agent_could_take_says_so() {
    let cold = an_order(1).requiring(&["cold"]).build();
    let warm = an_order(2).build();
    let berta = an_agent(BERTA).skilled_in(&["cold"]).on_duty().build();
    let world = World::with([berta], [cold.clone(), warm.clone()]);
    for order in [cold.id, warm.id] {
        let not_berta = json!({"not": [user_id(BERTA)]});
        world.release(order, not_berta).await.unwrap();
    }
    world.optimize().run(cold.zone.unwrap(), &[]).await.unwrap();
    for order in [cold.id, warm.id] {
        let waiting = world.order(order).waiting.unwrap();
        assert_eq!(waiting.reason, Some(UnplacedReason::OnlyRefusedAgents));
    }
}

#[tokio::test]
async fn an_agent_who_gets_the_skill_gets_the_order() {
    let order = an_order(1).requiring(&["cold"]).build();
    let world = World::with([an_agent(BERTA).on_duty().build()], [order.clone()]);
    world.clock.advance(SignedDuration::from_secs(31));
    world.sweep().await;
    world.settle().await;
    let waiting = world.order(order.id).waiting.unwrap();
    assert_eq!(waiting.reason, Some(UnplacedReason::NoAgentWithSkills));
    world
        .update(&dispatcher(), user_id(BERTA), json!({"skills": ["cold"]}))
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.only_route().stops.len(), 2);
    // An agent who has lost the skill keeps what is on the route, unless somebody else has it.
    world
        .update(&dispatcher(), user_id(BERTA), json!({"skills": []}))
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.only_route().open_orders(), [order.id]);
}

#[tokio::test]
async fn a_route_is_timed_around_the_breaks_of_its_agent() {
    // It is 08:00. The second break is a matter of the next month.
    let berta = an_agent(BERTA)
        .on_duty()
        .with_shift("2030-05-06T06:00:00Z", "2031-05-06T18:00:00Z")
        .resting("2030-05-06T08:01:00Z", "2030-05-06T08:30:00Z", 45)
        .resting("2030-06-20T08:00:00Z", "2030-06-20T08:30:00Z", 45)
        .build();
    let order = an_order(1).build();
    let world = World::with([berta.clone()], [order.clone()]);
    world
        .optimize()
        .run(order.zone.unwrap(), &[])
        .await
        .unwrap();
    let request = world.provider.take_requests().pop().unwrap();
    let [pause] = request.vehicles[0].breaks[..] else {
        panic!("one break: {request:?}");
    };
    assert_eq!(
        (
            pause.window.earliest_s,
            pause.window.latest_s,
            pause.duration_s
        ),
        (60, 1800, 2700)
    );
    assert_eq!(world.only_route().breaks, berta.agent.unwrap().breaks);
    // The tap at the pickup times the drop-off by the breaks that the route knows.
    world.clock.advance(SignedDuration::from_secs(30));
    world
        .set_status(&agent(BERTA), order.id, "in_progress")
        .await
        .unwrap();
    let route = world.only_route();
    let expected = route.stops[0].done_at.unwrap()
        + SignedDuration::from_secs(2700 + i64::from(route.stops[1].leg.duration_s));
    assert!(route.stops[1].leg.duration_s > 30);
    assert_eq!(route.stops[1].eta, expected);
}

#[tokio::test]
async fn an_idle_agent_rests_since_the_break_is_due() {
    let berta = an_agent(BERTA)
        .on_duty()
        .with_shift("2030-05-06T06:00:00Z", "2030-05-06T18:00:00Z")
        .resting("2030-05-06T07:40:00Z", "2030-05-06T07:50:00Z", 30)
        .build();
    let order = an_order(1).build();
    let world = World::with([berta], [order.clone()]);
    world
        .optimize()
        .run(order.zone.unwrap(), &[])
        .await
        .unwrap();
    let request = world.provider.take_requests().pop().unwrap();
    // Until 08:10.
    assert_eq!(request.vehicles[0].shift.start_s, 600);
    assert_eq!(
        world.only_route().from.at.to_string(),
        "2030-05-06T08:10:00Z"
    );
}
