//! Why a message or a record was not worked through.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use app::Refusal;
use app::ports::QueueError;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use thiserror::Error;

/// Why a message or a record was not worked through.
#[derive(Debug, Error)]
pub enum Failure {
    /// It cannot be understood, and never will be.
    #[error("it cannot be read")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
    /// The use case refused it, or something that it needs is away.
    #[error("it was refused")]
    Refused(#[from] Refusal),
    /// The code broke. What it said is not kept: it may quote what it worked on.
    #[error("it made the handler panic")]
    Panicked,
    /// There was no time left to begin with it.
    #[error("there was no time left for it")]
    OutOfTime,
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs work so that its panic stays its own.
pub(crate) async fn caught<T>(work: LocalBoxFuture<'_, Result<T, Failure>>) -> Result<T, Failure> {
    let outcome: Result<_, Box<dyn Any + Send>> = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or(Err(Failure::Panicked))
}

/// An error with all that caused it, for the log.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause() {
        let failure = Failure::from(Refusal::Unavailable("connection refused".into()));
        assert_eq!(
            chain(&failure),
            "it was refused: a dependency is away: connection refused"
        );
    }

    #[tokio::test]
    async fn a_panic_becomes_a_failure() {
        let work: LocalBoxFuture<'_, Result<(), Failure>> = Box::pin(async { panic!("oh") });
        assert!(matches!(caught(work).await, Err(Failure::Panicked)));
    }
}
