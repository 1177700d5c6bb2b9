//! `PUT /routes/{agent_id}/stops`: sets the sequence of the open stops of a route.

use app::routes::SequenceStops;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let sequence_stops = SequenceStops(functions::desk::from_environment()?);
    runtime::http::serve(sequence_stops, handle).await
}

async fn handle(sequence_stops: &SequenceStops, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let if_match = request.if_match()?;
    let answer = sequence_stops
        .run(&caller, request.path("agent_id"), &body, if_match.as_ref())
        .await?;
    let version = answer.route.version();
    Ok(Response::ok(&answer)?.with_version(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::build::{assign_the_order_of_the_events, desk_of_the_events};
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/sequence-stops.json");

    #[tokio::test]
    async fn a_dispatcher_pins_the_beginning_of_a_route() {
        let desk = desk_of_the_events();
        let sequence_stops = SequenceStops(desk.clone());
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        assign_the_order_of_the_events(&desk).await;
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["route"]["pinned_through"]), (200, &json!(1)));
        let (status, body) = answered(&sequence_stops, handle, EVENT).await;
        assert_eq!((status, &body["current_version"]), (409, &json!(2)));
    }
}
