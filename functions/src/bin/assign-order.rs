//! `PUT /orders/{order_id}/assignment`: puts an order on the route of an agent.

use app::orders::AssignOrder;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let assign_order = AssignOrder(functions::desk::from_environment()?);
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

    use serde_json::json;
    use testkit::build::desk_of_the_events;
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/assign-order.json");

    #[tokio::test]
    async fn a_dispatcher_puts_an_order_on_a_route() {
        let assign_order = AssignOrder(desk_of_the_events());
        let (status, body) = answered(&assign_order, handle, EVENT).await;
        assert_eq!(
            (status, &body["order"]["status"]),
            (200, &json!("assigned"))
        );
        assert_eq!(body["route"]["stops"].as_array().unwrap().len(), 2);
        assert_eq!(body["warnings"], json!([]));
    }

    #[tokio::test]
    async fn the_header_names_the_version_for_which_the_decision_was_made() {
        let assign_order = AssignOrder(desk_of_the_events());
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
