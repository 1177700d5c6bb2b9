//! Edits of orders after they were placed, and what follows for their routes.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use std::sync::{Arc, Mutex};

use app::ports::{Changeset, DispatchLedger, OrderPlacement, StoreError};
use app::{Caller, IfMatch, Refusal};
use async_trait::async_trait;
use domain::{Actor, Order, OrderField, OrderId, OrderStatus, Priority, RouteStatus, StopKind};
use futures::executor::block_on;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{Landmarks, MemoryStore, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 2;

/// Does something before the first write, as another process may.
struct Meanwhile {
    ledger: Arc<MemoryStore>,
    act: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[async_trait]
impl DispatchLedger for Meanwhile {
    async fn commit(&self, change: &Changeset) -> Result<(), StoreError> {
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        self.ledger.commit(change).await
    }
}

/// Two orders of customer 1. With an agent on duty both are on the agent's route.
async fn placed(on_duty: bool) -> (World, Order, Order) {
    let orders = [1, 2].map(|n| an_order(n).build());
    let berta = an_agent(BERTA);
    let berta = if on_duty { berta.on_duty() } else { berta };
    let people = [a_customer(1).build(), a_customer(3).build(), berta.build()];
    let world = World::with(people, []);
    for order in &orders {
        world.store.place(order, None).await.unwrap();
    }
    world.settle().await;
    let [first, second] = orders.map(|order| world.order(order.id));
    (world, first, second)
}

async fn edit(world: &World, caller: &Caller, id: OrderId, patch: Value) -> Result<Value, Refusal> {
    let edit = world.edit_order();
    let answer = edit.run(caller, &id.to_string(), &patch, None).await;
    answer.map(|answer| serde_json::to_value(answer).unwrap())
}

fn pointers(refused: Result<Value, Refusal>) -> Vec<String> {
    match refused {
        Err(Refusal::Invalid(faults)) => faults.into_iter().map(|it| it.pointer).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_field_of_a_pending_order_may_change() {
    let (world, order, _) = placed(false).await;
    let later = "2030-05-06T12:00:00Z";
    let patch = json!({
        "pickup": {"location": {"lat": 41.45, "lon": 2.2474}, "address": "Badalona", "service_s": null,
            "window": {"start": "2030-05-06T09:00:00Z", "end": later}},
        "dropoff": {"contact": {"name": "Pau"}}, "size": 3, "requires": ["cold"], "notes": "Ring twice.",
    });
    edit(&world, &customer(1), order.id, patch).await.unwrap();
    let edited = world.order(order.id);
    assert_eq!(edited.pickup.location, Some(Landmarks::BADALONA));
    assert_ne!(edited.zone, order.zone, "it is planned in its new zone");
    assert_eq!(edited.dropoff.location, order.dropoff.location);
    assert_eq!((edited.size, edited.requires.len()), (3, 1));
    assert_eq!(edited.version, order.version + 1);
    let line = edited.history.last().unwrap();
    assert_eq!(
        (line.status, line.by),
        (OrderStatus::Pending, Actor::Customer)
    );
    assert!(line.edited.contains(&OrderField::PickupWindow));
    assert!(!line.edited.contains(&OrderField::DropoffLocation));
    // A window that is removed, and one of which only the end changes.
    let patch = json!({"pickup": {"window": null}, "dropoff": {"window": {"end": later}}});
    let refused = edit(&world, &customer(1), order.id, patch).await;
    assert_eq!(pointers(refused), ["#/dropoff/window/start"]);
    let patch = json!({"pickup": {"window": {"end": "2030-05-06T13:00:00Z"}}});
    edit(&world, &customer(1), order.id, patch).await.unwrap();
    let window = world.order(order.id).pickup.window.unwrap();
    assert_eq!(window.start.to_string(), "2030-05-06T09:00:00Z");
    let patch = json!({"pickup": {"window": null}, "notes": null});
    edit(&world, &customer(1), order.id, patch).await.unwrap();
    let edited = world.order(order.id);
    assert_eq!((edited.pickup.window, edited.notes), (None, None));
}

#[tokio::test]
async fn what_follows_a_failure_and_the_proof_change_without_a_new_plan() {
    let (world, order, _) = placed(true).await;
    let asked = json!({
        "on_failure": "retry",
        "requires_proof": {"pickup": {"photo": true}, "dropoff": {"signature": true, "barcodes": ["A"]}},
    });
    let edited = edit(&world, &customer(1), order.id, asked.clone()).await;
    let edited = edited.unwrap();
    assert_eq!(edited["status"], "assigned");
    assert_eq!(edited["requires_proof"], asked["requires_proof"]);
    let version = world.order(order.id).version;
    edit(&world, &customer(1), order.id, asked).await.unwrap();
    assert_eq!(world.order(order.id).version, version, "the same again");

    // The company asks for a photo at the door, and a stop without a word of its own follows it.
    let mut edit_order = world.edit_order();
    edit_order.required_proof.dropoff.photo = true;
    let id = order.id.to_string();
    let follow = json!({"requires_proof": {"dropoff": null}, "on_failure": null});
    let answer = edit_order.run(&customer(1), &id, &follow, None).await;
    let answer = serde_json::to_value(answer.unwrap()).unwrap();
    let both = json!({"pickup": {"photo": true}, "dropoff": {"photo": true}});
    assert_eq!(answer["requires_proof"], both);
    assert!(answer.get("on_failure").is_none());
    // An order that requires nothing does not follow the company because of another edit.
    let nothing =
        json!({"requires_proof": {"pickup": {"photo": null}, "dropoff": {"photo": false}}});
    edit(&world, &customer(1), order.id, nothing).await.unwrap();
    let other = json!({"notes": "Ring.", "on_failure": "retry"});
    edit_order
        .run(&customer(1), &id, &other, None)
        .await
        .unwrap();
    assert!(world.order(order.id).requires_proof.is_none());
}

#[tokio::test]
async fn aboard_a_customer_asks_for_more_proof_and_a_dispatcher_also_for_less() {
    let (world, order, _) = placed(true).await;
    let id = order.id;
    let proof = |dropoff: Value| json!({"requires_proof": {"dropoff": dropoff}});
    let asked = proof(json!({"photo": true, "barcodes": ["A"]}));
    edit(&world, &customer(1), id, asked).await.unwrap();
    let berta = agent(BERTA);
    world.set_status(&berta, id, "in_progress").await.unwrap();
    for less in [
        json!({"photo": false, "pin": true}),
        json!({"barcodes": ["B"]}),
        json!(null),
    ] {
        let refused = edit(&world, &customer(1), id, proof(less)).await;
        assert_eq!(pointers(refused), ["#/requires_proof/dropoff"]);
    }
    let more = proof(json!({"pin": true, "barcodes": ["B", "A"]}));
    edit(&world, &customer(1), id, more).await.unwrap();
    let at_pickup = json!({"requires_proof": {"pickup": {"photo": true}}});
    for caller in [customer(1), dispatcher()] {
        let refused = edit(&world, &caller, id, at_pickup.clone()).await;
        assert_eq!(pointers(refused), ["#/requires_proof/pickup"]);
    }
    let less = proof(json!({"photo": null, "pin": null}));
    edit(&world, &dispatcher(), id, less).await.unwrap();
    assert_eq!(world.order(id).requires_proof.dropoff.barcodes, ["B", "A"]);

    // What follows a failure can change until there is one.
    let retry = json!({"on_failure": "return"});
    edit(&world, &customer(1), id, json!({"on_failure": "retry"}))
        .await
        .unwrap();
    let failed = json!({"status": "failed", "reason_code": "nobody_home"});
    let change = world.change_status();
    change.run(&berta, &id.to_string(), &failed).await.unwrap();
    for caller in [customer(1), dispatcher()] {
        let refused = edit(&world, &caller, id, retry.clone()).await;
        assert_eq!(pointers(refused), ["#/on_failure"]);
    }
    edit(&world, &dispatcher(), id, proof(json!(null)))
        .await
        .unwrap();
    change
        .run(
            &dispatcher(),
            &id.to_string(),
            &json!({"status": "returning"}),
        )
        .await
        .unwrap();
    let refused = edit(&world, &dispatcher(), id, proof(json!({"pin": true}))).await;
    assert_eq!(pointers(refused), ["#/requires_proof/dropoff"]);
}

#[tokio::test]
async fn a_pending_order_is_planned_at_once_after_an_edit() {
    // It waits out a pause, because nobody is there.
    let (world, order, _) = placed(false).await;
    assert!(world.order(order.id).waiting.unwrap().attempts > 0);
    edit(
        &world,
        &customer(1),
        order.id,
        json!({"notes": "Ring twice."}),
    )
    .await
    .unwrap();
    assert!(world.order(order.id).waiting.unwrap().attempts > 0);
    edit(&world, &customer(1), order.id, json!({"size": 2}))
        .await
        .unwrap();
    assert_eq!(world.order(order.id).waiting.unwrap().attempts, 0);
    let changes = world.store.take_changes();
    world.announce().run(&changes).await.unwrap();
    let woken: Vec<_> = world
        .wakes
        .take()
        .into_iter()
        .map(|(wake, _)| wake.order_id)
        .collect();
    assert_eq!(woken, [Some(order.id)], "the notes wake nobody");
}

#[tokio::test]
async fn an_edit_that_plans_depend_on_takes_the_order_off_its_route_and_plans_it_again() {
    let (world, order, other) = placed(true).await;
    let patch = json!({"dropoff": {"location": {"lat": 41.4145, "lon": 2.1527}}});
    let answer = edit(&world, &customer(1), order.id, patch).await.unwrap();
    assert_eq!(answer["status"], "pending");
    assert_eq!(world.only_route().open_orders(), [other.id]);
    world.assert_consistent();
    world.settle().await;
    world.assert_consistent();
    let edited = world.order(order.id);
    assert_eq!(edited.status, OrderStatus::Assigned);
    let route = world.only_route();
    let mut stops = route.open_stops().filter(|stop| stop.order_id == order.id);
    assert!(stops.any(|stop| stop.location == Landmarks::PARK_GUELL));
    let emails = world.mailer.take_sent();
    let to_customer = emails.iter().filter(|(to, _)| *to == user_id(1));
    let (of_times, others): (Vec<_>, Vec<_>) =
        to_customer.partition(|(_, mail)| mail.subject.contains("is expected at another time"));
    assert_eq!(others.len(), 2, "one email about each order");
    assert_eq!(
        of_times.len(),
        1,
        "the other order waits for the edited one"
    );
}

#[tokio::test]
async fn the_last_order_that_leaves_a_route_sets_the_agent_free() {
    let (world, order, other) = placed(true).await;
    for id in [order.id, other.id] {
        edit(&world, &customer(1), id, json!({"size": 2}))
            .await
            .unwrap();
        world.assert_consistent();
    }
    assert_eq!(world.only_route().status, RouteStatus::Cancelled);
    world.settle().await;
    world.assert_consistent();
    assert_eq!(world.order(order.id).status, OrderStatus::Assigned);
}

#[tokio::test]
async fn an_edit_that_no_plan_depends_on_leaves_the_order_on_its_route() {
    let (world, order, _) = placed(true).await;
    let route = world.only_route();
    let patch = json!({"notes": "Ring twice.", "dropoff": {"contact": {"phone": "+34 600"}}});
    let answer = edit(&world, &customer(1), order.id, patch).await.unwrap();
    assert_eq!(answer["status"], "assigned");
    assert!(answer["eta"].is_string());
    assert_eq!(world.only_route(), route);
    // The text of the address is in the route too.
    let same = json!({"lat": order.dropoff.location.unwrap().lat, "lon": order.dropoff.location.unwrap().lon});
    let patch = json!({"dropoff": {"address": "Back door", "location": same}});
    edit(&world, &customer(1), order.id, patch).await.unwrap();
    let route = world.only_route();
    let mut stops = route.open_stops().filter(|stop| stop.order_id == order.id);
    assert!(stops.any(|stop| stop.address.as_deref() == Some("Back door")));
    world.assert_consistent();
    let edited = world.order(order.id);
    assert_eq!(edited.assignments(), 1, "an edit is no assignment");
}

#[tokio::test]
async fn aboard_only_some_fields_change_and_the_place_only_by_a_dispatcher() {
    let (world, order, _) = placed(true).await;
    world
        .set_status(&agent(BERTA), order.id, "in_progress")
        .await
        .unwrap();
    let window = json!({"start": "2030-05-06T08:00:00Z", "end": "2030-05-06T11:00:00Z"});
    let patch = json!({"notes": "Ring twice.", "pickup": {"contact": {"name": "Pau"}},
        "dropoff": {"contact": {"name": "Laia"}, "window": window}});
    edit(&world, &customer(1), order.id, patch).await.unwrap();
    let route = world.only_route();
    let dropoff = |route: &domain::Route| {
        let mut stops = route.open_stops();
        stops
            .find(|it| (it.order_id, it.kind) == (order.id, StopKind::Dropoff))
            .cloned()
            .unwrap()
    };
    assert!(dropoff(&route).not_after.is_some());

    let place = json!({"dropoff": {"location": {"lat": 41.4145, "lon": 2.1527}}});
    let refused = edit(&world, &customer(1), order.id, place.clone()).await;
    assert_eq!(pointers(refused), ["#/dropoff/location"]);
    let patch = json!({"size": 2, "requires": ["cold"], "pickup": {"service_s": 60}, "notes": "x"});
    let refused = edit(&world, &dispatcher(), order.id, patch).await;
    assert_eq!(
        pointers(refused),
        ["#/pickup/service_s", "#/size", "#/requires"]
    );
    assert_eq!(world.order(order.id).notes.as_deref(), Some("Ring twice."));

    edit(&world, &dispatcher(), order.id, place).await.unwrap();
    world.assert_consistent();
    let moved = world.only_route();
    assert_eq!(dropoff(&moved).location, Landmarks::PARK_GUELL);
    assert_ne!(
        dropoff(&moved).leg,
        dropoff(&route).leg,
        "the way is another one"
    );
    assert!(dropoff(&moved).eta > dropoff(&route).eta);
    let edited = world.order(order.id);
    assert_eq!(edited.status, OrderStatus::InProgress);
    assert_eq!(edited.history.last().unwrap().by, Actor::Dispatcher);
}

#[tokio::test]
async fn only_its_customer_and_dispatchers_edit_an_order_and_only_dispatchers_the_priority() {
    let (world, order, _) = placed(true).await;
    let notes = json!({"notes": "x"});
    for (caller, expected) in [(customer(3), "no such thing"), (agent(BERTA), "role")] {
        let refused = edit(&world, &caller, order.id, notes.clone())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    let urgent = json!({"priority": "urgent"});
    let refused = edit(&world, &customer(1), order.id, urgent.clone()).await;
    assert_eq!(pointers(refused), ["#/priority"]);
    assert_eq!(world.order(order.id), order);
    edit(&world, &dispatcher(), order.id, urgent).await.unwrap();
    assert_eq!(world.order(order.id).priority, Priority::Urgent);
}

#[tokio::test]
async fn an_order_that_has_ended_does_not_change() {
    let (world, order, _) = placed(true).await;
    world
        .set_status(&customer(1), order.id, "cancelled")
        .await
        .unwrap();
    let refused = edit(&world, &customer(1), order.id, json!({"notes": "x"})).await;
    assert!(matches!(refused, Err(Refusal::OrderEnded { .. })));
}

#[tokio::test]
async fn an_edit_of_another_version_or_of_nothing_is_not_written() {
    let (world, order, _) = placed(true).await;
    let run = async |patch: Value, version: u64| {
        let expected = IfMatch::OneOf(vec![version]);
        let id = order.id.to_string();
        world
            .edit_order()
            .run(&customer(1), &id, &patch, Some(&expected))
            .await
    };
    let stale = run(json!({"size": 2}), order.version - 1).await;
    assert!(
        matches!(stale, Err(Refusal::PreconditionFailed { current }) if current == order.version)
    );
    for nothing in [json!({}), json!({"size": 1, "notes": null, "pickup": {}})] {
        run(nothing, 99).await.unwrap();
    }
    assert_eq!(world.order(order.id), order);
    run(json!({"size": 2}), order.version).await.unwrap();
    assert_eq!(world.order(order.id).version, order.version + 1);
}

#[tokio::test]
async fn an_edit_that_loses_a_race_decides_again() {
    // The agent picks the order up between the reading and the write.
    let (world, order, _) = placed(true).await;
    let change = world.change_status();
    let id = order.id.to_string();
    let picked_up = id.clone();
    let mut edit_order = world.edit_order();
    edit_order.ledger = Arc::new(Meanwhile {
        ledger: world.store.clone(),
        act: Mutex::new(Some(Box::new(move || {
            let body = json!({"status": "in_progress"});
            block_on(change.run(&agent(BERTA), &picked_up, &body)).unwrap();
        }))),
    });
    let patch = json!({"size": 2});
    let edited = edit_order.run(&customer(1), &id, &patch, None).await;
    let refused = edited.map(|answer| serde_json::to_value(answer).unwrap());
    assert_eq!(pointers(refused), ["#/size"]);
    world.assert_consistent();
    assert_eq!(world.order(order.id).status, OrderStatus::InProgress);
}

#[tokio::test]
async fn a_plan_that_is_made_during_an_edit_does_not_use_the_old_order() {
    let (world, order, _) = placed(false).await;
    let edit_order = world.edit_order();
    world.provider.meanwhile(move || {
        let patch = json!({"size": 7});
        let id = order.id.to_string();
        block_on(edit_order.run(&customer(1), &id, &patch, None)).unwrap();
    });
    let on = json!({"on_duty": true});
    world
        .update(&agent(BERTA), user_id(BERTA), on)
        .await
        .unwrap();
    world.settle().await;
    world.assert_consistent();
    let planned = world.order(order.id);
    assert_eq!((planned.status, planned.size), (OrderStatus::Assigned, 7));
}

#[tokio::test]
async fn places_outside_of_the_limits_are_refused() {
    let (world, order, _) = placed(false).await;
    let patch = json!({"dropoff": {"location": {"lat": 35.6812, "lon": 139.7671}}});
    let refused = edit(&world, &customer(1), order.id, patch).await;
    assert_eq!(pointers(refused), ["#/dropoff/location"]);
    let patch = json!({"dropoff": {"address": "Carrer de Mallorca 401"}});
    let refused = edit(&world, &customer(1), order.id, patch).await;
    assert_eq!(
        pointers(refused),
        ["#/dropoff/location"],
        "nobody knows where that is"
    );
}

#[tokio::test]
async fn a_history_keeps_the_last_edits_and_every_status() {
    let (world, order, _) = placed(true).await;
    for n in 0..40 {
        let notes = json!({"notes": format!("note {n}")});
        edit(&world, &customer(1), order.id, notes).await.unwrap();
    }
    let history = world.order(order.id).history;
    let edits = history
        .iter()
        .filter(|line| !line.edited.is_empty())
        .count();
    assert_eq!(edits, 30);
    assert_eq!(history.len(), 32);
    assert_eq!(history[0].status, OrderStatus::Pending);
}

/// The order of an import whose drop-off has an address that is not placed yet.
async fn unplaced(world: &World) -> Order {
    let located = an_order(5).build();
    let mut order = Order {
        zone: None,
        ..located
    };
    order.dropoff.location = None;
    order.dropoff.address = Some("Carrer de Mallorca 401".to_owned());
    world.store.place(&order, None).await.unwrap();
    order
}

#[tokio::test]
async fn an_order_that_waits_for_its_location_is_on_no_route_until_an_edit_gives_one() {
    let (world, ..) = placed(true).await;
    let order = unplaced(&world).await;
    world.settle().await;
    let waiting = world.order(order.id);
    assert_eq!((waiting.status, waiting.version), (OrderStatus::Pending, 1));

    // No geocoder is configured in this world. What does not touch the place may change all the same.
    let answer = edit(
        &world,
        &customer(1),
        order.id,
        json!({"notes": "ring twice"}),
    )
    .await;
    let answer = answer.unwrap();
    assert_eq!(answer["unplaced_reason"], "address_pending");
    assert_eq!(
        answer["dropoff"],
        json!({"address": "Carrer de Mallorca 401", "service_s": 120})
    );
    let other = json!({"dropoff": {"address": "Carrer de Mallorca 403"}});
    let refused = edit(&world, &customer(1), order.id, other).await;
    assert_eq!(pointers(refused), ["#/dropoff/location"]);

    let at = Landmarks::SAGRADA_FAMILIA;
    let given = json!({"dropoff": {"location": {"lat": at.lat, "lon": at.lon}}});
    let answer = edit(&world, &customer(1), order.id, given).await.unwrap();
    assert_eq!(answer["status"], "pending");
    assert_eq!(answer.get("unplaced_reason"), None);
    world.settle().await;
    assert_eq!(world.order(order.id).status, OrderStatus::Assigned);
}
