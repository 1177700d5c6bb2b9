//! `POST /upload-url`: where and how a customer uploads a file of orders.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoImports;
use adapters::s3::S3Files;
use adapters::system::{SystemClock, UuidIds};
use app::imports::CreateUploadUrl;
use handler::CreateUploadUrl;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (imports, bucket, most_bytes) = env.all((
        env.text("IMPORTS_TABLE"),
        env.text("UPLOADS_BUCKET"),
        env.largest_import(),
    ))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let create_upload = CreateUploadUrl {
        imports: Arc::new(DynamoImports::without_orders(dynamodb, imports)),
        urls: Arc::new(S3Files::new(adapters::s3::client(&aws), bucket)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        most_bytes,
    };
    runtime::http::serve(Arc::new(CreateUploadUrl(create_upload))).await
}
