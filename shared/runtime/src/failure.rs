//! Why a message or a record failed.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use app::Refusal;
use app::ports::QueueError;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use thiserror::Error;

/// Why a message or a record failed.
#[derive(Debug, Error)]
pub enum Failure {
    /// It cannot be read, and another try does not help.
    #[error("it cannot be read")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
    /// The use case refused it, or a service that the use case needs cannot be reached.
    #[error("it was refused")]
    Refused(#[from] Refusal),
    /// The code panicked. The message of the panic is not kept: it may quote a body.
    #[error("it made the handler panic")]
    Panicked,
    /// No time was left to begin.
    #[error("there was no time left for it")]
    OutOfTime,
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::Refused(error.into())
    }
}

/// Runs work, and turns a panic into a failure.
pub(crate) async fn caught<T>(work: LocalBoxFuture<'_, Result<T, Failure>>) -> Result<T, Failure> {
    let outcome: Result<_, Box<dyn Any + Send>> = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or(Err(Failure::Panicked))
}

/// An error with all its causes, for the log.
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
            "it was refused: a dependency is unavailable: connection refused"
        );
    }

    #[tokio::test]
    async fn a_panic_becomes_a_failure() {
        let work: LocalBoxFuture<'_, Result<(), Failure>> = Box::pin(async { panic!("oh") });
        assert!(matches!(caught(work).await, Err(Failure::Panicked)));
    }
}
