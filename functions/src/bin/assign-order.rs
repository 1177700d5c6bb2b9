//! `PUT /orders/{order_id}/assignment`: puts an order on the route of an agent.

use adapters::desk::{DeskSettings, dispatch_desk};
use app::orders::AssignOrder;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let settings: DeskSettings = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let assign_order = AssignOrder(dispatch_desk(&dynamodb, settings));
    runtime::http::serve(assign_order, handle).await
}

async fn handle(assign_order: &AssignOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let if_match = request.if_match()?;
    let answer = assign_order
        .run(&caller, request.path("order_id"), &body, if_match.as_ref())
        .await?;
    let version = answer.order.version();
    Ok(Response::ok(&answer)?.with_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use serde_json::json;
    use testkit::build::desk;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_agent, an_order};

    const EVENT: &str = include_str!("../../../events/assign-order.json");

    fn store() -> Arc<MemoryStore> {
        let mut agent = an_agent(1).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let mut order = an_order(1).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        Arc::new(MemoryStore::with([agent], [order]))
    }

    fn assign_order(store: &Arc<MemoryStore>) -> AssignOrder {
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        AssignOrder(desk(store, clock))
    }

    #[tokio::test]
    async fn a_dispatcher_puts_an_order_on_a_route() {
        let store = store();
        let (status, body) = answered(&assign_order(&store), handle, EVENT).await;
        assert_eq!(
            (status, &body["order"]["status"]),
            (200, &json!("assigned"))
        );
        assert_eq!(body["route"]["stops"].as_array().unwrap().len(), 2);
        assert_eq!(body["warnings"], json!([]));
    }

    #[tokio::test]
    async fn the_header_names_the_version_for_which_the_decision_was_made() {
        let store = store();
        let assign_order = assign_order(&store);
        let with = |tag: &str| {
            EVENT.replacen(
                "{\n    \"Accept\"",
                &format!("{{\n    \"If-Match\": {tag:?},\n    \"Accept\""),
                1,
            )
        };
        let (status, body) = answered(&assign_order, handle, &with("\"2\"")).await;
        assert_eq!((status, &body["current_version"]), (412, &json!(1)));
        let (status, body) = answered(&assign_order, handle, &with("2")).await;
        assert_eq!(
            (status, &body["errors"][0]["pointer"]),
            (422, &json!("If-Match"))
        );
        let (status, _) = answered(&assign_order, handle, &with("\"1\"")).await;
        assert_eq!(status, 200);
    }
}
