//! `POST /orders`: stores a customer's order. With an `Idempotency-Key`, a repeated request stores it once.

use std::sync::Arc;

use adapters::dynamodb::{
    DynamoOrderPlacement, DynamoOrders, DynamoPendingBounds, DynamoPlaces, DynamoUsers,
};
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::orders::{CreateOrder, RoomForOrders};
use functions::geocoder;
use runtime::http::{Problem, Request, Response};
use settings::{GeocoderSettings, MaxOpenOrders};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, geography, MaxOpenOrders(most), geocoder, required_proof) =
        settings::from_environment()?;
    let (users, orders, claims) = tables;
    let (grid, service_area, longest_leg) = geography;
    let geocoder: Option<GeocoderSettings> = geocoder;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let places = DynamoPlaces::new(&dynamodb, &claims);
    let addresses = geocoder.map(|told| geocoder::addresses(told, places, &aws));
    let create_order = CreateOrder {
        required_proof,
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        placement: Arc::new(DynamoOrderPlacement::new(&dynamodb, &orders, &claims)),
        room: RoomForOrders {
            users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
            bounds: Arc::new(DynamoPendingBounds::new(&dynamodb, &claims, &orders)),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(RandomJitter),
            most,
        },
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        grid,
        service_area,
        longest_leg,
        addresses: addresses.transpose()?,
    };
    runtime::http::serve(create_order, handle).await
}

