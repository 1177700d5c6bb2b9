//! `GET /orders/{order_id}/proofs`: the pictures that prove a pickup and a delivery. For the order's customer, its
//! agent and dispatchers.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoProofs, DynamoUsers};
use adapters::s3::proofs::S3Proofs;
use adapters::system::SystemClock;
use app::proofs::GetProofs;
use runtime::http::{Problem, Request, Response};
use settings::ProofsKept;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, claims, bucket, ProofsKept(kept_for)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_proofs = GetProofs {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        proofs: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
        urls: Arc::new(S3Proofs::new(&adapters::s3::client(&aws), &bucket)),
        clock: Arc::new(SystemClock),
        kept_for,
    };
    runtime::http::serve(get_proofs, handle).await
}

async fn handle(get_proofs: &GetProofs, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&get_proofs.run(&caller, request.path("order_id")).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use jiff::SignedDuration;
    use serde_json::json;
    use testkit::build::ORDER_OF_THE_EVENTS;
    use testkit::http::answered;
    use testkit::{MemoryProofFiles, MemoryStore, StillClock, an_order};

    const EVENT: &str = include_str!("../../../events/get-proofs.json");

    #[tokio::test]
    async fn an_order_without_pictures_has_an_empty_list_for_its_customer_alone() {
        let mut order = an_order(1)
            .of("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap())
            .build();
        order.id = ORDER_OF_THE_EVENTS.parse().unwrap();
        let store = Arc::new(MemoryStore::with([], [order]));
        let get_proofs = GetProofs {
            users: store.clone(),
            orders: store.clone(),
            proofs: store,
            urls: Arc::new(MemoryProofFiles::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            kept_for: SignedDuration::from_hours(24 * 90),
        };
        let answer = answered(&get_proofs, handle, EVENT).await;
        assert_eq!(answer, (200, json!({"proofs": []})));
        let other = EVENT.replace("c3a48a72", "d3a48a72");
        assert_eq!(answered(&get_proofs, handle, &other).await.0, 404);
    }
}
