//! Dispatchers decide about orders and routes, and the optimizer respects it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod world;

use app::orders::{AssignOrder, ReleaseOrder};
use app::ports::OrderStore;
use app::routes::by_hand::DecisionFaultCode as Code;
use app::routes::{SequenceStops, TransferRoute};
use app::{IfMatch, Refusal};
use domain::{
    Coordinates, DecisionKind, Order, OrderId, OrderStatus, Route, RouteStatus, StopKind,
    UserStatus,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::build::user_id;
use testkit::{CountedRounds, Landmarks, NextWrite, a_customer, an_agent, an_order};
use world::{World, agent, customer, dispatcher};

const BERTA: u64 = 10;
const CARLA: u64 = 11;

fn at(east: f64, north: f64) -> Coordinates {
    Coordinates {
        lat: 41.38 + north * 0.01,
        lon: 2.17 + east * 0.01,
    }
}

/// Two agents on duty, and so many pending orders.
fn world(orders: u64) -> World {
    let agents = [BERTA, CARLA].map(|number| an_agent(number).on_duty().build());
    let orders = (1..=orders).map(|n| an_order(n).from(at(0.2, 0.1 * n as f64)).build());
    World::with(agents.into_iter().chain([a_customer(1).build()]), orders)
}

fn ids(world: &World) -> Vec<OrderId> {
    world
        .store
        .all_orders()
        .iter()
        .map(|order| order.id)
        .collect()
}

fn to(agent: u64) -> Value {
    json!({"agent_id": user_id(agent)})
}

fn visits(route: &Route) -> Vec<(OrderId, StopKind)> {
    route.open_stops().map(|stop| stop.visit()).collect()
}

/// The codes of a decision that is not possible.
fn codes<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<Code> {
    match outcome.unwrap_err() {
        Refusal::DecisionNotPossible(faults) => faults.into_iter().map(|it| it.code).collect(),
        other => panic!("{other:?}"),
    }
}

fn pointers<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<String> {
    match outcome.unwrap_err() {
        Refusal::Invalid(faults) => faults.into_iter().map(|it| it.pointer).collect(),
        other => panic!("{other:?}"),
    }
}

fn stops(visits: &[(OrderId, StopKind)]) -> Value {
    let stops = visits
        .iter()
        .map(|(order, kind)| json!({"order_id": order, "kind": kind}));
    stops.collect()
}

#[tokio::test]
async fn a_dispatcher_puts_a_pending_order_on_a_route_and_the_agent_hears_of_it_once() {
    let world = world(2);
    let [one, other] = ids(&world)[..] else {
        panic!()
    };
    world.assign(one, to(BERTA)).await.unwrap();
    world.settle().await;
    let order = world.order(one);
    assert_eq!(order.assignment.unwrap().agent_id, user_id(BERTA));
    assert!(order.decided.pinned);
    let line = order.history.last().unwrap();
    assert_eq!(line.status, OrderStatus::Assigned);
    let decision = line.decision.unwrap();
    assert_eq!(
        (decision.kind, decision.user_id, decision.agent_id),
        (
            DecisionKind::Assigned,
            dispatcher().user_id,
            Some(user_id(BERTA))
        )
    );
    let mails = world.mailer.take_sent();
    let to_berta = mails.iter().filter(|(user, _)| *user == user_id(BERTA));
    assert_eq!(to_berta.count(), 1);
    world.assert_consistent();

    // A second decision about the same route: the route knows both.
    world.assign(other, to(BERTA)).await.unwrap();
    let route = world.open_route(BERTA).unwrap();
    let about: Vec<_> = route
        .decisions
        .iter()
        .map(|it| it.decision.order_id)
        .collect();
    assert_eq!(about, [Some(one), Some(other)]);
    world.assert_consistent();
}

#[tokio::test]
async fn an_assigned_order_goes_to_another_agent_and_its_customer_hears_nothing() {
    let world = world(1);
    let one = ids(&world)[0];
    world.assign(one, to(BERTA)).await.unwrap();
    world.settle().await;
    world.mailer.take_sent();
    world.assign(one, to(CARLA)).await.unwrap();
    world.settle().await;
    assert!(world.open_route(BERTA).is_none(), "Berta is free");
    assert_eq!(visits(&world.open_route(CARLA).unwrap()).len(), 2);
    let told: Vec<_> = world
        .mailer
        .take_sent()
        .into_iter()
        .map(|(user, _)| user)
        .collect();
    assert!(!told.contains(&user_id(1)), "the customer knows already");
    assert_eq!(told.iter().filter(|it| **it == user_id(CARLA)).count(), 1);
    assert_eq!(world.order(one).assignments(), 1);
    world.assert_consistent();
}

#[tokio::test]
async fn an_order_goes_to_the_place_that_the_dispatcher_names() {
    let world = world(4);
    let [a, b, c, d] = ids(&world)[..] else {
        panic!()
    };
    for order in [a, b] {
        let body = json!({"agent_id": user_id(BERTA), "position": "last", "pinned": false});
        world.assign(order, body).await.unwrap();
    }
    let pairs = |order| [(order, StopKind::Pickup), (order, StopKind::Dropoff)];
    let route = || world.open_route(BERTA).unwrap();
    assert_eq!(visits(&route()), [pairs(a), pairs(b)].concat());
    let body = json!({"agent_id": user_id(BERTA), "position": {"before": b}, "pinned": true});
    world.assign(c, body).await.unwrap();
    let place = |order| {
        visits(&route())
            .iter()
            .position(|it| *it == (order, StopKind::Pickup))
            .unwrap()
    };
    assert_eq!(place(c) + 1, place(b));
    assert_eq!(
        route().pinned_through(),
        place(c) + 1,
        "what comes before it stays, too"
    );
    let body = json!({"agent_id": user_id(BERTA), "position": "next"});
    world.assign(d, body).await.unwrap();
    // The agent may be driving to the first stop already.
    assert_eq!(place(d), 1);
    world.assert_consistent();
    assert_eq!(
        pointers(
            world
                .assign(
                    d,
                    json!({"agent_id": user_id(BERTA), "position": {"before": d}})
                )
                .await
        ),
        ["#/position/before"]
    );
    assert_eq!(
        pointers(world.assign(d, to(1)).await),
        ["#/agent_id"],
        "a customer is no agent"
    );
}

#[tokio::test]
async fn what_the_routes_do_not_allow_is_told_precisely() {
    let world = world(3);
    let [aboard, big, late] = ids(&world)[..] else {
        panic!()
    };
    let body = json!({"agent_id": user_id(BERTA)});
    world.assign(aboard, body.clone()).await.unwrap();
    world
        .set_status(&agent(BERTA), aboard, "in_progress")
        .await
        .unwrap();
    assert_eq!(
        codes(world.assign(aboard, to(CARLA)).await),
        [Code::OrderAboard]
    );
    assert_eq!(
        codes(world.release(aboard, json!({})).await),
        [Code::OrderAboard]
    );

    let put = |change: Box<dyn Fn(&mut Order)>, id| {
        let mut order = world.order(id).changed(domain::Timestamp::UNIX_EPOCH);
        change(&mut order);
        order
    };
    use app::ports::OrderStore;
    let cold = put(
        Box::new(|order| order.requires = [domain::Skill::named("cold").unwrap()].into()),
        big,
    );
    world.store.put_order(&cold).await.unwrap();
    assert_eq!(
        codes(world.assign(big, to(CARLA)).await),
        [Code::MissingSkill]
    );
    let warm = put(Box::new(|order| order.requires = [].into()), big);
    world.store.put_order(&warm).await.unwrap();
    let bigger = put(Box::new(|order| order.size = 11), big);
    world.store.put_order(&bigger).await.unwrap();
    assert_eq!(
        codes(world.assign(big, to(BERTA)).await),
        [Code::CapacityExceeded]
    );
    let window = domain::TimeWindow {
        start: "2030-05-06T07:00:00Z".parse().unwrap(),
        end: "2030-05-06T08:01:00Z".parse().unwrap(),
    };
    let sooner = put(
        Box::new(move |order| order.dropoff.window = Some(window)),
        late,
    );
    world.store.put_order(&sooner).await.unwrap();
    assert_eq!(
        codes(world.assign(late, to(CARLA)).await),
        [Code::WindowBroken]
    );
    let forced = json!({"agent_id": user_id(CARLA), "force": true});
    let answer = world.assign(late, forced).await.unwrap();
    assert_eq!(answer.warnings.len(), 1);
    assert!(answer.warnings[0].late_s > 0);

    world
        .update(
            &agent(CARLA),
            user_id(CARLA),
            json!({"on_duty": false, "release": true}),
        )
        .await
        .unwrap();
    assert_eq!(
        codes(world.assign(big, to(CARLA)).await),
        [Code::AgentOffDuty]
    );
    world
        .update(
            &dispatcher(),
            user_id(CARLA),
            json!({"status": "suspended"}),
        )
        .await
        .unwrap();
    assert_eq!(
        codes(world.assign(big, to(CARLA)).await),
        [Code::AgentInactive]
    );
    world
        .set_status(&dispatcher(), late, "cancelled")
        .await
        .unwrap();
    assert!(matches!(
        world.assign(late, to(BERTA)).await,
        Err(Refusal::StepNotAllowed { .. })
    ));
    world.assert_consistent();
}

#[tokio::test]
async fn a_full_route_takes_no_more() {
    let world = world(41);
    let orders = ids(&world);
    for order in &orders[..40] {
        let body = json!({"agent_id": user_id(BERTA), "position": "last"});
        world.assign(*order, body).await.unwrap();
    }
    assert_eq!(
        codes(world.assign(orders[40], to(BERTA)).await),
        [Code::RouteFull]
    );
    // Another place on the same route needs no room.
    world.assign(orders[3], to(BERTA)).await.unwrap();
    world.assert_consistent();
    // The whole route moves in one transaction.
    let answer = world
        .transfer(user_id(BERTA), json!({"to": user_id(CARLA)}))
        .await
        .unwrap();
    assert_eq!(answer.moved.len(), 40);
    world.assert_consistent();
}

#[tokio::test]
async fn a_held_order_waits_until_it_is_held_no_more() {
    let world = world(1);
    let one = ids(&world)[0];
    world.release(one, json!({"hold": true})).await.unwrap();
    world.wakes_again(&[wake(&world, one)]).await;
    world.clock.advance(SignedDuration::from_hours(3));
    world.sweep().await;
    world.settle().await;
    assert_eq!(world.order(one).status, OrderStatus::Pending);
    // A call that says the same again writes nothing.
    let version = world.order(one).version;
    world.release(one, json!({"hold": true})).await.unwrap();
    assert_eq!(world.order(one).version, version);
    world.release(one, json!({"hold": false})).await.unwrap();
    world.settle().await;
    assert_eq!(
        world.order(one).status,
        OrderStatus::Assigned,
        "its zone was woken"
    );
}

fn wake(world: &World, order: OrderId) -> app::messages::Wake {
    app::messages::Wake {
        zone: world.order(order).zone.unwrap(),
        cause: app::messages::WakeCause::AgentAvailable,
        order_id: Some(order),
        agent_id: None,
    }
}

#[tokio::test]
async fn a_released_order_leaves_its_route_and_the_history_tells_who_did_that() {
    let world = world(2);
    let [one, other] = ids(&world)[..] else {
        panic!()
    };
    world.assign(one, to(BERTA)).await.unwrap();
    world.assign(other, to(BERTA)).await.unwrap();
    let body = json!({"hold": true, "not": [user_id(BERTA)]});
    world.release(one, body).await.unwrap();
    let order = world.order(one);
    assert_eq!(
        (order.status, order.assignment),
        (OrderStatus::Pending, None)
    );
    assert_eq!(order.decided.refused_agents, [user_id(BERTA)]);
    assert!(order.decided.held && !order.decided.pinned);
    let kind = |line: &domain::HistoryLine| line.decision.map(|it| it.kind);
    assert_eq!(
        kind(order.history.last().unwrap()),
        Some(DecisionKind::Held)
    );
    let route = world.open_route(BERTA).unwrap();
    assert_eq!(route.open_orders(), [other]);
    assert_eq!(
        route.decisions.last().unwrap().decision.kind,
        DecisionKind::Held
    );
    world.assert_consistent();
    // Customers do not see who decided, nor whom the order must not meet.
    let seen = world
        .show_order()
        .run(&customer(1), &one.to_string())
        .await
        .unwrap();
    let seen = serde_json::to_string(&seen).unwrap();
    assert!(
        !seen.contains("decision") && !seen.contains(&user_id(BERTA).to_string()),
        "{seen}"
    );
    // The agent may get it again only from a dispatcher.
    world.assign(one, to(BERTA)).await.unwrap();
    assert!(world.order(one).decided.refused_agents.is_empty());
}

#[tokio::test]
async fn a_dispatcher_sets_the_sequence_and_the_optimizer_leaves_it() {
    let mut world = world(4);
    world.planner = Some(CountedRounds(200));
    let orders = ids(&world);
    for order in &orders[..3] {
        world
            .assign(*order, json!({"agent_id": user_id(BERTA), "pinned": false}))
            .await
            .unwrap();
    }
    let route = world.open_route(BERTA).unwrap();
    // The worst way: all pickups, and then the drop-offs, both from the last to the first.
    let by_kind = |kind| orders[..3].iter().rev().map(move |order| (*order, kind));
    let wanted: Vec<_> = by_kind(StopKind::Pickup)
        .chain(by_kind(StopKind::Dropoff))
        .collect();
    let body = json!({"version": route.version, "stops": stops(&wanted)});
    world.sequence(user_id(BERTA), body.clone()).await.unwrap();
    assert_eq!(world.open_route(BERTA).unwrap().pinned_through(), 6);
    world.settle().await;
    world.clock.advance(SignedDuration::from_mins(2));
    world.wakes_again(&[wake(&world, orders[3])]).await;
    world.settle().await;
    let planned = visits(&world.open_route(BERTA).unwrap());
    assert_eq!(
        planned[..6],
        wanted[..],
        "each pinned stop keeps its agent and its place"
    );
    assert_eq!(world.order(orders[3]).status, OrderStatus::Assigned);
    world.assert_consistent();

    let stale = world.sequence(user_id(BERTA), body).await;
    let current = world.open_route(BERTA).unwrap().version;
    match stale {
        Err(Refusal::VersionConflict { current: told }) => assert_eq!(told, current),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_agent_hears_once_of_another_sequence_and_not_of_pins() {
    let world = world(2);
    for order in ids(&world) {
        let body = json!({"agent_id": user_id(BERTA), "position": "last"});
        world.assign(order, body).await.unwrap();
    }
    world.settle().await;
    world.mailer.take_sent();
    let route = world.open_route(BERTA).unwrap();
    let mut wanted = visits(&route);
    let body = json!({"version": route.version, "stops": stops(&wanted), "pinned_through": 1});
    world.sequence(user_id(BERTA), body).await.unwrap();
    world.settle().await;
    assert_eq!(
        world.mailer.take_sent().len(),
        0,
        "the agent drives as before"
    );

    wanted.rotate_left(2);
    let route = world.open_route(BERTA).unwrap();
    let body = json!({"version": route.version, "stops": stops(&wanted)});
    world.sequence(user_id(BERTA), body).await.unwrap();
    world.settle().await;
    let mails = world.mailer.take_sent();
    let (to_agent, to_customer): (Vec<_>, Vec<_>) =
        mails.iter().partition(|(to, _)| *to == user_id(BERTA));
    let [(_, email)] = &to_agent[..] else {
        panic!("one email to the agent: {mails:?}");
    };
    // The deliveries change places, so their customer is told new times.
    let subjects: Vec<&str> = to_customer
        .iter()
        .map(|(_, email)| email.subject.as_str())
        .collect();
    assert_eq!(subjects, ["2 orders: 2 at another time"]);
    let subject = "Your route has got another sequence from a dispatcher: 4 stops left";
    assert!(email.subject.starts_with(subject), "{}", email.subject);
}

#[tokio::test]
async fn a_sequence_that_is_not_possible_is_told_precisely() {
    let world = world(2);
    let [one, other] = ids(&world)[..] else {
        panic!()
    };
    for order in [one, other] {
        let body = json!({"agent_id": user_id(BERTA), "position": "last"});
        world.assign(order, body).await.unwrap();
    }
    let version = world.open_route(BERTA).unwrap().version;
    let send = |wanted: Vec<(OrderId, StopKind)>| {
        let body = json!({"version": version, "stops": stops(&wanted)});
        world.sequence(user_id(BERTA), body)
    };
    let (up, down) = (StopKind::Pickup, StopKind::Dropoff);
    let early = vec![(one, down), (one, up), (other, up), (other, down)];
    assert_eq!(codes(send(early).await), [Code::DropoffBeforePickup]);
    let short = vec![(one, up), (one, down), (other, up)];
    assert_eq!(pointers(send(short).await), ["#/stops"]);
    let stranger = OrderId(user_id(77).0);
    let strange = vec![
        (one, up),
        (one, down),
        (other, up),
        (other, down),
        (stranger, up),
    ];
    assert_eq!(pointers(send(strange).await), ["#/stops/4"]);
    assert!(matches!(
        world
            .sequence(user_id(CARLA), json!({"version": 1, "stops": []}))
            .await,
        Err(Refusal::NotFound)
    ));
    // The same sequence again, with the same pins, is no new version.
    let same = visits(&world.open_route(BERTA).unwrap());
    send(same.clone()).await.unwrap();
    let version = world.open_route(BERTA).unwrap().version;
    let body = json!({"version": version, "stops": stops(&same)});
    world.sequence(user_id(BERTA), body).await.unwrap();
    assert_eq!(world.open_route(BERTA).unwrap().version, version);
}

#[tokio::test]
async fn the_run_of_a_courier_who_is_ill_goes_to_another_one() {
    let world = world(10);
    let orders = ids(&world);
    for order in &orders {
        let body = json!({"agent_id": user_id(BERTA), "position": "last", "pinned": false});
        world.assign(*order, body).await.unwrap();
    }
    for order in &orders[..2] {
        world
            .set_status(&agent(BERTA), *order, "in_progress")
            .await
            .unwrap();
    }
    world.settle().await;
    world.mailer.take_sent();
    let before = visits(&world.open_route(BERTA).unwrap());
    let answer = world
        .transfer(user_id(BERTA), json!({"to": user_id(CARLA)}))
        .await
        .unwrap();
    assert_eq!((answer.moved.len(), &answer.aboard[..]), (8, &orders[..2]));
    let after = visits(&world.open_route(CARLA).unwrap());
    let rest: Vec<_> = before
        .into_iter()
        .filter(|it| !orders[..2].contains(&it.0))
        .collect();
    assert_eq!(after, rest, "the run goes on as it was");
    assert!(orders[2..].iter().all(|id| world.order(*id).decided.pinned));
    world.settle().await;
    world.assert_consistent();
    let told: Vec<_> = world
        .mailer
        .take_sent()
        .into_iter()
        .map(|(user, _)| user)
        .collect();
    assert_eq!(told.iter().filter(|it| **it == user_id(CARLA)).count(), 1);
    assert_eq!(told.iter().filter(|it| **it == user_id(BERTA)).count(), 1);
    assert_eq!(told.len(), 2, "no customer hears of another agent");
    // Nothing is left to move.
    let answer = world
        .transfer(user_id(BERTA), json!({"to": null}))
        .await
        .unwrap();
    assert!(answer.moved.is_empty());
    assert_eq!(
        pointers(
            world
                .transfer(user_id(BERTA), json!({"to": user_id(BERTA)}))
                .await
        ),
        ["#/to"]
    );
    assert_eq!(
        pointers(
            world
                .transfer(user_id(BERTA), json!({"to": user_id(1)}))
                .await
        ),
        ["#/to"]
    );
}

#[tokio::test]
async fn a_run_without_a_new_agent_is_pending_and_does_not_return() {
    let mut world = world(3);
    world.planner = Some(CountedRounds(50));
    let orders = ids(&world);
    for order in &orders {
        world.assign(*order, to(BERTA)).await.unwrap();
    }
    let answer = world
        .transfer(user_id(BERTA), json!({"to": null}))
        .await
        .unwrap();
    assert_eq!((answer.moved.len(), answer.to), (3, None));
    assert!(world.open_route(BERTA).is_none());
    for order in &orders {
        let order = world.order(*order);
        assert_eq!(order.status, OrderStatus::Pending);
        assert_eq!(order.decided.refused_agents, [user_id(BERTA)]);
    }
    world.assert_consistent();
    world.settle().await;
    for order in &orders {
        let on = world.order(*order).assignment.map(|on| on.agent_id);
        assert_eq!(
            on,
            Some(user_id(CARLA)),
            "Berta is on duty, and gets none of them"
        );
    }
}

#[tokio::test]
async fn a_run_goes_between_the_stops_of_another_route() {
    let world = world(6);
    let orders = ids(&world);
    for (index, order) in orders.iter().enumerate() {
        let agent = if index < 3 { BERTA } else { CARLA };
        world.assign(*order, to(agent)).await.unwrap();
    }
    let own = visits(&world.open_route(CARLA).unwrap());
    world
        .transfer(user_id(BERTA), json!({"to": user_id(CARLA)}))
        .await
        .unwrap();
    let merged = visits(&world.open_route(CARLA).unwrap());
    assert_eq!(merged.len(), 12);
    let kept: Vec<_> = merged.into_iter().filter(|it| own.contains(it)).collect();
    assert_eq!(kept, own, "the stops that were there keep their sequence");
    world.assert_consistent();
}

#[tokio::test]
async fn a_decision_for_another_version_is_refused_with_the_current_one() {
    let world = world(1);
    let one = ids(&world)[0];
    let id = one.to_string();
    let told = |refusal: Refusal| match refusal {
        Refusal::PreconditionFailed { current } => current,
        other => panic!("{other:?}"),
    };
    let stale = IfMatch::OneOf(vec![7]);
    let assign = AssignOrder(world.desk());
    let refused = assign
        .run(&dispatcher(), &id, &to(BERTA), Some(&stale))
        .await;
    assert_eq!(told(refused.unwrap_err()), 1);
    let fits = IfMatch::OneOf(vec![1]);
    assign
        .run(&dispatcher(), &id, &to(BERTA), Some(&fits))
        .await
        .unwrap();
    let release = ReleaseOrder(world.desk());
    let refused = release
        .run(&dispatcher(), &id, &json!({}), Some(&fits))
        .await;
    assert_eq!(told(refused.unwrap_err()), 2);
    let body = json!({"to": null});
    let transfer = TransferRoute(world.desk());
    let refused = transfer
        .run(
            &dispatcher(),
            &user_id(BERTA).to_string(),
            &body,
            Some(&stale),
        )
        .await;
    assert_eq!(told(refused.unwrap_err()), 1);
    let body = json!({"version": 1, "stops": []});
    let sequence = SequenceStops(world.desk());
    let refused = sequence
        .run(
            &dispatcher(),
            &user_id(BERTA).to_string(),
            &body,
            Some(&stale),
        )
        .await;
    assert_eq!(told(refused.unwrap_err()), 1);
    for who in [customer(1), agent(BERTA)] {
        let refused = AssignOrder(world.desk())
            .run(&who, &id, &to(BERTA), None)
            .await;
        assert!(matches!(refused, Err(Refusal::Forbidden)));
    }
}

#[tokio::test]
async fn a_decision_that_loses_a_race_is_made_again_and_one_for_a_version_is_not() {
    let world = world(2);
    let [one, other] = ids(&world)[..] else {
        panic!()
    };
    world
        .store
        .next_writes([NextWrite::Conflicts, NextWrite::Conflicts]);
    world.assign(one, to(BERTA)).await.unwrap();
    world.store.next_writes([NextWrite::IsRefused]);
    assert!(matches!(
        world.assign(other, to(BERTA)).await,
        Err(Refusal::Unavailable(_))
    ));
    assert_eq!(
        world.order(other).status,
        OrderStatus::Pending,
        "all or nothing"
    );
    // The answer is lost: the call is made again, and nothing changes twice.
    world.store.next_writes([NextWrite::LosesItsAnswer]);
    assert!(
        world
            .transfer(user_id(BERTA), json!({"to": user_id(CARLA)}))
            .await
            .is_err()
    );
    world.assert_consistent();
    assert!(matches!(
        world
            .transfer(user_id(BERTA), json!({"to": user_id(CARLA)}))
            .await,
        Err(Refusal::NotFound)
    ));
    assert_eq!(
        world.order(one).assignment.unwrap().agent_id,
        user_id(CARLA)
    );
}

#[tokio::test]
async fn an_agent_whose_last_order_is_taken_away_is_free() {
    let world = world(2);
    let [one, other] = ids(&world)[..] else {
        panic!()
    };
    for order in [one, other] {
        world.assign(order, to(BERTA)).await.unwrap();
    }
    world
        .set_status(&agent(BERTA), one, "delivered")
        .await
        .unwrap();
    world.release(other, json!({"hold": true})).await.unwrap();
    let routes = world.store.all_routes();
    assert_eq!(routes[0].status, RouteStatus::Completed);
    world.assert_consistent();
    let profile = world
        .store
        .all_users()
        .into_iter()
        .find(|it| it.id == user_id(BERTA));
    let profile = profile.unwrap().agent.unwrap();
    assert_eq!(profile.position, Some(Landmarks::SAGRADA_FAMILIA));
    assert_eq!(profile.open_route_id, None);
    assert_eq!(UserStatus::Active.name(), "active");
}

#[tokio::test]
async fn an_order_without_a_location_cannot_be_put_on_a_route_and_can_be_held() {
    let world = world(0);
    let mut order = an_order(5).build();
    order.zone = None;
    order.dropoff.location = None;
    order.dropoff.address = Some("Carrer de Mallorca 401".to_owned());
    world.store.put_order(&order).await.unwrap();
    let id = order.id.to_string();
    let assign = AssignOrder(world.desk());
    let refused = assign.run(&dispatcher(), &id, &to(BERTA), None).await;
    assert_eq!(codes(refused), [Code::AddressPending]);
    let hold = json!({"hold": true});
    let release = ReleaseOrder(world.desk());
    release.run(&dispatcher(), &id, &hold, None).await.unwrap();
    assert!(world.order(order.id).decided.held);
}
