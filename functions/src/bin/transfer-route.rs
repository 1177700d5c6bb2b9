//! `POST /routes/{agent_id}/transfer`: moves all orders of a route that are not aboard.

use app::routes::TransferRoute;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let transfer_route = TransferRoute(functions::desk::from_environment()?);
    runtime::http::serve(transfer_route, handle).await
}

async fn handle(transfer_route: &TransferRoute, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let if_match = request.if_match()?;
    let answer = transfer_route
        .run(&caller, request.path("agent_id"), &body, if_match.as_ref())
        .await?;
    let version = answer.from.version();
    Ok(Response::ok(&answer)?.with_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::build::{ORDER_OF_THE_EVENTS, assign_the_order_of_the_events, desk_of_the_events};
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/transfer-route.json");

    #[tokio::test]
    async fn a_dispatcher_gives_a_run_back_to_the_optimizer() {
        let desk = desk_of_the_events();
        let transfer_route = TransferRoute(desk.clone());
        let (status, body) = answered(&transfer_route, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        assign_the_order_of_the_events(&desk).await;
        let (status, body) = answered(&transfer_route, handle, EVENT).await;
        assert_eq!(
            (status, &body["moved"]),
            (200, &json!([ORDER_OF_THE_EVENTS]))
        );
        assert_eq!(body["from"]["status"], "cancelled");
    }
}
