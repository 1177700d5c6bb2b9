//! Places the addresses of imported orders on the map, at the pace of the geocoder.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{
    DynamoGeocoderTurns, DynamoImports, DynamoOrders, DynamoPlaces, DynamoUsers,
};
use adapters::sqs::SqsQueue;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::imports::{LocateOrders, LocatingEnd};
use app::messages::{ImportKey, LocateImport};
use functions::geocoder;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Job, Limits, Message};
use settings::{GeocoderPace, GeocoderSettings};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, queues, geography, geocoder, pace) = settings::from_environment()?;
    let (imports, users, orders, claims) = tables;
    let (queue, ends) = queues;
    let (grid, service_area, longest_leg) = geography;
    let (geocoder, GeocoderPace(per_minute)): (Option<GeocoderSettings>, _) = (geocoder, pace);
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let imports = Arc::new(DynamoImports::new(&dynamodb, &imports));
    let places = DynamoPlaces::new(&dynamodb, &claims);
    let addresses = geocoder.map(|told| geocoder::addresses_of_files(told, places, &aws));
    let locate_orders = LocateOrders {
        imports: imports.clone(),
        locating: imports,
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        addresses: addresses.transpose()?,
        turns: Arc::new(DynamoGeocoderTurns::new(&dynamodb, &claims)),
        per_minute,
        queue: Arc::new(SqsQueue::<LocateImport>::new(&sqs, &queue)),
        ends: Arc::new(SqsQueue::<ImportKey>::new(&sqs, &ends)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        grid,
        service_area,
        longest_leg,
    };
    runtime::sqs::serve(locate_orders, jobs, LIMITS).await
}

const LIMITS: Limits = Limits {
    // All imports share the turns to ask the geocoder.
    at_once: 1,
    // A run stops in time by itself.
    longest_job: Duration::from_secs(25),
};

fn jobs<'a>(locate_orders: &'a LocateOrders, batch: &'a [Message]) -> Vec<Job<'a>> {
    let jobs = batch.iter().map(|message| match message.json() {
        Ok(asked) => Job::new(vec![message], locate(locate_orders, asked, message)),
        Err(failure) => Job::failed(message, failure),
    });
    jobs.collect()
}

async fn locate(
    locate_orders: &LocateOrders,
    asked: LocateImport,
    message: &Message,
) -> Result<(), Failure> {
    let begun = runtime::clock::instant();
    let report = locate_orders.run(asked, message.time_left()).await?;
    let end = match report.end {
        LocatingEnd::Settled => "settled",
        LocatingEnd::LeftToOthers => "left to others",
        LocatingEnd::HandedOn => "handed on",
        LocatingEnd::OutOfTurns => "out of turns",
        LocatingEnd::GeocoderFails => "geocoder fails",
        LocatingEnd::Waits => "waits",
    };
    info!(
        import_id = %asked.import.import_id,
        end,
        located = report.located,
        failed = report.failed,
        answered = report.answered,
        unanswered = report.unanswered,
        elapsed_ms = begun.elapsed().as_millis() as u64,
        "addresses looked up"
    );
    Metrics::new()
        .count("OrdersLocated", report.located as usize)
        .count("OrdersNotLocated", report.failed as usize)
        .count("GeocoderAnswers", report.answered as usize)
        .count("GeocoderFailures", report.unanswered as usize)
        .emit();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::addresses::{PlaceAddresses, Region};
    use app::ports::{ImportStore, OrderStore};
    use domain::import::{Reached, SeenFile};
    use domain::order::OrderDraft;
    use domain::{NewOrder, Order, OrderStatus};
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::build::grid;
    use testkit::{
        CountedIds, Landmarks, MemoryGeocoder, MemoryImportQueue, MemoryLocateQueue,
        MemoryPlaceCache, MemoryStore, NoJitter, StillClock, an_import, an_order, at,
    };

    const EVENT: &str = include_str!("../../../events/locate-orders.json");

    /// The messages that Lambda delivers again.
    async fn failures(store: &Arc<MemoryStore>, event: &str) -> Value {
        let geocoder = MemoryGeocoder::default();
        geocoder.knows(
            "Carrer de Mallorca 401",
            &[("there", Landmarks::SAGRADA_FAMILIA, 1.0)],
        );
        let locate_orders = LocateOrders {
            imports: store.clone(),
            locating: store.clone(),
            orders: store.clone(),
            users: store.clone(),
            addresses: Some(PlaceAddresses {
                geocoder: Arc::new(geocoder),
                cache: Arc::new(MemoryPlaceCache::default()),
                region: Region::default(),
                least_confidence: 0.8,
            }),
            turns: store.clone(),
            per_minute: 40,
            queue: Arc::new(MemoryLocateQueue::default()),
            ends: Arc::new(MemoryImportQueue::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            service_area: domain::ServiceArea::default(),
            longest_leg: domain::LongestLeg::default(),
        };
        let event = serde_json::from_str(event).unwrap();
        let time = Duration::from_secs(60);
        let response = sqs::consume(&locate_orders, jobs, LIMITS, event, time).await;
        serde_json::to_value(response.unwrap()).unwrap()["batchItemFailures"].take()
    }

    #[tokio::test]
    async fn an_address_is_placed_once_however_often_the_message_comes() {
        let store = Arc::new(MemoryStore::default());
        let (awaited, now) = (an_import(), at("2030-05-06T08:00:00Z"));
        store.put_import(&awaited).await.unwrap();
        let file = SeenFile {
            etag: "\"a\"".to_owned(),
            size_bytes: 100,
            is_unpacked: false,
        };
        let begun = awaited.begun(file, true, now);
        store.put_import(&begun).await.unwrap();
        let one_row = begun.advanced(Reached::at(50), (1, 1), 0, now);
        store.put_import(&one_row).await.unwrap();
        let placed = an_order(1).build();
        let mut draft = OrderDraft::from(NewOrder {
            pickup: placed.pickup.located(None).unwrap(),
            dropoff: placed.dropoff.located(None).unwrap(),
            size: 1,
            priority: placed.priority,
            requires: placed.requires,
            notes: None,
            external_id: None,
            on_failure: placed.on_failure,
            requires_proof: domain::AskedProof::default(),
        });
        draft.dropoff.location = None;
        draft.dropoff.address = Some("Carrer de Mallorca 401".to_owned());
        let id = awaited.id.order_in_row(1);
        let order = Order::to_place(id, awaited.customer_id, draft, now);
        store.put_order(&order).await.unwrap();
        for _ in 0..2 {
            assert_eq!(failures(&store, EVENT).await, json!([]));
            let located = &store.all_orders()[0];
            assert_eq!(located.dropoff.location, Some(Landmarks::SAGRADA_FAMILIA));
            assert_eq!((located.status, located.version), (OrderStatus::Pending, 2));
        }
    }

    #[tokio::test]
    async fn an_import_that_is_not_there_ends_with_the_dead_letters() {
        let failures = failures(&Arc::default(), EVENT).await;
        assert_eq!(failures.as_array().unwrap().len(), 1);
    }
}
