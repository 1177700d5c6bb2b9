//! What every Lambda function needs once: HTTP in and out, queues and streams in, configuration, logs, metrics.
//!
//! A function's `main.rs` reads its [`config::Environment`], builds its adapters and one use case, and hands a
//! handler to [`http::serve`], [`sqs::serve`], [`streams::serve`] or [`schedule::serve`]. Those take trait objects,
//! so that the loop around a handler is compiled once and not again in each function.

pub mod config;
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
