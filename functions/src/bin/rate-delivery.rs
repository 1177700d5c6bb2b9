//! `POST /tracking/rating`: a rating of the delivery, from the person at the door. The header `Tracking-Token`
//! has the link's secret.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoTrackingLinks};
use adapters::system::{RandomJitter, SystemClock};
use app::tracking::{RateDelivery, TellByLink};
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (orders, claims) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let rate_delivery = RateDelivery(TellByLink {
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    });
    runtime::http::serve(rate_delivery, handle).await
}

async fn handle(rate_delivery: &RateDelivery, request: &Request) -> Result<Response, Problem> {
    let token = request.header("Tracking-Token").unwrap_or_default();
    let body = request.json()?;
    rate_delivery.run(token, &body).await?;
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

    const EVENT: &str = include_str!("../../../events/rate-delivery.json");

    async fn rate_delivery() -> (RateDelivery, OrderId) {
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
        (RateDelivery(tell), order_id)
    }

    #[tokio::test]
    async fn a_rating_needs_a_link_and_a_delivery_and_its_faults_are_named() {
        let (rate_delivery, _) = rate_delivery().await;
        let (status, body) = answered(&rate_delivery, handle, EVENT).await;
        assert_eq!((status, &body["code"]), (409, &json!("not_delivered")));
        let bad = EVENT.replace(r#"\"stars\": 5"#, r#"\"stars\": 6"#);
        let (status, body) = answered(&rate_delivery, handle, &bad).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#/stars"]));
        let other = EVENT.replace("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Zoë");
        let (status, body) = answered(&rate_delivery, handle, &other).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
