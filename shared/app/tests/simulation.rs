//! Random days: taps, orders, suspensions, lost races and lost answers in any order, with every message delivered
//! twice. The records are consistent after each step, and in the end every parcel is delivered.

#![allow(clippy::unwrap_used)]

mod world;

use std::collections::BTreeMap;

use app::recipients::MOST_MESSAGES;
use domain::{Moment, OrderStatus, VariantArray};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{CountedRounds, Landmarks, NextWrite, a_customer, an_agent};
use world::{World, agent, customer, dispatcher};

const AGENTS: [u64; 3] = [10, 11, 12];

#[derive(Debug, Clone)]
enum Step {
    Order {
        size: u32,
        far: bool,
    },
    Duty {
        agent: usize,
        on: bool,
    },
    Approve {
        agent: usize,
        active: bool,
    },
    Tap {
        order: prop::sample::Index,
        status: &'static str,
    },
    Cancel {
        order: prop::sample::Index,
    },
    Faults(Vec<NextWrite>),
    Settle,
    Wait {
        minutes: i64,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let order = any::<prop::sample::Index>();
    let taps = prop::sample::select(vec!["in_progress", "delivered", "delivered", "failed"]);
    let fault = prop::sample::select(vec![
        NextWrite::Succeeds,
        NextWrite::Conflicts,
        NextWrite::IsRefused,
        NextWrite::LosesItsAnswer,
    ]);
    prop_oneof![
        4 => (1..=4_u32, any::<bool>()).prop_map(|(size, far)| Step::Order { size, far }),
        2 => (0..3_usize, prop::bool::weighted(0.8)).prop_map(|(agent, on)| Step::Duty { agent, on }),
        1 => (0..3_usize, any::<bool>()).prop_map(|(agent, active)| Step::Approve { agent, active }),
        6 => (order.clone(), taps).prop_map(|(order, status)| Step::Tap { order, status }),
        1 => order.prop_map(|order| Step::Cancel { order }),
        1 => prop::collection::vec(fault, 1..4).prop_map(Step::Faults),
        4 => Just(Step::Settle),
        1 => (1..90_i64).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

/// Every other recipient has an email address; the others have a phone.
fn contact(number: usize) -> Value {
    if number.is_multiple_of(2) {
        json!({"email": format!("door-{number}@example.com")})
    } else {
        json!({"phone": format!("+34 600 000 {number:03}")})
    }
}

/// The messages to recipients: no parcel has more than four, and each moment is told once. Each contact is of one
/// order.
fn assert_told_once(world: &World) {
    let emails = world.ses.take_sent().into_iter();
    let emails = emails.map(|(to, email)| (to, email.subject));
    // The words before the first full stop or time are those of the moment.
    let ends = |character: char| character == '.' || character.is_ascii_digit();
    let moment = |text: String| text.split(ends).next().unwrap().to_owned();
    let texts = world.phones.take_sent().into_iter();
    let texts = texts.map(|(to, text)| (to, moment(text)));
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (to, what) in emails.chain(texts) {
        told.entry(to).or_default().push(what);
    }
    let orders = world.store.all_orders().into_iter();
    let delivered = orders.filter(|order| order.status == OrderStatus::Delivered);
    assert!(told.len() >= delivered.count(), "somebody was told nothing");
    for (to, mut what) in told {
        assert!(what.len() <= MOST_MESSAGES, "{to}: {what:?}");
        let all = what.len();
        what.sort();
        what.dedup();
        assert_eq!(what.len(), all, "{to}: {what:?}");
    }
}

/// Runs one step. A refusal is fine: only the stored records matter here.
async fn take(world: &World, step: Step) {
    let orders = world.store.all_orders();
    match step {
        Step::Order { size, far } => {
            let to = if far {
                Landmarks::CAMP_NOU
            } else {
                Landmarks::SAGRADA_FAMILIA
            };
            let body = json!({
                "pickup": {"location": Landmarks::PLACA_CATALUNYA},
                "dropoff": {"location": to, "contact": contact(orders.len())},
                "size": size,
            });
            let _ = world.place_order().run(&customer(1), &body, None).await;
        }
        Step::Duty { agent: index, on } => {
            let number = AGENTS[index];
            let _ = world
                .update(&agent(number), user_id(number), json!({"on_duty": on}))
                .await;
        }
        Step::Approve { agent, active } => {
            let status = if active { "active" } else { "suspended" };
            let id = user_id(AGENTS[agent]);
            let _ = world
                .update(&dispatcher(), id, json!({"status": status}))
                .await;
        }
        Step::Tap { order, status } if !orders.is_empty() => {
            let order = order.get(&orders);
            if let Some(on) = order.assignment {
                let by = AGENTS
                    .into_iter()
                    .find(|number| user_id(*number) == on.agent_id)
                    .unwrap();
                let _ = world.set_status(&agent(by), order.id, status).await;
            }
        }
        Step::Cancel { order } if !orders.is_empty() => {
            let _ = world
                .set_status(&customer(1), order.get(&orders).id, "cancelled")
                .await;
        }
        Step::Tap { .. } | Step::Cancel { .. } => {}
        Step::Faults(faults) => world.store.next_writes(faults),
        Step::Settle => world.settle().await,
        Step::Wait { minutes } => {
            world.clock.advance(SignedDuration::from_mins(minutes));
            world.sweep().await;
        }
    }
}

/// The dispatcher settles the orders aboard of suspended agents, the agents finish their routes, and the day ends.
async fn finish(world: &World) {
    world.store.next_writes([]);
    for number in AGENTS {
        world
            .update(&dispatcher(), user_id(number), json!({"status": "active"}))
            .await
            .unwrap();
        world
            .update(&agent(number), user_id(number), json!({"on_duty": true}))
            .await
            .unwrap();
    }
    for _ in 0..20 {
        world.clock.advance(SignedDuration::from_hours(2));
        world.sweep().await;
        world.settle().await;
        world.assert_consistent();
        for order in world.store.all_orders() {
            if matches!(
                order.status,
                OrderStatus::Assigned | OrderStatus::InProgress
            ) {
                world
                    .set_status(&dispatcher(), order.id, "delivered")
                    .await
                    .unwrap();
            }
        }
    }
    world.settle().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_books_are_always_right_and_every_parcel_arrives(
        steps in prop::collection::vec(any_step(), 1..60),
        orders_move in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let agents = AGENTS.map(|number| an_agent(number).build());
            let mut world = World::with(agents.into_iter().chain([a_customer(1).build()]), []);
            world.deliveries = 2;
            world.moments = Moment::VARIANTS.iter().copied().collect();
            world.planner = orders_move.then_some(CountedRounds(50));
            for step in steps {
                take(&world, step).await;
                world.assert_consistent();
            }
            finish(&world).await;
            for order in world.store.all_orders() {
                assert!(order.status.next().is_empty(), "{:?} at the end of the day", order.status);
            }
            assert_told_once(&world);
            let mut told = world.take_told("");
            let all = told.len();
            told.sort();
            told.dedup();
            assert_eq!(told.len(), all, "nothing is told twice");
            assert!(!world.mailer.has_given_up(user_id(1)));
            let delivered = world.store.all_orders().into_iter().filter(|order| order.status == OrderStatus::Delivered);
            let told_delivered = told.iter().filter(|name| name.ends_with("/delivered")).count();
            assert_eq!(told_delivered, delivered.count(), "each delivery is told once");
            let assigned = told.iter().filter(|name| name.ends_with("/assigned/0")).count();
            assert!(assigned <= world.store.all_orders().len(), "a first agent is told once for each order");
        });
    }
}
