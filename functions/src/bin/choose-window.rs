//! `POST /tracking/window`: the person at the door chooses when the agent comes again. The header `Tracking-Token`
//! has the link's secret.

use std::sync::Arc;

use adapters::dynamodb::DynamoTrackingLinks;
use app::tracking::ChooseWindow;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (claims, windows) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let choose_window = ChooseWindow {
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        desk: functions::desk::from_environment()?,
        windows,
    };
    runtime::http::serve(choose_window, handle).await
}

async fn handle(choose_window: &ChooseWindow, request: &Request) -> Result<Response, Problem> {
    let token = request.header("Tracking-Token").unwrap_or_default();
    let body = request.json()?;
    choose_window.run(token, &body, request.id()).await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::digest::sha256_hex;
    use app::ports::TrackingLinks;
    use serde_json::json;
    use testkit::build::{ORDER_OF_THE_EVENTS, desk_of_the_events, offered_windows};
    use testkit::http::{answered, pointers};
    use testkit::{MemoryStore, at};

    const EVENT: &str = include_str!("../../../events/choose-window.json");

    #[tokio::test]
    async fn a_window_needs_a_link_and_a_failed_attempt_and_its_faults_are_named() {
        let links = Arc::new(MemoryStore::default());
        let token_hash = sha256_hex(b"0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        let order_id = ORDER_OF_THE_EVENTS.parse().unwrap();
        let end = at("2030-05-07T08:00:00Z");
        links.replace(order_id, &token_hash, end).await.unwrap();
        let choose_window = ChooseWindow {
            links,
            desk: desk_of_the_events(),
            windows: offered_windows(),
        };
        let (status, body) = answered(&choose_window, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (409, &json!("no_next_attempt")));
        let bad = EVENT.replace("2030-05-07T06:00:00Z", "noon");
        let (status, body) = answered(&choose_window, handle, &bad).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/from"]));
        let other = EVENT.replace("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Zoë");
        let (status, body) = answered(&choose_window, handle, &other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
