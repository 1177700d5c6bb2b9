//! [`DispatchLedger`](app::ports::DispatchLedger): a change is stored completely or not at all.

use app::ports::{AgentPart, Changeset, MOST_ITEMS};
use domain::{Order, OrderStatus, Route, Timestamp, User};
use futures::future::join_all;

use super::{Fresh, Stores, assert_conflict, the_winner};
use crate::build::at;

/// Checks a ledger.
pub async fn run(stores: Stores<'_>) {
    a_whole_route_is_committed_at_once(stores).await;
    one_stale_part_keeps_all_of_it_out(stores).await;
    a_commit_is_made_once(stores).await;
    of_many_routes_one_gets_the_order(stores).await;
    of_many_routes_one_gets_the_agent(stores).await;
    two_routes_exchange_an_order_at_once(stores).await;
    a_change_of_nothing_is_made(stores).await;
}

fn now() -> Timestamp {
    at("2030-05-06T08:00:00Z")
}

/// Stored pending orders and a stored agent.
async fn stored(stores: Stores<'_>, fresh: &Fresh, orders: usize) -> (User, Vec<Order>) {
    let agent = fresh.agent();
    stores.users.put_user(&agent).await.unwrap();
    let customer = fresh.user_id();
    let orders: Vec<Order> = (0..orders).map(|_| fresh.order(customer, now())).collect();
    for order in &orders {
        stores.orders.put_order(order).await.unwrap();
    }
    (agent, orders)
}

/// A new route for the agent with all of these orders.
fn assignment(fresh: &Fresh, agent: &User, orders: &[Order]) -> Changeset {
    let route = fresh.route(agent.id, orders, now());
    let mut busy = agent.changed(now());
    busy.agent.as_mut().unwrap().open_route_id = Some(route.id);
    Changeset {
        orders: orders
            .iter()
            .map(|order| fresh.on_route(order, &route))
            .collect(),
        routes: vec![route],
        agents: vec![AgentPart::Changed(busy)],
    }
}

/// The stored records that a change touches or would touch.
async fn as_stored(
    stores: Stores<'_>,
    change: &Changeset,
    agent: &User,
) -> (Vec<Option<Order>>, Option<Route>, Option<User>) {
    let mut orders = Vec::new();
    for order in &change.orders {
        orders.push(stores.orders.order(order.id).await.unwrap());
    }
    let route = change.routes.first().unwrap();
    let route = stores.routes.route(agent.id, route.id).await.unwrap();
    (orders, route, stores.users.user(agent.id).await.unwrap())
}

async fn a_whole_route_is_committed_at_once(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let (agent, orders) = stored(stores, &fresh, MOST_ITEMS - 3).await;
    let change = assignment(&fresh, &agent, &orders);
    stores.ledger.commit(&change).await.unwrap();

    let (orders, route, user) = as_stored(stores, &change, &agent).await;
    assert_eq!(
        orders,
        change.orders.iter().cloned().map(Some).collect::<Vec<_>>()
    );
    assert_eq!(route.as_ref(), change.routes.first());
    assert_eq!(user.as_ref(), change.agents.first().map(AgentPart::user));
}

async fn one_stale_part_keeps_all_of_it_out(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let (agent, orders) = stored(stores, &fresh, 3).await;
    let sound = assignment(&fresh, &agent, &orders);
    let before = as_stored(stores, &sound, &agent).await;

    let mut stale_order = sound.clone();
    stale_order.orders[1].version += 1;
    let mut absent_order = sound.clone();
    absent_order.orders[2].id = fresh.order(agent.id, now()).id;
    let mut stale_route = sound.clone();
    stale_route.routes[0].version = 2;
    let mut stale_agent = sound.clone();
    stale_agent.agents = vec![AgentPart::Changed(agent.changed(now()).changed(now()))];
    let mut changed_agent = sound.clone();
    changed_agent.agents = vec![AgentPart::Unchanged(agent.changed(now()))];
    let mut absent_agent = sound.clone();
    absent_agent.agents = vec![AgentPart::Unchanged(fresh.agent())];

    for (change, what) in [
        (stale_order, "an order has another version"),
        (absent_order, "an order is not there"),
        (stale_route, "the route is not there"),
        (stale_agent, "the agent has another version"),
        (changed_agent, "the agent has changed"),
        (absent_agent, "the agent is not there"),
    ] {
        assert_conflict(stores.ledger.commit(&change).await, what);
        assert_eq!(as_stored(stores, &sound, &agent).await, before, "{what}");
    }

    let mut steady = sound.clone();
    steady.agents = vec![AgentPart::Unchanged(agent.clone())];
    stores.ledger.commit(&steady).await.unwrap();
    let user = stores.users.user(agent.id).await.unwrap();
    assert_eq!(user, Some(agent), "the agent is only checked");
}

