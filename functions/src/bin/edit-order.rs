//! `PATCH /orders/{order_id}`: changes an order after it was placed, and its route with it.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLedger, DynamoOrders, DynamoPlaces, DynamoRoutes, DynamoUsers};
use adapters::system::{RandomJitter, SystemClock};
use app::orders::EditOrder;
use functions::geocoder;
use runtime::http::{Problem, Request, Response};
use settings::GeocoderSettings;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, claims, geography, estimate, geocoder, required_proof) =
        settings::from_environment()?;
    let (users, orders, routes) = tables;
    let (grid, service_area, longest_leg) = geography;
    let geocoder: Option<GeocoderSettings> = geocoder;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let places = DynamoPlaces::new(&dynamodb, &claims);
    let addresses = geocoder.map(|told| geocoder::addresses(told, places, &aws));
    let edit_order = EditOrder {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
        service_area,
        longest_leg,
        required_proof,
        addresses: addresses.transpose()?,
    };
    runtime::http::serve(edit_order, handle).await
}

async fn handle(edit_order: &EditOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let patch = request.merge_patch()?;
    let if_match = request.if_match()?;
    let order = edit_order
        .run(&caller, request.path("order_id"), &patch, if_match.as_ref())
        .await?;
    Ok(Response::ok(&order)?.with_version(order.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{LegEstimate, LongestLeg, ServiceArea};
    use serde_json::{Value, json};
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::{MemoryStore, NoJitter, StillClock, an_order};

    const EVENT: &str = include_str!("../../../events/edit-order.json");

    fn edit_order() -> EditOrder {
        let mut order = an_order(1)
            .of("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap())
            .build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let store = Arc::new(MemoryStore::with([], [order]));
        EditOrder {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            ledger: store,
            clock: Arc::new(StillClock::at("2030-05-06T08:10:00Z")),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            service_area: ServiceArea::default(),
            longest_leg: LongestLeg::default(),
            required_proof: domain::RequiredProof::default(),
            addresses: None,
        }
    }

    #[tokio::test]
    async fn a_customer_changes_a_field_and_removes_another() {
        let edit_order = edit_order();
        let (status, body) = answered(&edit_order, handle, EVENT).await;
        assert_eq!((status, &body["version"]), (200, &json!(2)), "{body}");
        assert_eq!(body["notes"], "Ring at the side door.");
        assert_eq!(
            body["dropoff"]["contact"],
            json!({"phone": "+34 600 000 002"})
        );
        assert_eq!(
            body["history"][1]["edited"],
            json!(["dropoff/contact", "notes"])
        );
        // The answer was lost, and the request is repeated. Its If-Match names the first version.
        let (status, again) = answered(&edit_order, handle, EVENT).await;
        assert_eq!((status, again), (200, body));
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        let bad =
            json!({"notes": 5, "priority": "urgent", "colour": null, "pickup": {"location": null}});
        event["body"] = json!(bad.to_string());
        let (status, body) = answered(&edit_order(), handle, &event.to_string()).await;
        let pointers: Vec<&str> = body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(status, 422);
        assert_eq!(
            pointers,
            ["#/priority", "#/colour", "#/pickup/location", "#/notes"]
        );
    }
}
