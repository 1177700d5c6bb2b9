//! `PUT /orders/{order_id}/status`: changes the status of an order, and the stops and the route of the order with it.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLedger, DynamoOrders, DynamoProofs, DynamoRoutes, DynamoUsers};
use adapters::system::{RandomJitter, SystemClock};
use app::orders::{CheckProof, UpdateOrderStatus};
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, claims, grid, estimate) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let update_order_status = UpdateOrderStatus {
        proof: CheckProof {
            proofs: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
            pins: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
        },
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
    };
    runtime::http::serve(update_order_status, handle).await
}

async fn handle(
    update_order_status: &UpdateOrderStatus,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    Response::ok(
        &update_order_status
            .run(&caller, request.path("order_id"), &body)
            .await?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{AgentPart, Changeset, DispatchLedger};
    use domain::route::Departure;
    use domain::{
        Leg, LegEstimate, Order, Route, RouteStatus, RouteStop, StopKind, StopStatus, User,
    };
    use serde_json::json;
    use testkit::build::{at, grid};
    use testkit::http::answered;
    use testkit::{Landmarks, MemoryStore, NoJitter, StillClock, an_agent, an_order};

    fn agent() -> User {
        let mut agent = an_agent(2).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        agent
    }

    fn order() -> Order {
        let mut order = an_order(1)
            .of("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap())
            .build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        order
    }

    fn update_order_status(store: &Arc<MemoryStore>) -> UpdateOrderStatus {
        UpdateOrderStatus {
            proof: app::orders::CheckProof {
                proofs: store.clone(),
                pins: store.clone(),
            },
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            ledger: store.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:10:00Z")),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
        }
    }

    /// A store in which the order is on the agent's route.
    async fn on_route() -> Arc<MemoryStore> {
        let (agent, order) = (agent(), order());
        let store = Arc::new(MemoryStore::with([agent.clone()], [order.clone()]));
        let now = at("2030-05-06T08:00:00Z");
        let stop = |kind, location| RouteStop {
            kind,
            order_id: order.id,
            location,
            address: None,
            eta: now,
            not_before: None,
            not_after: None,
            service_s: 120,
            leg: Leg::default(),
            status: StopStatus::Pending,
            done_at: None,
            pinned: false,
            returns: false,
        };
        let route = Route {
            id: "0197c56e-07e0-7a35-8c64-2f0b6d1e9a72".parse().unwrap(),
            agent_id: agent.id,
            status: RouteStatus::Assigned,
            from: Departure {
                location: Landmarks::PLACA_CATALUNYA,
                at: now,
            },
            breaks: Vec::new(),
            stops: vec![
                stop(StopKind::Pickup, Landmarks::PLACA_CATALUNYA),
                stop(StopKind::Dropoff, Landmarks::SAGRADA_FAMILIA),
            ],
            provider: "embedded".to_owned(),
            geometry: None,
            left_in_first_step: 0,
            decisions: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let mut driving = agent.changed(now);
        driving.agent.as_mut().unwrap().open_route_id = Some(route.id);
        let change = Changeset {
            orders: vec![order.assigned(agent.id, route.id, now).unwrap()],
            routes: vec![route],
            agents: vec![AgentPart::Changed(driving)],
        };
        store.commit(&change).await.unwrap();
        store
    }

    const IN_PROGRESS: &str = include_str!("../../../events/update-order-status.json");
    const CANCEL: &str = include_str!("../../../events/update-order-status-cancel.json");

    #[tokio::test]
    async fn the_agent_picks_up_and_the_route_moves_along() {
        let store = on_route().await;
        let (status, body) = answered(&update_order_status(&store), handle, IN_PROGRESS).await;
        assert_eq!((status, &body["status"]), (200, &json!("in_progress")));
        assert_eq!(store.all_routes()[0].status, RouteStatus::InProgress);
    }

    #[tokio::test]
    async fn a_customer_takes_back_a_pending_order() {
        let store = Arc::new(MemoryStore::with([], [order()]));
        let (status, body) = answered(&update_order_status(&store), handle, CANCEL).await;
        assert_eq!((status, &body["status"]), (200, &json!("cancelled")));
        assert_eq!(body["history"][1]["reason"], "Ordered twice.");
    }

    #[tokio::test]
    async fn a_step_that_is_not_allowed_names_those_that_are() {
        let store = on_route().await;
        let update_order_status = update_order_status(&store);
        answered(&update_order_status, handle, IN_PROGRESS).await;
        let (status, body) = answered(&update_order_status, handle, CANCEL).await;
        assert_eq!(
            (status, &body["code"]),
            (409, &json!("transition_not_allowed"))
        );
        assert_eq!(body["allowed"], json!([]));
    }
}
