//! The ids of the records that a request is about, for its log line.

use domain::{OrderId, RouteId, UserId};
use serde::Deserialize;

use super::{Request, Response};

/// A longer answer is a list, and is not about one record.
const LONGEST: usize = 16_384;

/// The ids in the path of a request, and at the top of its answer. Only texts that are ids are read, so a log cannot
/// contain anything else that somebody sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(super) struct Ids {
    #[serde(default)]
    pub(super) order_id: Option<OrderId>,
    #[serde(default)]
    pub(super) route_id: Option<RouteId>,
    #[serde(default)]
    pub(super) agent_id: Option<UserId>,
}

impl Ids {
    pub(super) fn of(request: &Request, response: Option<&Response>) -> Self {
        let body = response.and_then(Response::body);
        let body = body.filter(|body| body.len() <= LONGEST);
        let answer: Self = body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default();
        Self {
            order_id: answer.order_id.or(request.path("order_id").parse().ok()),
            agent_id: answer.agent_id.or(request.path("agent_id").parse().ok()),
            ..answer
        }
    }
}
