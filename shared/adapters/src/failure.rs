//! What became of a call that failed, safe to log.

use std::error::Error;
use std::fmt;

use app::refusal::Cause;
use aws_sdk_dynamodb::error::SdkError;

/// A call to a service that failed, with its cause.
///
/// Its `Debug` shows messages and nothing else: the SDK's own errors carry the raw answer along, which may hold
/// people's data.
pub struct CallFailed {
    call: &'static str,
    source: Cause,
}

impl CallFailed {
    /// A call that the SDK could not complete. The raw answer is dropped here.
    pub(crate) fn new<E, R>(call: &'static str, error: SdkError<E, R>) -> Self
    where
        E: Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        let source = error.into_source().unwrap_or_else(Into::into);
        Self { call, source }
    }

    /// A call that was answered, but not with what was asked for.
    pub(crate) fn because(call: &'static str, reason: impl Into<Cause>) -> Self {
        Self {
            call,
            source: reason.into(),
        }
    }
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.call)
    }
}

impl fmt::Debug for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for CallFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
