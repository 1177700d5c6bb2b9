//! `GET /imports`: the caller's imports.

mod handler;

use std::sync::Arc;

use adapters::dynamodb::DynamoImports;
use app::imports::ListImports;
use handler::ListImportsOfCaller;
use runtime::config::Environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let env = Environment::new();
    let (imports,) = env.all((env.text("IMPORTS_TABLE"),))?;
    let aws = adapters::aws::config().await;
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_imports = ListImports {
        imports: Arc::new(DynamoImports::without_orders(dynamodb, imports)),
    };
    runtime::http::serve(Arc::new(ListImportsOfCaller(list_imports))).await
}
