//! Makes orders of the rows of uploaded files.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::{DynamoImports, ImportTables};
use adapters::s3::S3Files;
use adapters::sqs::SqsImports;
use adapters::system::{RandomJitter, SystemClock};
use runtime::config::Environment;

use handler::Ingest;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (imports, orders, idempotency, bucket, queue, grid, most_bytes) = env.all((
        env.text("IMPORTS_TABLE"),
        env.text("ORDERS_TABLE"),
        env.text("IDEMPOTENCY_TABLE"),
        env.text("UPLOADS_BUCKET"),
        env.text("IMPORT_QUEUE_URL"),
        env.zone_grid(),
        env.largest_import(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let tables = ImportTables {
        imports,
        orders,
        idempotency,
    };
    let ingest = app::imports::IngestOrders {
        imports: Arc::new(DynamoImports::new(dynamodb, tables)),
        files: Arc::new(S3Files::new(adapters::s3::client(&aws), bucket)),
        queue: Arc::new(SqsImports::new(sqs, queue)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
        grid,
        most_bytes,
    };
    runtime::sqs::serve(Arc::new(Ingest(ingest))).await
}
