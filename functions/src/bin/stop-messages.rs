//! `POST /tracking/opt-out`: no more messages to the person at the door. The header `Tracking-Token` has the link's
//! secret.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoRecipientMessages, DynamoTrackingLinks};
use adapters::keys::Key;
use adapters::pseudonyms::KeyedPseudonyms;
use adapters::system::SystemClock;
use app::ports::Pseudonyms;
use app::recipients::StopMessages;
use runtime::http::{Problem, Request, Response};
use settings::RecipientKey;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (orders, claims, RecipientKey(key)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let ssm = adapters::keys::Client::new(&aws);
    let pseudonyms = key.map(|parameter| {
        let keyed: Arc<dyn Pseudonyms> = Arc::new(KeyedPseudonyms(Key::of(ssm, Some(parameter))));
        keyed
    });
    let stop_messages = StopMessages {
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        messages: Arc::new(DynamoRecipientMessages::new(&dynamodb, &claims)),
        pseudonyms,
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(stop_messages, handle).await
}

async fn handle(stop_messages: &StopMessages, request: &Request) -> Result<Response, Problem> {
    let token = request.header("Tracking-Token").unwrap_or_default();
    stop_messages.run(token).await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::digest::sha256_hex;
    use app::ports::TrackingLinks;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_order, at};

    const EVENT: &str = include_str!("../../../events/stop-messages.json");

    #[tokio::test]
    async fn only_a_link_that_opens_an_order_stops_messages() {
        let order = an_order(1).build();
        let token_hash = sha256_hex(b"0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        let order_id = order.id;
        let store = Arc::new(MemoryStore::with([], [order]));
        let end = at("2030-05-07T08:00:00Z");
        store.replace(order_id, &token_hash, end).await.unwrap();
        let stop_messages = StopMessages {
            links: store.clone(),
            orders: store.clone(),
            messages: store.clone(),
            pseudonyms: Some(store),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        };
        let (status, _) = answered(&stop_messages, handle, EVENT).await;
        assert_eq!(status, 204);
        let other = EVENT.replace("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Zoë");
        let (status, body) = answered(&stop_messages, handle, &other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