async fn a_commit_is_made_once(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let (agent, orders) = stored(stores, &fresh, 2).await;
    let change = assignment(&fresh, &agent, &orders);
    stores.ledger.commit(&change).await.unwrap();
    assert_conflict(stores.ledger.commit(&change).await, "committed again");

    let route = change.routes[0].clone();
    let next = Changeset {
        orders: change
            .orders
            .iter()
            .map(|order| Order {
                status: OrderStatus::InProgress,
                ..order.changed(now())
            })
            .collect(),
        routes: vec![route.changed(now())],
        agents: Vec::new(),
    };
    stores.ledger.commit(&next).await.unwrap();
    assert_conflict(stores.ledger.commit(&change).await, "committed later");
    let (_, found, _) = as_stored(stores, &next, &agent).await;
    assert_eq!(found.as_ref(), next.routes.first());
}

async fn of_many_routes_one_gets_the_order(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let (_, orders) = stored(stores, &fresh, 1).await;
    let mut changes = Vec::new();
    for _ in 0..6 {
        let (agent, own) = stored(stores, &fresh, 1).await;
        changes.push((
            assignment(&fresh, &agent, &[&orders[..], &own[..]].concat()),
            agent,
        ));
    }
    let commits = changes
        .iter()
        .map(|(change, _)| stores.ledger.commit(change));
    let results = join_all(commits).await;
    let winner = the_winner(&results);
    for (number, (change, agent)) in changes.iter().enumerate() {
        let (found, route, _) = as_stored(stores, change, agent).await;
        let own = found[1].as_ref().unwrap().status;
        if number == winner {
            assert_eq!(
                (route.as_ref(), own),
                (change.routes.first(), OrderStatus::Assigned)
            );
            assert_eq!(found[0].as_ref(), Some(&change.orders[0]));
        } else {
            assert_eq!((route, own), (None, OrderStatus::Pending));
        }
    }
}

async fn of_many_routes_one_gets_the_agent(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let (agent, orders) = stored(stores, &fresh, 6).await;
    let changes: Vec<Changeset> = orders
        .iter()
        .map(|order| assignment(&fresh, &agent, std::slice::from_ref(order)))
        .collect();
    let results = join_all(changes.iter().map(|change| stores.ledger.commit(change))).await;
    let winner = the_winner(&results);
    let user = stores.users.user(agent.id).await.unwrap().unwrap();
    let open = user.agent.unwrap().open_route_id;
    assert_eq!(open, changes[winner].routes.first().map(|route| route.id));
    let routes = stores
        .routes
        .routes_of(agent.id, None, None, 10)
        .await
        .unwrap();
    assert_eq!(routes.routes.len(), 1, "no agent has two open routes");
}

/// Two routes, each with the orders of one agent. Returns the assignments as they are stored.
async fn two_routes(stores: Stores<'_>, fresh: &Fresh) -> [Changeset; 2] {
    let mut routes = Vec::new();
    for _ in 0..2 {
        let (agent, orders) = stored(stores, fresh, 2).await;
        let change = assignment(fresh, &agent, &orders);
        stores.ledger.commit(&change).await.unwrap();
        routes.push(change);
    }
    routes.try_into().unwrap()
}

/// The change that gives an order of the first route to the second one.
fn exchange(one: &Changeset, other: &Changeset, order: usize) -> Changeset {
    let (from, to) = (&one.routes[0], &other.routes[0]);
    let moved = &one.orders[order];
    let mut shorter = from.changed(now());
    shorter.stops.retain(|stop| stop.order_id != moved.id);
    let mut longer = to.changed(now());
    let stops = from.stops.iter().filter(|stop| stop.order_id == moved.id);
    longer.stops.extend(stops.cloned());
    Changeset {
        orders: vec![moved.moved(to.agent_id, to.id, now()).unwrap()],
        routes: vec![shorter, longer],
        agents: [one, other]
            .map(|change| AgentPart::Unchanged(change.agents[0].user().clone()))
            .to_vec(),
    }
}

async fn two_routes_exchange_an_order_at_once(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let [one, other] = two_routes(stores, &fresh).await;
    let change = exchange(&one, &other, 0);
    stores.ledger.commit(&change).await.unwrap();
    for route in &change.routes {
        let found = stores.routes.route(route.agent_id, route.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(route));
    }
    let moved = stores.orders.order(change.orders[0].id).await.unwrap();
    assert_eq!(moved.as_ref(), change.orders.first());

    // One stale route of the two keeps all of the next exchange out.
    let mut stale = exchange(&one, &other, 1);
    stale.routes[0] = change.routes[0].changed(now());
    assert_conflict(stores.ledger.commit(&stale).await, "the second route");
    let found = &change.routes[0];
    let found = stores.routes.route(found.agent_id, found.id).await.unwrap();
    assert_eq!(found.as_ref(), change.routes.first());
}

async fn a_change_of_nothing_is_made(stores: Stores<'_>) {
    stores.ledger.commit(&Changeset::default()).await.unwrap();
}
