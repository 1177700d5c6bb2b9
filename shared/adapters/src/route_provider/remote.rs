//! Planners outside of this process.

use std::time::Duration;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use async_trait::async_trait;
use tokio::time::Instant;

use crate::web::{CallFault, FaultKind};

/// A planner outside of this process, which may fail.
#[async_trait]
pub trait RemotePlanner: Send + Sync {
    /// The name in routes, logs and metrics.
    fn name(&self) -> &'static str;

    /// Whether this planner uses our own search. Any other plan is compared with a plan of our own.
    fn is_our_search(&self) -> bool {
        false
    }

    /// Makes a plan that keeps all rules of the request, or says why it cannot. Every call ends by the deadline.
    async fn plan(&self, request: &PlanRequest, deadline: Instant) -> Result<PlanAnswer, Unusable>;
}

/// The reason for not using a planner's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The kind of the reason.
    pub reason: FallbackReason,
    /// A text for the log, without personal data: orders and vehicles are numbers.
    pub detail: String,
    /// The pause that the service asks for.
    pub retry_after: Option<Duration>,
}

impl Unusable {
    /// A plan that cannot be used for this reason.
    pub fn new(reason: FallbackReason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Whether the service itself has failed, so that the next problem would fail too.
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
            | R::BreakerOpen
            | R::WorsePlan => false,
        }
    }

    /// Whether the problem is the reason and not the service. Another way to ask may work then.
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
