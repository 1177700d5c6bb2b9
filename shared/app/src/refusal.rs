//! Why a request is not granted, in terms that know no HTTP.

use std::error::Error as StdError;

use domain::OrderStatus;
use intake::{Fault, Faults};
use thiserror::Error;

use crate::addresses::Unplaceable;
use crate::ports::{FileError, GeocoderError, IdentityError, MailError, QueueError, StoreError};

/// Any error from below, kept for the log.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why a request is not granted.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Readable, but not valid: every fault is named.
    #[error("{} field(s) are not valid", .0.len())]
    Invalid(Vec<Fault>),
    /// Valid but for addresses that no place could be found for.
    #[error("{} address(es) cannot be placed", .0.len())]
    Unplaceable(Vec<Unplaceable>),
    /// The confirmation code is wrong, used up, or too old.
    #[error("the code is wrong or has expired")]
    InvalidCode,
    /// The email address or the password is wrong; which of them is not told.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The refresh token is forged, expired or revoked; which of them is not told.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// The address must be confirmed first.
    #[error("the email address is not confirmed yet")]
    NotConfirmed,
    /// The caller's role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// The agent is not approved, or suspended.
    #[error("the agent is not active")]
    AgentNotActive,
    /// Not there, or not the caller's: which of them is not told.
    #[error("there is no such thing")]
    NotFound,
    /// The order's status does not lead there.
    #[error("an order that is {from} cannot become {to}")]
    StepNotAllowed {
        /// Where it stands.
        from: OrderStatus,
        /// Where it was to go.
        to: OrderStatus,
        /// Where the caller may take it from here.
        allowed: Vec<OrderStatus>,
    },
    /// The agent has a route open.
    #[error("the agent has an open route; finish it first")]
    RouteOpen,
    /// The agent has not confirmed the address, so there is nobody to approve.
    #[error("the agent has not confirmed the email address yet")]
    AgentUnconfirmed,
    /// The same `Idempotency-Key` came with another body before.
    #[error("this Idempotency-Key was used with another body")]
    IdempotencyKeyReused,
    /// The file is larger than files may be; the limit in bytes.
    #[error("a file may have at most {most_bytes} bytes")]
    FileTooLarge {
        /// The limit.
        most_bytes: u64,
    },
    /// Others kept changing the same thing; trying again is likely to work.
    #[error("others are changing this at the same time; try again")]
    Contended,
    /// Too many requests for somebody behind us.
    #[error("too many requests; try again in a little while")]
    Throttled,
    /// A dependency is away.
    #[error("a dependency is away")]
    Unavailable(#[source] Cause),
    /// Something that should not be: stored items that cannot be read, broken configuration.
    #[error("something is broken inside")]
    Broken(#[source] Cause),
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults.into_vec())
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Contended,
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Unreadable(cause) => Self::Broken(cause),
        }
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::PasswordRefused(detail) => Faults::one("#/password", detail).into(),
            IdentityError::Refused(detail) => Faults::one("#", detail).into(),
            IdentityError::Throttled => Self::Throttled,
            IdentityError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<MailError> for Refusal {
    fn from(error: MailError) -> Self {
        match error {
            MailError::NoTopic => Self::Broken("the user has no topic".into()),
            MailError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Gone => Self::NotFound,
            FileError::PartsGone => Self::Unavailable("the parts of a file are gone".into()),
            FileError::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<GeocoderError> for Refusal {
    fn from(GeocoderError(cause): GeocoderError) -> Self {
        Self::Unavailable(cause)
    }
}

impl From<QueueError> for Refusal {
    fn from(QueueError(cause): QueueError) -> Self {
        Self::Unavailable(cause)
    }
}