async fn handle(create_order: &CreateOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let key = request.header("Idempotency-Key");
    let order = create_order.run(&caller, &body, key).await?;
    Response::created(&order)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::addresses::{PlaceAddresses, Region};
    use serde_json::{Value, json};
    use testkit::build::{grid, room};
    use testkit::http::{answered, pointers};
    use testkit::{
        CountedIds, Landmarks, MemoryGeocoder, MemoryPlaceCache, MemoryStore, StillClock,
    };

    fn create_order(store: &Arc<MemoryStore>) -> CreateOrder {
        CreateOrder {
            required_proof: domain::RequiredProof::default(),
            orders: store.clone(),
            placement: store.clone(),
            room: room(store, 100_000),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            grid: grid(),
            service_area: domain::ServiceArea::default(),
            longest_leg: domain::LongestLeg::default(),
            addresses: None,
        }
    }

    #[tokio::test]
    async fn an_order_sent_twice_with_its_key_is_placed_once() {
        let store = Arc::default();
        let create_order = create_order(&store);
        let event = include_str!("../../../events/create-order.json");
        let (status, first) = answered(&create_order, handle, event).await;
        assert_eq!((status, &first["status"]), (201, &json!("pending")));
        assert_eq!(first["customer_id"], "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11");
        assert_eq!(
            first["pickup"]["address"],
            "Plaça de Catalunya 1, Barcelona"
        );
        assert_eq!(answered(&create_order, handle, event).await, (201, first));
        assert_eq!(store.all_orders().len(), 1);

        let other = event.replace("Ring twice.", "Ring once.");
        let (status, body) = answered(&create_order, handle, &other).await;
        assert_eq!(
            (status, &body["code"]),
            (422, &json!("idempotency_key_reused"))
        );
    }

    #[tokio::test]
    async fn a_customer_with_too_many_pending_orders_is_told() {
        let store = Arc::default();
        let mut create_order = create_order(&store);
        create_order.room = room(&store, 1);
        let event = include_str!("../../../events/create-order.json");
        let (status, first) = answered(&create_order, handle, event).await;
        assert_eq!(status, 201);
        let other = event.replace("shop-1042", "shop-1043");
        let (status, body) = answered(&create_order, handle, &other).await;
        assert_eq!(
            (status, &body["code"]),
            (409, &json!("too_many_open_orders"))
        );
        assert_eq!(store.all_orders().len(), 1);
        // A client may still repeat the first request.
        assert_eq!(answered(&create_order, handle, event).await, (201, first));
    }

    #[tokio::test]
    async fn a_key_that_is_not_ascii_is_named() {
        let store = Arc::default();
        let event = include_str!("../../../events/create-order.json");
        let mut event: Value = serde_json::from_str(event).unwrap();
        event["headers"]["Idempotency-Key"] = json!("Zoë");
        event["multiValueHeaders"]["Idempotency-Key"] = json!(["Zoë"]);
        let (status, body) = answered(&create_order(&store), handle, &event.to_string()).await;
        assert_eq!((status, pointers(&body)), (422, vec!["Idempotency-Key"]));
        assert!(store.all_orders().is_empty());
    }

    #[tokio::test]
    async fn every_bad_field_is_named_and_nothing_is_stored() {
        let store = Arc::default();
        let event = include_str!("../../../events/create-order-invalid.json");
        let (status, body) = answered(&create_order(&store), handle, event).await;
        assert_eq!(status, 422);
        let expected = [
            "#/note",
            "#/pickup/location/lat",
            "#/dropoff/location/lon",
            "#/size",
        ];
        assert_eq!(pointers(&body), expected);
        assert!(store.all_orders().is_empty());
    }

    #[tokio::test]
    async fn an_address_is_placed_or_answered_with_what_it_may_be() {
        let (store, geocoder): (Arc<MemoryStore>, Arc<MemoryGeocoder>) = Default::default();
        let mut create_order = create_order(&store);
        create_order.addresses = Some(PlaceAddresses {
            geocoder: geocoder.clone(),
            cache: Arc::new(MemoryPlaceCache::default()),
            region: Region::default(),
            least_confidence: 0.8,
        });
        let event = include_str!("../../../events/create-order-address.json");
        let address = "Plaça de Catalunya 1, Barcelona";
        let square = |sure| [("Plaça de Catalunya", Landmarks::PLACA_CATALUNYA, sure)];
        geocoder.knows(address, &square(0.5));
        let (status, body) = answered(&create_order, handle, event).await;
        assert_eq!((status, &body["code"]), (422, &json!("address_not_placed")));
        assert_eq!(pointers(&body), ["#/pickup/address"]);
        let candidate = json!({"label": "Plaça de Catalunya", "confidence": 0.5,
            "location": {"lat": 41.387, "lon": 2.1701}});
        assert_eq!(body["errors"][0]["candidates"], json!([candidate]));
        assert!(store.all_orders().is_empty());

        geocoder.set_away(true);
        let elsewhere = event.replace(address, "Plaça Reial 1");
        let (status, body) = answered(&create_order, handle, &elsewhere).await;
        assert_eq!((status, &body["code"]), (503, &json!("unavailable")));

        geocoder.set_away(false);
        geocoder.knows("Plaça Reial 1", &square(0.9));
        let (status, order) = answered(&create_order, handle, &elsewhere).await;
        assert_eq!(status, 201);
        assert_eq!(order["pickup"]["location"]["lat"], 41.387);
    }

    #[tokio::test]
    async fn without_a_geocoder_the_location_is_asked_for() {
        let event = include_str!("../../../events/create-order-address.json");
        let (status, body) = answered(&create_order(&Arc::default()), handle, event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid")));
        assert_eq!(pointers(&body), ["#/pickup/location"]);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_unreadable() {
        let event = include_str!("../../../events/create-order-not-json.json");
        let (status, body) = answered(&create_order(&Arc::default()), handle, event).await;
        assert_eq!((status, &body["code"]), (400, &json!("unreadable")));
    }

    #[tokio::test]
    async fn agents_place_no_orders_and_strangers_do_nothing() {
        let event = include_str!("../../../events/create-order.json");
        let create_order = create_order(&Arc::default());
        let by_agent = event.replace(
            r#""cognito:groups": "customer""#,
            r#""cognito:groups": "[agent]""#,
        );
        assert_eq!(answered(&create_order, handle, &by_agent).await.0, 403);
        let mut without_claims: Value = serde_json::from_str(event).unwrap();
        without_claims["requestContext"]["authorizer"] = Value::Null;
        assert_eq!(
            answered(&create_order, handle, &without_claims.to_string())
                .await
                .0,
            401
        );
    }
}
