//! `POST /tracking/note`: a note for the courier, from the person at the door. The header `Tracking-Token`
//! has the link's secret.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoTrackingLinks};
use adapters::system::{RandomJitter, SystemClock};
use app::tracking::{LeaveNote, TellByLink};
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (orders, claims) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let leave_note = LeaveNote(TellByLink {
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    });
    runtime::http::serve(leave_note, handle).await
}

async fn handle(leave_note: &LeaveNote, request: &Request) -> Result<Response, Problem> {
    let token = request.header("Tracking-Token").unwrap_or_default();
    let body = request.json()?;
    leave_note.run(token, &body).await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::digest::sha256_hex;
    use app::ports::TrackingLinks;
    use domain::OrderId;
    use serde_json::json;
    use testkit::http::{answered, pointers};
    use testkit::{MemoryStore, NoJitter, StillClock, an_order, at};

    const EVENT: &str = include_str!("../../../events/leave-note.json");

    async fn leave_note() -> (LeaveNote, OrderId) {
        let order = an_order(1).build();
        let order_id = order.id;
        let store = Arc::new(MemoryStore::with([], [order]));
        let token_hash = sha256_hex(b"0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        let end = at("2030-05-07T08:00:00Z");
        store.replace(order_id, &token_hash, end).await.unwrap();
        let tell = TellByLink {
            links: store.clone(),
            orders: store,
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            jitter: Arc::new(NoJitter),
        };
        (LeaveNote(tell), order_id)
    }

    #[tokio::test]
    async fn a_note_needs_a_link_and_its_faults_are_named() {
        let (leave_note, order_id) = leave_note().await;
        let (status, _) = answered(&leave_note, handle, EVENT).await;
        assert_eq!(status, 204);
        let order = leave_note.0.orders.order(order_id).await.unwrap().unwrap();
        let note = order.recipient.note.unwrap();
        assert_eq!(note.text, "The bell is broken <knock>.");
        let bad = EVENT.replace("<knock>", r"\\u0007");
        let (status, body) = answered(&leave_note, handle, &bad).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/note"]));
        let other = EVENT.replace("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Zoë");
        let (status, body) = answered(&leave_note, handle, &other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
