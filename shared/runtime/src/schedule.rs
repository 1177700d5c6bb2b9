//! Runs on a schedule.

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::de::IgnoredAny;
use tracing::{Instrument, error};

use crate::failure::{Failure, caught, chain};
use crate::invocation;

/// Something that is to be done now and then. The event says nothing but that it is time.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does it.
    async fn run(&self) -> Result<(), Failure>;
}

/// Waits for the schedule, forever. A failure makes the invocation fail, so that it counts as an error of the function
/// and is tried again.
///
/// # Errors
/// When the Lambda runtime is away.
pub async fn serve(handler: Arc<dyn Handler>) -> Result<(), lambda_runtime::Error> {
    let service = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let handler = Arc::clone(&handler);
        let span = invocation::span(&event.context);
        async move {
            caught(handler.run()).await.map_err(|failure| {
                error!(cause = chain(&failure), "the run has failed");
                lambda_runtime::Error::from(failure.to_string())
            })
        }
        .instrument(span)
    });
    Runtime::new(service).run().await
}
