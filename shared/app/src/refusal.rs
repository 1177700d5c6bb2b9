//! The reasons for refusing a request. Nothing here knows HTTP.

use std::error::Error as StdError;

use domain::{OrderStatus, Role};
use intake::{Fault, Faults};
use thiserror::Error;

use crate::addresses::Unplaceable;
use crate::orders::LackingProof;
use crate::ports::{FileError, GeocoderError, IdentityError, MailError, QueueError, StoreError};
use crate::routes::by_hand::DecisionFault;

/// The error of a dependency, kept for the log.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// The reason for refusing a request.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The body or the query is not valid. Every fault is named.
    #[error("{} field(s) are not valid", .0.len())]
    Invalid(Vec<Fault>),
    /// The request is valid, but some addresses have no certain location.
    #[error("{} address(es) cannot be placed", .0.len())]
    Unplaceable(Vec<Unplaceable>),
    /// The confirmation code is wrong, used up, or too old.
    #[error("the code is wrong or has expired")]
    InvalidCode,
    /// The email address or the password is wrong. The answer does not say which.
    #[error("the email address or the password is wrong")]
    InvalidCredentials,
    /// The password of a caller with a valid token is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// The refresh token is forged, expired or revoked. The answer does not say which.
    #[error("the refresh token is not valid")]
    InvalidRefreshToken,
    /// The address must be confirmed first.
    #[error("the email address is not confirmed yet")]
    NotConfirmed,
    /// The caller's role does not allow this.
    #[error("your role does not allow this")]
    Forbidden,
    /// The agent is not approved, or suspended.
    #[error("the agent is not active")]
    AgentNotActive,
    /// The customer's account is suspended.
    #[error("the account is suspended")]
    AccountSuspended,
    /// The record does not exist, or the caller may not see it. The answer does not say which.
    #[error("there is no such thing")]
    NotFound,
    /// The order cannot change from its current status to the requested one.
    #[error("an order that is {from} cannot become {to}")]
    StepNotAllowed {
        /// The current status.
        from: OrderStatus,
        /// The requested status.
        to: OrderStatus,
        /// The statuses to which the caller may change the order now.
        allowed: Vec<OrderStatus>,
    },
    /// A dispatcher's decision about an order or a route is not possible. Every reason is named.
    #[error("{} reason(s) against the decision", .0.len())]
    DecisionNotPossible(Vec<DecisionFault>),
    /// The body names a version that is not the current one.
    #[error("the current version is {current}")]
    VersionConflict {
        /// The current version.
        current: u64,
    },
    /// The header `If-Match` names no current version.
    #[error("the current version is {current}")]
    PreconditionFailed {
        /// The current version.
        current: u64,
    },
    /// The order is delivered, failed or cancelled. It cannot change any more.
    #[error("an order that is {status} cannot change any more")]
    OrderEnded {
        /// The status.
        status: OrderStatus,
    },
    /// The order is not delivered, so nobody can rate the delivery.
    #[error("the order is not delivered")]
    NotDelivered,
    /// The order does not wait for another attempt, so nobody can choose when the agent comes.
    #[error("the order does not wait for another attempt")]
    NoNextAttempt,
    /// The window is not one of those that the recipient may choose from now.
    #[error("the window is not on offer")]
    WindowNotOffered,
    /// The recipient has chosen as often as possible since the last attempt.
    #[error("a window can be chosen {most} times after each attempt")]
    TooManyChoices {
        /// The limit.
        most: usize,
    },
    /// The agent has an open route.
    #[error("the agent has an open route; finish it first")]
    RouteOpen,
    /// The agent is off duty, or has no open route. Locations are taken only from agents on a route.
    #[error("locations are taken only on duty and with an open route")]
    NotOnRoute,
    /// The agent has not confirmed the email address, so a dispatcher cannot approve the agent yet.
    #[error("the agent has not confirmed the email address yet")]
    AgentUnconfirmed,
    /// The same `Idempotency-Key` was used with another body.
    #[error("this Idempotency-Key was used with another body")]
    IdempotencyKeyReused,
    /// The customer has too many pending orders.
    #[error("the customer may have {limit} pending orders")]
    TooManyOpenOrders {
        /// The limit.
        limit: u32,
    },
    /// The file is larger than the limit.
    #[error("a file may have at most {most_bytes} bytes")]
    FileTooLarge {
        /// The limit, in bytes.
        most_bytes: u64,
    },
    /// The stop has all pictures of this kind that it may have.
    #[error("a stop has at most {most} pictures of this kind")]
    TooManyProofs {
        /// The limit.
        most: usize,
    },
    /// Proof that the pickup or the delivery needs is missing. Everything that is missing is named.
    #[error("{} part(s) of the proof are missing", .0.len())]
    ProofMissing(Vec<LackingProof>),
    /// The picture has come already.
    #[error("the picture has come already")]
    ProofNotAwaited,
    /// Other writers keep changing the same record. Another try is likely to succeed.
    #[error("others are changing this at the same time; try again")]
    Contended,
    /// A dependency received too many requests.
    #[error("too many requests; try again in a little while")]
    Throttled,
    /// A dependency is unavailable.
    #[error("a dependency is unavailable")]
    Unavailable(#[source] Cause),
    /// An error that should never happen: unreadable stored items or a broken configuration.
    #[error("something is broken inside")]
    Broken(#[source] Cause),
}

impl Refusal {
    /// The refusal of a suspended user.
    pub(crate) fn of_suspended(role: Role) -> Self {
        match role {
            Role::Agent => Self::AgentNotActive,
            Role::Customer | Role::Dispatcher => Self::AccountSuspended,
        }
    }
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
    fn from(error: GeocoderError) -> Self {
        match error {
            GeocoderError::Unavailable(cause)
            | GeocoderError::Quota { cause, .. }
            | GeocoderError::Refused(cause) => Self::Unavailable(cause),
        }
    }
}

impl From<QueueError> for Refusal {
    fn from(QueueError(cause): QueueError) -> Self {
        Self::Unavailable(cause)
    }
}
