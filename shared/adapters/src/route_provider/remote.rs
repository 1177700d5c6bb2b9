//! A planner that is somewhere else.

use std::time::Duration;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use async_trait::async_trait;
use tokio::time::Instant;

use crate::web::{CallFault, FaultKind};

/// A planner that is somewhere else, and may fail.
#[async_trait]
pub trait RemotePlanner: Send + Sync {
    /// Its name in routes, logs and metrics.
    fn name(&self) -> &'static str;

    /// Makes a plan that keeps to all rules of the request, or says why there is none. Every call is at its end by the
    /// deadline.
    async fn plan(&self, request: &PlanRequest, deadline: Instant) -> Result<PlanAnswer, Unusable>;
}

/// Why a planner's plan is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The kind of it.
    pub reason: FallbackReason,
    /// What happened, without anything of people: orders and vehicles are numbers.
    pub detail: String,
    /// For how long the service asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Unusable {
    /// For this reason.
    pub fn new(reason: FallbackReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Whether the service itself is in trouble, so that the next problem would fare no better.
    pub fn is_outage(&self) -> bool {
        use FallbackReason as R;
        match self.reason {
            R::Connection
            | R::Timeout
            | R::Unauthorized
            | R::Quota
            | R::ServerError
            | R::Unreadable => true,
            R::RefusedRequest
            | R::BrokenPlan
            | R::MissingOrder
            | R::TooLarge
            | R::Unsupported
            | R::BreakerOpen => false,
        }
    }

    /// Whether the problem is at fault and not the service, so that another way of asking it may do.
    pub fn is_of_the_problem(&self) -> bool {
        self.reason.is_of_the_problem()
    }
}

impl From<CallFault> for Unusable {
    fn from(fault: CallFault) -> Self {
        let reason = match fault.kind {
            FaultKind::Connection => FallbackReason::Connection,
            FaultKind::Timeout => FallbackReason::Timeout,
            FaultKind::Unauthorized => FallbackReason::Unauthorized,
            FaultKind::Quota | FaultKind::DailyQuota => FallbackReason::Quota,
            FaultKind::ServerError => FallbackReason::ServerError,
            FaultKind::Unroutable => FallbackReason::Unsupported,
            FaultKind::Refused(413) => FallbackReason::TooLarge,
            FaultKind::Refused(_) => FallbackReason::RefusedRequest,
            FaultKind::Unreadable => FallbackReason::Unreadable,
        };
        Self {
            reason,
            detail: fault.detail,
            retry_after: fault.retry_after,
        }
    }
}
