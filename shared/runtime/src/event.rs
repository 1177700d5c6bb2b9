//! Functions that an event starts. Lambda tries an event again that failed, and then puts it aside.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{Instrument, error};

use crate::failure::{Failure, caught, chain};
use crate::invocation;

/// Calls `handle` with its use case and each event, forever. A failure makes the invocation fail.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve<U, E: DeserializeOwned>(
    use_case: U,
    handle: impl AsyncFn(&U, E) -> Result<(), Failure>,
) -> Result<(), lambda_runtime::Error> {
    run(&|event| handled(&use_case, &handle, event).boxed_local()).await
}

/// Handles one event as [`serve`] does.
///
/// # Errors
/// [`Failure::Unreadable`] if the event is none for an `E`, or the error of `handle`.
pub async fn handled<U, E: DeserializeOwned>(
    use_case: &U,
    handle: &impl AsyncFn(&U, E) -> Result<(), Failure>,
    event: Value,
) -> Result<(), Failure> {
    // serde's message may quote the event.
    let event = serde_json::from_value(event);
    let event = event.map_err(|_| Failure::Unreadable("the event has another form".into()))?;
    handle(use_case, event).await
}

/// The compiler compiles a future where it is polled. Without the box, each function would compile this loop.
fn run<'h, 'a: 'h>(
    handler: &'h dyn Fn(Value) -> LocalBoxFuture<'a, Result<(), Failure>>,
) -> LocalBoxFuture<'h, Result<(), lambda_runtime::Error>> {
    Box::pin(async move {
        let service = service_fn(|event: LambdaEvent<Value>| {
            let span = invocation::span(&event.context);
            async move {
                caught(handler(event.payload)).await.map_err(|failure| {
                    error!(cause = chain(&failure), "the event has failed");
                    lambda_runtime::Error::from(failure.to_string())
                })
            }
            .instrument(span)
        });
        Runtime::new(service).run().await
    })
}
