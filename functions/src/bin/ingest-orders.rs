//! Stores the rows of uploaded files as orders.

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
use app::imports::{IngestOrders, IngestReport, Progress};
use app::messages::ImportKey;
use app::orders::{CancelInBulk, RoomForOrders};
use runtime::Failure;
use runtime::metrics::Metrics;
use runtime::sqs::{Job, Limits, Message};
use settings::{LargestImport, MaxOpenOrders};
use tracing::info;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, bucket, queue, geography, LargestImport(most_bytes), MaxOpenOrders(most)) =
        settings::from_environment()?;
    let (imports, users, orders, routes, claims) = tables;
    let (grid, service_area, longest_leg, estimate) = geography;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let ingest_orders = IngestOrders {
        imports: Arc::new(DynamoImports::new(&dynamodb, &imports)),
        chunks: Arc::new(DynamoImportChunks::new(
            &dynamodb, &imports, &orders, &claims,
        )),
        room: RoomForOrders {
            users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
            bounds: Arc::new(DynamoPendingBounds::new(&dynamodb, &claims, &orders)),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(RandomJitter),
            most,
        },
        bulk: CancelInBulk {
            users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
            orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
            routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
            ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(RandomJitter),
            grid,
            estimate,
        },
        files: Arc::new(S3Files::new(&adapters::s3::client(&aws), &bucket)),
        queue: Arc::new(SqsQueue::<ImportKey>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        service_area,
        longest_leg,
        most_bytes,
    };
    runtime::sqs::serve(ingest_orders, jobs, LIMITS).await
}

const LIMITS: Limits = Limits {
    // A file is read as fast as its orders can be stored: two files at once would share that speed.
    at_once: 1,
    // A run stops in time by itself, and stores at least one chunk.
    longest_job: Duration::from_secs(15),
};

fn jobs<'a>(ingest_orders: &'a IngestOrders, batch: &'a [Message]) -> Vec<Job<'a>> {
    let jobs = batch
        .iter()
        .map(|message| match message.json::<ImportMessage>() {
            Ok(ImportMessage(keys)) => {
                Job::new(vec![message], ingest(ingest_orders, keys, message))
            }
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

fn tell(key: ImportKey, report: &IngestReport, time: Duration) {
    let (progress, status) = match report.progress {
        Progress::Over(status) => ("over", Some(status.name())),
        Progress::HandedOn => ("handed on", None),
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

    use app::ports::ImportStore;
    use runtime::sqs;
    use serde_json::{Value, json};
    use testkit::build::{bulk, grid, room};
    use testkit::{MemoryFiles, MemoryImportQueue, MemoryStore, NoJitter, StillClock, an_import};

    const UPLOADED: &str = include_str!("../../../events/ingest-orders.json");
    const HANDED_ON: &str = include_str!("../../../events/ingest-orders-handed-on.json");
    const TRIAL: &str = include_str!("../../../events/ingest-orders-trial.json");
    const FILE: &str = "pickup_lat,pickup_lon,dropoff_lat,dropoff_lon,external_id\n\
                        41.3870,2.1701,41.4036,2.1744,SO-1\n41.3870,2.1701,north,2.1744,SO-2\n";

    #[derive(Default)]
    struct World {
        store: Arc<MemoryStore>,
        files: MemoryFiles,
        queue: Arc<MemoryImportQueue>,
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
                imports: self.store.clone(),
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
            let event = serde_json::from_str(event).unwrap();
            let time = Duration::from_secs(120);
            let response = sqs::consume(&ingest_orders, jobs, LIMITS, event, time)
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
    async fn a_file_without_an_import_ends_with_the_dead_letters() {
        let failures = World::default().failures(UPLOADED).await;
        assert_eq!(failures.as_array().unwrap().len(), 1);
        let strange = UPLOADED.replace("imports/", "reports/");
        let failures = World::with(FILE).await.failures(&strange).await;
        assert_eq!(failures.as_array().unwrap().len(), 1);
    }
}
