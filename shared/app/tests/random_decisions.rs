//! Random decisions, taps and plans: no plan undoes a decision, and no order is lost, doubled or on two routes.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use std::collections::HashMap;

use app::messages::{Wake, WakeCause};
use domain::{Coordinates, Order, OrderId, OrderStatus, Route, StopKind, UserId};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{CountedRounds, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, dispatcher};

const AGENTS: [u64; 3] = [10, 11, 12];

#[derive(Debug, Clone)]
enum Step {
    Assign {
        order: prop::sample::Index,
        agent: usize,
        position: Option<&'static str>,
        pinned: bool,
    },
    Before {
        order: prop::sample::Index,
        other: prop::sample::Index,
        agent: usize,
    },
    Release {
        order: prop::sample::Index,
        hold: Option<bool>,
        not: Option<usize>,
    },
    Sequence {
        agent: usize,
        turn: usize,
        pinned_through: usize,
    },
    Transfer {
        from: usize,
        to: Option<usize>,
    },
    Tap {
        order: prop::sample::Index,
        status: &'static str,
    },
    Duty {
        agent: usize,
        on: bool,
    },
    Faults(Vec<NextWrite>),
    Plan,
    Wait {
        minutes: i64,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let order = any::<prop::sample::Index>();
    let agent = 0..AGENTS.len();
    let position = prop::option::of(prop::sample::select(vec!["best", "next", "last"]));
    let status = prop::sample::select(vec!["in_progress", "in_progress", "delivered", "failed"]);
    let fault = prop::sample::select(vec![
        NextWrite::Succeeds,
        NextWrite::Conflicts,
        NextWrite::LosesItsAnswer,
    ]);
    let assign = (order.clone(), agent.clone(), position, any::<bool>());
    let release = (
        order.clone(),
        any::<Option<bool>>(),
        prop::option::of(agent.clone()),
    );
    prop_oneof![
        4 => assign.prop_map(|(order, agent, position, pinned)| Step::Assign { order, agent, position, pinned }),
        2 => (order.clone(), order.clone(), agent.clone())
            .prop_map(|(order, other, agent)| Step::Before { order, other, agent }),
        2 => release.prop_map(|(order, hold, not)| Step::Release { order, hold, not }),
        2 => (agent.clone(), 0..8_usize, 0..8_usize)
            .prop_map(|(agent, turn, pinned_through)| Step::Sequence { agent, turn, pinned_through }),
        1 => (agent.clone(), prop::option::of(agent.clone())).prop_map(|(from, to)| Step::Transfer { from, to }),
        3 => (order, status).prop_map(|(order, status)| Step::Tap { order, status }),
        1 => (agent, prop::bool::weighted(0.8)).prop_map(|(agent, on)| Step::Duty { agent, on }),
        1 => prop::collection::vec(fault, 1..3).prop_map(Step::Faults),
        5 => Just(Step::Plan),
        1 => (1..40_i64).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

/// The pickups of the route in another sequence: each comes `turn` places later. Then the drop-offs.
fn turned(route: &Route, turn: usize) -> Value {
    let (mut pickups, dropoffs): (Vec<_>, Vec<_>) = route
        .open_stops()
        .map(|stop| stop.visit())
        .partition(|visit| visit.1 == StopKind::Pickup);
    if !pickups.is_empty() {
        let by = turn % pickups.len();
        pickups.rotate_left(by);
    }
    let all = pickups.into_iter().chain(dropoffs);
    all.map(|(order, kind)| json!({"order_id": order, "kind": kind}))
        .collect()
}

/// What a plan must leave as it is.
#[derive(Debug, PartialEq)]
struct Decisions {
    held: Vec<OrderId>,
    /// The agents of the pinned orders.
    pins: HashMap<OrderId, UserId>,
    /// The pinned beginnings of the routes.
    beginnings: HashMap<UserId, Vec<(OrderId, StopKind)>>,
}

impl Decisions {
    fn of(world: &World) -> Self {
        let orders = world.store.all_orders();
        let held = orders.iter().filter(|order| order.decided.held);
        let pinned = orders.iter().filter(|order| order.decided.pinned);
        let routes = world.store.all_routes();
        let open = routes.iter().filter(|route| route.pinned_through() > 0);
        Self {
            held: held.map(|order| order.id).collect(),
            pins: pinned
                .map(|order| (order.id, order.assignment.unwrap().agent_id))
                .collect(),
            beginnings: open
                .map(|route| {
                    let pinned = route.open_stops().take(route.pinned_through());
                    (route.agent_id, pinned.map(|stop| stop.visit()).collect())
                })
                .collect(),
        }
    }
}

fn refused(orders: &[Order]) -> HashMap<OrderId, Vec<UserId>> {
    let lists = orders
        .iter()
        .map(|it| (it.id, it.decided.refused_agents.clone()));
    lists.collect()
}

/// Plans all zones, as if everything had changed.
async fn plan(world: &World) {
    let decided = Decisions::of(world);
    let orders = world.store.all_orders();
    let wake = Wake {
        zone: orders[0].zone.unwrap(),
        cause: WakeCause::AgentAvailable,
        order_id: None,
        agent_id: None,
    };
    let _ = world
        .optimize()
        .run(wake.zone, std::slice::from_ref(&wake))
        .await;
    assert_eq!(
        Decisions::of(world),
        decided,
        "a plan has undone a decision"
    );
    let refused = refused(&orders);
    for order in world.store.all_orders() {
        let before = orders.iter().find(|it| it.id == order.id).unwrap();
        let is_new = order.assignment != before.assignment;
        if let Some(on) = order.assignment.filter(|_| is_new) {
            assert!(
                !refused[&order.id].contains(&on.agent_id),
                "a refused agent got the order"
            );
        }
        if before.decided.held {
            assert_eq!(
                order.status,
                OrderStatus::Pending,
                "a plan took a held order"
            );
        }
    }
}

/// Runs one step. A refusal is fine: only the stored records matter here.
async fn take(world: &World, step: Step) {
    let orders = world.store.all_orders();
    let id = |agent: usize| user_id(AGENTS[agent]);
    match step {
        Step::Assign {
            order,
            agent,
            position,
            pinned,
        } => {
            let body = json!({"agent_id": id(agent), "position": position, "pinned": pinned, "force": true});
            let _ = world.assign(order.get(&orders).id, body).await;
        }
        Step::Before {
            order,
            other,
            agent,
        } => {
            let before = json!({"before": other.get(&orders).id});
            let body = json!({"agent_id": id(agent), "position": before, "force": true});
            let _ = world.assign(order.get(&orders).id, body).await;
        }
        Step::Release { order, hold, not } => {
            let not: Vec<UserId> = not.map(id).into_iter().collect();
            let _ = world
                .release(order.get(&orders).id, json!({"hold": hold, "not": not}))
                .await;
        }
        Step::Sequence {
            agent,
            turn,
            pinned_through,
        } => {
            if let Some(route) = world.open_route(AGENTS[agent]) {
                let stops = turned(&route, turn);
                let most = stops.as_array().unwrap().len();
                let body = json!({
                    "version": route.version, "stops": stops, "pinned_through": pinned_through.min(most),
                    "force": true,
                });
                let _ = world.sequence(id(agent), body).await;
            }
        }
        Step::Transfer { from, to } => {
            let body = json!({"to": to.map(id), "force": true});
            let _ = world.transfer(id(from), body).await;
        }
        Step::Tap { order, status } => {
            let order = order.get(&orders);
            if let Some(on) = order.assignment {
                let by = AGENTS.into_iter().find(|it| user_id(*it) == on.agent_id);
                let _ = world
                    .set_status(&agent(by.unwrap()), order.id, status)
                    .await;
            }
        }
        Step::Duty { agent: number, on } => {
            let body = if on {
                json!({"on_duty": true})
            } else {
                json!({"on_duty": false, "release": true})
            };
            let _ = world.update(&dispatcher(), id(number), body).await;
        }
        Step::Faults(faults) => world.store.next_writes(faults),
        Step::Plan => plan(world).await,
        Step::Wait { minutes } => world.clock.advance(SignedDuration::from_mins(minutes)),
    }
}

fn place(number: u64) -> Coordinates {
    Coordinates {
        lat: 41.36 + (number * 7 % 20) as f64 * 0.002,
        lon: 2.15 + (number * 13 % 20) as f64 * 0.002,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_plan_undoes_a_decision(steps in prop::collection::vec(any_step(), 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let agents = AGENTS.map(|number| an_agent(number).on_duty().with_capacity(6).build());
            let orders = (1..=14).map(|n| an_order(n).from(place(n)).to(place(n + 30)).build());
            let users = agents.into_iter().chain([a_customer(1).build()]);
            let mut world = World::with(users, orders);
            world.planner = Some(CountedRounds(20));
            for step in steps {
                take(&world, step).await;
                world.assert_consistent();
            }
        });
    }
}

#[tokio::test]
async fn with_200_pinned_and_200_free_orders_every_pin_is_kept() {
    let agents: Vec<u64> = (1_000..1_010).collect();
    let users = agents.iter().map(|number| {
        an_agent(*number)
            .on_duty()
            .with_capacity(100)
            .starting_at(place(*number))
            .build()
    });
    let orders = (1..=400).map(|n| an_order(n).from(place(n)).to(place(3 * n + 5)).build());
    let mut world = World::with(users.chain([a_customer(1).build()]), orders);
    world.planner = Some(CountedRounds(10));
    let ids: Vec<OrderId> = world.store.all_orders().iter().map(|it| it.id).collect();
    for (index, order) in ids[..200].iter().enumerate() {
        let body = json!({"agent_id": user_id(agents[index % 10]), "position": "last"});
        world.assign(*order, body).await.unwrap();
    }
    for number in &agents[..5] {
        let route = world.open_route(*number).unwrap();
        let body =
            json!({"version": route.version, "stops": turned(&route, 7), "pinned_through": 25});
        world.sequence(user_id(*number), body).await.unwrap();
    }
    for _ in 0..3 {
        plan(&world).await;
        world.assert_consistent();
        world.clock.advance(SignedDuration::from_mins(5));
    }
    let assigned = world
        .store
        .all_orders()
        .into_iter()
        .filter(|it| it.status == OrderStatus::Assigned);
    let assigned = assigned.count();
    assert!(
        assigned > 300,
        "the free orders are planned around the pins: {assigned}"
    );
}
