//! `DELETE /orders/{order_id}/assignment`: takes an order off its route, or lets it wait.

use adapters::desk::{DeskSettings, dispatch_desk};
use app::orders::ReleaseOrder;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let settings: DeskSettings = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let release_order = ReleaseOrder(dispatch_desk(&dynamodb, settings));
    runtime::http::serve(release_order, handle).await
}

async fn handle(release_order: &ReleaseOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json_or_nothing()?;
    let if_match = request.if_match()?;
    let answer = release_order
        .run(&caller, request.path("order_id"), &body, if_match.as_ref())
        .await?;
    let version = answer.version();
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

    const EVENT: &str = include_str!("../../../events/release-order.json");

    fn store() -> Arc<MemoryStore> {
        let mut agent = an_agent(1).on_duty().build();
        agent.id = "63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f".parse().unwrap();
        let mut order = an_order(1).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        Arc::new(MemoryStore::with([agent], [order]))
    }

    fn release_order(store: &Arc<MemoryStore>) -> ReleaseOrder {
        let clock = Arc::new(StillClock::at("2030-05-06T08:00:00Z"));
        ReleaseOrder(desk(store, clock))
    }

    #[tokio::test]
    async fn a_dispatcher_holds_an_order() {
        let store = store();
        let (status, body) = answered(&release_order(&store), handle, EVENT).await;
        assert_eq!((status, &body["held"]), (200, &json!(true)));
        assert_eq!(body["not"], json!(["63b4c8f2-4071-70e0-5d0f-8a1b2c3d4e5f"]));
    }

    #[tokio::test]
    async fn a_request_without_a_body_is_complete() {
        let store = store();
        let start = EVENT.find("\"body\":").unwrap();
        let without = format!(
            "{}\"body\": null, \"isBase64Encoded\": false}}",
            &EVENT[..start]
        );
        let (status, body) = answered(&release_order(&store), handle, &without).await;
        assert_eq!((status, &body["status"]), (200, &json!("pending")));
    }
}
