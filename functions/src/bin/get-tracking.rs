//! `GET /tracking`: an order, as the person at the door may see it. The header `Tracking-Token` has the link's secret.

use std::sync::Arc;

use adapters::dynamodb::{
    DynamoLocations, DynamoOrders, DynamoProofs, DynamoRoutes, DynamoTrackingLinks, DynamoUsers,
};
use adapters::s3::proofs::S3Proofs;
use adapters::system::{RandomSecrets, SystemClock};
use app::tracking::{GetTracking, ShowProof, Words};
use runtime::http::{Problem, Request, Response};
use settings::{ProofsKept, TextsAreOn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, claims, company, estimate, bucket, ProofsKept(kept_for), windows) =
        settings::from_environment()?;
    let (users, orders, routes, locations) = tables;
    let TextsAreOn(texts) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_tracking = GetTracking {
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        estimate,
        windows,
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        company,
        clock: Arc::new(SystemClock),
        texts,
        proof: ShowProof {
            pins: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
            secrets: Arc::new(RandomSecrets),
            proofs: Arc::new(DynamoProofs::new(&dynamodb, &claims)),
            urls: Arc::new(S3Proofs::new(&adapters::s3::client(&aws), &bucket)),
            kept_for,
        },
    };
    runtime::http::serve(get_tracking, handle).await
}

async fn handle(get_tracking: &GetTracking, request: &Request) -> Result<Response, Problem> {
    let token = request.header("Tracking-Token").unwrap_or_default();
    let words = Words::accepted(request.header("Accept-Language").unwrap_or_default());
    let answer = get_tracking.run(token, words).await?;
    Ok(Response::ok(&answer)?.varying_by("Accept-Language"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::tracking::Company;
    use domain::LegEstimate;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock};

    const EVENT: &str = include_str!("../../../events/get-tracking.json");

    #[tokio::test]
    async fn a_token_that_opens_nothing_and_no_token_look_alike() {
        let store = Arc::new(MemoryStore::default());
        let get_tracking = GetTracking {
            links: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            locations: store.clone(),
            estimate: LegEstimate::default(),
            users: store.clone(),
            texts: false,
            windows: testkit::build::offered_windows(),
            proof: ShowProof {
                pins: store.clone(),
                secrets: Arc::new(testkit::CountedIds::default()),
                proofs: store,
                urls: Arc::new(testkit::MemoryProofFiles::default()),
                kept_for: jiff::SignedDuration::from_hours(24),
            },
            company: Company {
                name: "Waybill".to_owned(),
                colour: "#2457a6".to_owned(),
                support: String::new(),
            },
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        };
        for event in [
            EVENT.to_owned(),
            EVENT.replace("0f1e2d3c4b5a69788796a5b4c3d2e1f0", "Zoë"),
            EVENT.replace("Tracking-Token", "X-Other"),
        ] {
            let (status, body) = answered(&get_tracking, handle, &event).await;
            assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        }
    }
}
