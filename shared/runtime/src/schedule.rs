//! Functions that a schedule starts.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::de::IgnoredAny;
use tracing::{Instrument, error};

use crate::failure::{Failure, caught, chain};
use crate::invocation;

/// Calls `handle` with its use case and the time that is left, each time the schedule says so, forever. The event
/// carries no other information. A failure makes the invocation fail: it counts as an error of the function.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<U>(
    use_case: U,
    handle: impl AsyncFn(&U, Duration) -> Result<(), Failure>,
) -> Result<(), lambda_runtime::Error> {
    run(&|time| handle(&use_case, time).boxed_local()).await
}

/// The compiler compiles a future where it is polled. Without the box, each function would compile this loop.
fn run<'h, 'a: 'h>(
    handler: &'h dyn Fn(Duration) -> LocalBoxFuture<'a, Result<(), Failure>>,
) -> LocalBoxFuture<'h, Result<(), lambda_runtime::Error>> {
    Box::pin(async move {
        let service = service_fn(|event: LambdaEvent<IgnoredAny>| {
            let span = invocation::span(&event.context);
            let time = invocation::time_left(&event.context);
            async move {
                caught(handler(time)).await.map_err(|failure| {
                    error!(cause = chain(&failure), "the run has failed");
                    lambda_runtime::Error::from(failure.to_string())
                })
            }
            .instrument(span)
        });
        Runtime::new(service).run().await
    })
}
