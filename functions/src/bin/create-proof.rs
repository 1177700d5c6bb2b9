//! `POST /orders/{order_id}/proofs`: the URL and the headers for a picture that proves a pickup or a delivery.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoProofs, DynamoUsers};
use adapters::s3::proofs::S3Proofs;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::proofs::CreateProof;
use runtime::http::{Problem, Request, Response};
use settings::ProofsKept;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, claims, bucket, ProofsKept(kept_for)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let create_proof = CreateProof {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        proofs: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
        urls: Arc::new(S3Proofs::new(&adapters::s3::client(&aws), &bucket)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        kept_for,
    };
    runtime::http::serve(create_proof, handle).await
}

async fn handle(create_proof: &CreateProof, request: &Request) -> Result<Response, Problem> {
    let (caller, body) = (request.caller()?, request.json()?);
    let answer = create_proof
        .run(&caller, request.path("order_id"), &body)
        .await?;
    Response::created(&answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    use jiff::SignedDuration;
    use serde_json::json;
    use testkit::build::{ORDER_OF_THE_EVENTS, assign_the_order_of_the_events, desk_of_the_events};
    use testkit::http::{answered, pointers};
    use testkit::{CountedIds, MemoryProofFiles, MemoryStore, NoJitter, StillClock};

    const EVENT: &str = include_str!("../../../events/create-proof.json");

    async fn create_proof() -> CreateProof {
        let desk = desk_of_the_events();
        assign_the_order_of_the_events(&desk).await;
        CreateProof {
            users: desk.users.clone(),
            orders: desk.orders.clone(),
            proofs: Arc::new(MemoryStore::default()),
            urls: Arc::new(MemoryProofFiles::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            kept_for: SignedDuration::from_hours(24 * 90),
        }
    }

    #[tokio::test]
    async fn the_agent_of_the_order_gets_a_url_for_exactly_one_picture() {
        let create_proof = create_proof().await;
        let (status, body) = answered(&create_proof, handle, EVENT).await;
        assert_eq!((status, &body["method"]), (201, &json!("PUT")), "{body}");
        let url = body["url"].as_str().unwrap();
        assert!(url.contains(ORDER_OF_THE_EVENTS), "{url}");
        assert_eq!(body["headers"]["Content-Length"], "345678");
        assert_eq!(body["expires_in"], 600);
        let (_, again) = answered(&create_proof, handle, EVENT).await;
        assert_eq!(
            again["proof_id"], body["proof_id"],
            "it is the same picture"
        );
    }

    #[tokio::test]
    async fn every_bad_field_is_named_and_customers_send_nothing() {
        let create_proof = create_proof().await;
        let bad = EVENT.replace("345678", "10000001").replace("photo", "film");
        let (status, body) = answered(&create_proof, handle, &bad).await;
        assert_eq!(
            (status, pointers(&body)),
            (422, vec!["#/kind", "#/size_bytes"])
        );
        let customer = r#""cognito:groups": "customer""#;
        let by_customer = EVENT.replace(r#""cognito:groups": "agent""#, customer);
        assert_eq!(answered(&create_proof, handle, &by_customer).await.0, 403);
    }
}
