//! `GET /imports/{import_id}`: the account of one import.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoImports;
use adapters::s3::S3Files;
use app::imports::GetImport;
use handler::GetImport;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (imports, bucket) = env.all((env.text("IMPORTS_TABLE"), env.text("UPLOADS_BUCKET")))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let show_import = GetImport {
        imports: Arc::new(DynamoImports::without_orders(dynamodb, imports)),
        urls: Arc::new(S3Files::new(adapters::s3::client(&aws), bucket)),
    };
    runtime::http::serve(Arc::new(GetImport(show_import))).await
}
