//! Stores the rows of uploaded files as orders. Lets the orders of customers follow a suspension.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{
    DynamoImportChunks, DynamoImports, DynamoLedger, DynamoOrders, DynamoPendingBounds,
    DynamoRoutes, DynamoUsers,
};
use adapters::s3::S3Files;
use adapters::s3::events::ImportMessage;
use adapters::sqs::SqsQueue;
use adapters::system::{RandomJitter, SystemClock};
use app::customers::FollowCustomer;
use app::imports::{IngestOrders, IngestReport, Progress};
use app::messages::{CustomerChanged, ImportKey, LocateImport};
use app::orders::{ChangeInBulk, RoomForOrders};
use app::ports::Queue;
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Job, Limits, Message};
use settings::{GeocoderSettings, LargestImport, MaxOpenOrders};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, bucket, queues, geography, most, required_proof) = settings::from_environment()?;
    let (queue, locating, geocoder) = queues;
    let geocoder: Option<GeocoderSettings> = geocoder;
    let (LargestImport(most_bytes), MaxOpenOrders(most)) = most;
    let (imports, users, orders, routes, claims) = tables;
    let (grid, service_area, longest_leg, estimate) = geography;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let stored_orders = Arc::new(DynamoOrders::new(&dynamodb, &orders));
    let people = Arc::new(DynamoUsers::new(&dynamodb, &users));
    let bulk = ChangeInBulk {
        users: people.clone(),
        orders: stored_orders.clone(),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
    };
    let ingest_orders = IngestOrders {
        required_proof,
        locating: Arc::new(DynamoImports::new(&dynamodb, &imports)),
        addresses: geocoder.map(|_| {
            let queue = SqsQueue::<LocateImport>::new(&sqs, &locating);
            Arc::new(queue) as Arc<dyn Queue<LocateImport>>
        }),
        imports: Arc::new(DynamoImports::new(&dynamodb, &imports)),
        chunks: Arc::new(DynamoImportChunks::new(
            &dynamodb, &imports, &orders, &claims,
        )),
        room: RoomForOrders {
            users: people.clone(),
            bounds: Arc::new(DynamoPendingBounds::new(&dynamodb, &claims, &orders)),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(RandomJitter),
            most,
        },
        bulk: bulk.clone(),
        files: Arc::new(S3Files::new(&adapters::s3::client(&aws), &bucket)),
        queue: Arc::new(SqsQueue::<ImportKey>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        service_area,
        longest_leg,
        most_bytes,
    };
    let follow_customer = FollowCustomer {
        users: people,
        orders: stored_orders,
        bulk,
        queue: Arc::new(SqsQueue::<CustomerChanged>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
    };
    let work = Work {
        ingest_orders,
        follow_customer,
    };
    runtime::sqs::serve(work, jobs, LIMITS).await
}

/// The use cases behind the queue of imports.
struct Work {
    ingest_orders: IngestOrders,
    follow_customer: FollowCustomer,
}

const LIMITS: Limits = Limits {
    // A file is read as fast as its orders can be stored: two files at once would share that speed.
    at_once: 1,
    // A run stops in time by itself, and stores at least one chunk.
    longest_job: Duration::from_secs(15),
};

fn jobs<'a>(work: &'a Work, batch: &'a [Message]) -> Vec<Job<'a>> {
    let jobs = batch
        .iter()
        .map(|message| match message.json::<ImportMessage>() {
            Ok(ImportMessage::Imports(keys)) => {
                Job::new(vec![message], ingest(&work.ingest_orders, keys, message))
            }
            Ok(ImportMessage::Customer(changed)) => Job::new(
                vec![message],
                follow(&work.follow_customer, changed, message),
            ),
            Err(failure) => Job::failed(message, failure),
        });
    jobs.collect()
}

async fn ingest(
    ingest_orders: &IngestOrders,
    keys: Vec<ImportKey>,
    message: &Message,
) -> Result<(), Failure> {
    for key in keys {
        let begun = runtime::clock::instant();
        let report = ingest_orders.run(key, message.time_left()).await?;
        tell(key, &report, begun.elapsed());
    }
    Ok(())
}

async fn follow(
    follow_customer: &FollowCustomer,
    changed: CustomerChanged,
    message: &Message,
) -> Result<(), Failure> {
    let (customer_id, request_id) = (changed.customer_id, changed.request_id.clone());
    let report = follow_customer.run(changed, message.time_left()).await?;
    info!(
        %customer_id,
        order_request_id = request_id,
        orders = report.orders,
        is_over = report.is_over,
        "orders followed their customer"
    );
    Ok(())
}

fn tell(key: ImportKey, report: &IngestReport, time: Duration) {
    let (progress, status) = match report.progress {
        Progress::Over(status) => ("over", Some(status.name())),
        Progress::HandedOn => ("handed on", None),
        Progress::Locating => ("waits for addresses", None),
        Progress::LeftToOthers => ("left to others", None),
        Progress::Paused => ("paused", None),
    };
    info!(
        import_id = %key.import_id,
        progress,
        status,
        rows = report.accepted + report.rejected,
        accepted = report.accepted,
        rejected = report.rejected,
        cancelled_rows = report.cancelled_rows,
        bytes = report.bytes,
        transactions = report.chunks,
        rejected_parts = report.parts,
        store_requests = report.store_requests,
        file_requests = report.file_requests,
        elapsed_ms = time.as_millis() as u64,
        "rows ingested"
    );
    Metrics::new()
        .count("RowsAccepted", report.accepted as usize)
        .count("RowsRejected", report.rejected as usize)
        .emit();
    if let Some(status) = status {
        Metrics::new()
            .of("Status", status)
            .count("ImportsOver", 1)
            .emit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{ImportStore, OrderStore, UserStore};
    use domain::UserStatus;
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::build::{bulk, grid, room};
    use testkit::{
        MemoryCustomers, MemoryFiles, MemoryImportQueue, MemoryStore, NoJitter, StillClock,
        a_customer, an_import, an_order,
    };

    const UPLOADED: &str = include_str!("../../../events/ingest-orders.json");
    const HANDED_ON: &str = include_str!("../../../events/ingest-orders-handed-on.json");
    const CUSTOMER: &str = include_str!("../../../events/ingest-orders-customer.json");
    const TRIAL: &str = include_str!("../../../events/ingest-orders-trial.json");
    const FILE: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,external_id\n\
                        41.3870,2.1701,41.4036,2.1744,SO-1\n41.3870,2.1701,north,2.1744,SO-2\n";

    #[derive(Default)]
    struct World {
        store: Arc<MemoryStore>,
        files: MemoryFiles,
        queue: Arc<MemoryImportQueue>,
        customers: Arc<MemoryCustomers>,
    }

    impl World {
        /// A world with one import, and its uploaded file.
        async fn with(file: &str) -> Self {
            let (world, import) = (Self::default(), an_import());
            world.store.put_import(&import).await.unwrap();
            let key = ImportKey {
                customer_id: import.customer_id,
                import_id: import.id,
            };
            world.files.upload(key, file);
            world
        }

        /// The messages that Lambda delivers again.
        async fn failures(&self, event: &str) -> Value {
            let ingest_orders = IngestOrders {
                required_proof: domain::RequiredProof::default(),
                imports: self.store.clone(),
                locating: self.store.clone(),
                addresses: None,
                chunks: self.store.clone(),
                room: room(&self.store, 100_000),
                bulk: bulk(&self.store),
                files: Arc::new(self.files.clone()),
                queue: self.queue.clone(),
                clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
                jitter: Arc::new(NoJitter),
                grid: grid(),
                service_area: domain::ServiceArea::default(),
                longest_leg: domain::LongestLeg::default(),
                most_bytes: 1_000_000,
            };
            let follow_customer = FollowCustomer {
                users: self.store.clone(),
                orders: self.store.clone(),
                bulk: bulk(&self.store),
                queue: self.customers.clone(),
                clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            };
            let work = Work {
                ingest_orders,
                follow_customer,
            };
            let event = serde_json::from_str(event).unwrap();
            let time = Duration::from_secs(120);
            let response = sqs::consume(&work, jobs, LIMITS, event, time)
                .await
                .unwrap();
            serde_json::to_value(response).unwrap()["batchItemFailures"].take()
        }
    }

    #[tokio::test]
    async fn an_upload_becomes_orders_however_often_it_is_told() {
        let world = World::with(FILE).await;
        for event in [UPLOADED, UPLOADED, HANDED_ON] {
            assert_eq!(world.failures(event).await, json!([]));
            let import = world.store.all_imports().remove(0);
            assert_eq!(import.status.name(), "completed_with_errors");
            assert_eq!((import.accepted, import.rejected), (1, 1));
            assert_eq!(world.store.all_orders().len(), 1);
        }
    }

    #[tokio::test]
    async fn an_import_that_was_handed_on_is_gone_on_with() {
        let world = World::with(FILE).await;
        assert_eq!(world.failures(HANDED_ON).await, json!([]));
        assert_eq!(world.store.all_orders().len(), 1);
    }

    #[tokio::test]
    async fn the_trial_of_a_notification_is_nothing() {
        assert_eq!(World::default().failures(TRIAL).await, json!([]));
    }

    #[tokio::test]
    async fn the_orders_of_a_suspended_customer_wait() {
        let world = World::default();
        assert_eq!(world.failures(CUSTOMER).await.as_array().unwrap().len(), 1);
        let mut ana = a_customer(1).build();
        ana.id = an_import().customer_id;
        let now = ana.updated_at;
        let suspended = ana.customer_set_to(UserStatus::Suspended, now).unwrap();
        world.store.put_user(&ana).await.unwrap();
        world.store.put_user(&suspended).await.unwrap();
        let order = an_order(1).of(ana.id).build();
        world.store.put_order(&order).await.unwrap();
        assert_eq!(world.failures(CUSTOMER).await, json!([]));
        assert!(world.store.all_orders()[0].decided.suspended);
        let (once_more, delay_s) = world.customers.take().remove(0);
        assert!(once_more.last && delay_s > 120);
    }

    #[tokio::test]
    async fn a_file_without_an_import_ends_with_the_dead_letters() {
        let failures = World::default().failures(UPLOADED).await;
        assert_eq!(failures.as_array().unwrap().len(), 1);
        let strange = UPLOADED.replace("imports/", "reports/");
        let failures = World::with(FILE).await.failures(&strange).await;
        assert_eq!(failures.as_array().unwrap().len(), 1);
    }
}
