//! What all Lambda functions share: HTTP, queues, streams, schedules, configuration, logs and metrics.
//!
//! A function's `main` reads its [`config::Environment`] and builds its adapters and one use case. It hands the use
//! case and its handler, an async function, to [`http::serve`], [`sqs::serve`], [`streams::serve`], [`event::serve`] or
//! [`schedule::serve`].

pub mod clock;
pub mod event;
mod failure;
pub mod http;
mod invocation;
pub mod metrics;
pub mod schedule;
pub mod sqs;
pub mod streams;
pub mod telemetry;

pub use failure::Failure;
pub use lambda_runtime::Error;
