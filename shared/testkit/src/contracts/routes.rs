//! [`RouteStore`](app::ports::RouteStore)

use app::ports::Changeset;
use domain::{Route, RouteId, RouteStatus};

use super::{Fresh, Stores};
use crate::build::at;

/// Checks a store of routes.
pub async fn run(stores: Stores<'_>) {
    a_route_is_read_with_its_geometry(stores).await;
    many_routes_are_read_at_once(stores).await;
    an_agents_routes_are_listed(stores).await;
}

async fn put(stores: Stores<'_>, route: &Route) {
    let change = Changeset {
        routes: vec![route.clone()],
        ..Changeset::default()
    };
    stores.ledger.commit(&change).await.unwrap();
}

async fn a_route_is_read_with_its_geometry(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let agent = fresh.user_id();
    let now = at("2030-05-06T08:00:00Z");
    let orders = [fresh.order(fresh.user_id(), now)];
    let route = fresh.route(agent, &orders, now);
    assert_eq!(stores.routes.route(agent, route.id).await.unwrap(), None);
    put(stores, &route).await;
    assert_eq!(
        stores.routes.route(agent, route.id).await.unwrap(),
        Some(route.clone())
    );
    let stranger = fresh.user_id();
    assert_eq!(stores.routes.route(stranger, route.id).await.unwrap(), None);

    let moved_on = Route {
        status: RouteStatus::InProgress,
        geometry: None,
        ..route.changed(now)
    };
    put(stores, &moved_on).await;
    let found = stores.routes.route(agent, route.id).await.unwrap().unwrap();
    assert_eq!(found.status, RouteStatus::InProgress);
    assert_eq!(found.geometry, route.geometry, "kept where none is given");

    let shorter = Route {
        geometry: Some(String::new()),
        ..found.changed(now)
    };
    put(stores, &shorter).await;
    let later = Route {
        geometry: None,
        ..shorter.changed(now)
    };
    let found = stores.routes.route(agent, route.id).await.unwrap().unwrap();
    assert_eq!(found.geometry, None, "an empty geometry is none");
    let listed = stores.routes.routes_of(agent, None, None, 1).await.unwrap();
    assert_eq!(listed.routes[0].geometry, None);
    put(stores, &later).await;
    let found = stores.routes.route(agent, route.id).await.unwrap().unwrap();
    assert_eq!(found.geometry, None, "and stays so");

    let bare = Route {
        geometry: None,
        ..fresh.route(agent, &[], now)
    };
    put(stores, &bare).await;
    assert_eq!(
        stores.routes.route(agent, bare.id).await.unwrap(),
        Some(bare)
    );
}

async fn many_routes_are_read_at_once(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let now = at("2030-05-06T08:00:00Z");
    let mut routes = Vec::new();
    // Each route has two items, and DynamoDB reads at most 100 at once.
    for number in 0..60 {
        let route = fresh.route(fresh.user_id(), &[], now);
        routes.push(Route {
            geometry: route.geometry.filter(|_| number % 2 == 0),
            ..route
        });
    }
    for route in &routes {
        put(stores, route).await;
    }
    let mut ids: Vec<_> = routes.iter().map(|it| (it.agent_id, it.id)).collect();
    ids.push((fresh.user_id(), routes[0].id));
    let mut found = stores.routes.whole_routes(&ids).await.unwrap();
    found.sort_by_key(|route| route.id);
    routes.sort_by_key(|route| route.id);
    assert_eq!(found, routes);
    let found = stores.routes.routes(&ids).await.unwrap();
    assert_eq!(found.len(), routes.len());
    assert!(found.iter().all(|route| route.geometry.is_none()));
}

async fn an_agents_routes_are_listed(stores: Stores<'_>) {
    let fresh = Fresh::new();
    let agent = fresh.user_id();
    let now = at("2030-05-06T08:00:00Z");
    let mut routes = Vec::new();
    for number in 0..7 {
        let mut route = fresh.route(agent, &[], now);
        route.geometry = Some(format!("geometry {number}"));
        if number % 2 == 0 {
            route.status = RouteStatus::Completed;
        }
        put(stores, &route).await;
        put(stores, &fresh.route(fresh.user_id(), &[], now)).await;
        routes.insert(0, route);
    }
    let listed = async |status, before: Option<RouteId>, limit| {
        let page = stores.routes.routes_of(agent, status, before, limit).await;
        page.unwrap().routes
    };
    let pages = async |status| {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = stores.routes.routes_of(agent, status, before, 2).await;
            let page = page.unwrap();
            assert!(page.routes.len() <= 2);
            found.extend(page.routes);
            before = page.next;
            if before.is_none() {
                return found;
            }
        }
    };
    assert_eq!(pages(None).await, routes);
    assert_eq!(
        listed(None, None, 100).await,
        routes,
        "newest first, with geometries"
    );
    assert_eq!(listed(None, None, 3).await, routes[..3]);
    assert_eq!(listed(None, Some(routes[2].id), 3).await, routes[3..6]);
    assert_eq!(listed(None, Some(routes[6].id), 3).await, []);
    let completed: Vec<Route> = routes.iter().step_by(2).cloned().collect();
    let status = Some(RouteStatus::Completed);
    assert_eq!(listed(status, None, 100).await, completed);
    assert_eq!(
        listed(status, Some(completed[0].id), 2).await,
        completed[1..3]
    );
    assert_eq!(pages(status).await, completed);
    assert_eq!(listed(Some(RouteStatus::Cancelled), None, 2).await, []);
    let nobody = fresh.user_id();
    let none = stores.routes.routes_of(nobody, None, None, 10).await;
    let none = none.unwrap();
    assert_eq!((none.routes.len(), none.next), (0, None));
}
