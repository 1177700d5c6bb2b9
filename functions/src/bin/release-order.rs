//! `DELETE /orders/{order_id}/assignment`: takes an order off its route, or lets it wait.

use app::orders::ReleaseOrder;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let release_order = ReleaseOrder(functions::desk::from_environment()?);
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

    use serde_json::json;
    use testkit::build::{AGENT_OF_THE_EVENTS, desk_of_the_events};
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/release-order.json");

    #[tokio::test]
    async fn a_dispatcher_holds_an_order() {
        let release_order = ReleaseOrder(desk_of_the_events());
        let (status, body) = answered(&release_order, handle, EVENT).await;
        assert_eq!((status, &body["held"]), (200, &json!(true)));
        assert_eq!(body["not"], json!([AGENT_OF_THE_EVENTS]));
    }

    #[tokio::test]
    async fn a_request_without_a_body_is_complete() {
        let release_order = ReleaseOrder(desk_of_the_events());
        let start = EVENT.find("\"body\":").unwrap();
        let without = format!(
            "{}\"body\": null, \"isBase64Encoded\": false}}",
            &EVENT[..start]
        );
        let (status, body) = answered(&release_order, handle, &without).await;
        assert_eq!((status, &body["status"]), (200, &json!("pending")));
    }
}
