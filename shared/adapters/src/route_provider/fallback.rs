//! If a service fails or makes a worse plan, the plan of the embedded planner is used.

use std::sync::Arc;
use std::time::Duration;

use app::ports::{Fallback, FallbackReason, PlanAnswer, PlanRequest, ProviderError, RouteProvider};
use async_trait::async_trait;
use domain::LegEstimate;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::breaker::Breaker;
use super::comparison::Comparison;
use super::embedded::{aside, threads};
use super::remote::{RemotePlanner, Unusable};
use crate::system::instant;

/// For the comparison, our own search has the time limit divided by this number.
const COMPARISON: u32 = 2;

/// Asks one planner after the other. The embedded planner is the last one. The plan of another search is used only if
/// our own plan is not better.
pub struct WithFallback {
    remotes: Vec<(Box<dyn RemotePlanner>, Breaker)>,
    embedded: Arc<dyn RouteProvider>,
    estimate: LegEstimate,
    remote_time: Duration,
}

impl WithFallback {
    /// Asks the remote planners in this order. Together they have `remote_time` to answer. After a failure, a planner
    /// gets no requests for `pause`. For the comparison with our own plan, `estimate` gives the legs that a planner has
    /// not returned.
    pub fn new(
        remotes: Vec<Box<dyn RemotePlanner>>,
        embedded: Arc<dyn RouteProvider>,
        estimate: LegEstimate,
        remote_time: Duration,
        pause: Duration,
    ) -> Self {
        let remotes = remotes.into_iter();
        Self {
            remotes: remotes.map(|it| (it, Breaker::new(pause))).collect(),
            embedded,
            estimate,
            remote_time,
        }
    }

    /// Our own plan with the travel times of a remote plan, if our plan is better by our objective.
    async fn better_than(
        &self,
        theirs: &PlanAnswer,
        request: &PlanRequest,
        time_limit: Duration,
    ) -> Option<PlanAnswer> {
        let (request, theirs, estimate) = (request.clone(), theirs.clone(), self.estimate);
        let search = aside(move || {
            let comparison = Comparison::of(&request, &theirs, estimate);
            Ok(comparison.and_then(|it| it.better(time_limit, threads())))
        });
        search.await.unwrap_or_else(|error| {
            warn!(?error, "a remote plan was not compared with our own");
            None
        })
    }
}

#[async_trait]
impl RouteProvider for WithFallback {
    async fn plan(&self, mut request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let begun = instant();
        let both = self.remote_time + request.time_limit;
        let time_left = |limit| time_left(limit, both.saturating_sub(instant() - begun));
        let mut fallbacks = Vec::new();
        // Without vehicles or orders there is nothing to ask.
        if !request.vehicles.is_empty() && !request.orders.is_empty() {
            let deadline = begun + self.remote_time;
            for (remote, breaker) in &self.remotes {
                match ask(remote.as_ref(), breaker, &request, deadline).await {
                    Ok(theirs) => {
                        let ours = if remote.is_our_search() {
                            None
                        } else {
                            let limit = time_left(request.time_limit / COMPARISON);
                            self.better_than(&theirs, &request, limit).await
                        };
                        if ours.is_some() {
                            fallbacks.push(Fallback {
                                provider: remote.name(),
                                reason: FallbackReason::WorsePlan,
                            });
                        }
                        return Ok(PlanAnswer {
                            fallbacks,
                            ..ours.unwrap_or(theirs)
                        });
                    }
                    Err(unusable) => {
                        fallbacks.push(Fallback {
                            provider: remote.name(),
                            reason: unusable.reason,
                        });
                        // The other planners use the same service in other ways. They help only if the service cannot
                        // take the problem.
                        if !unusable.is_of_the_problem() {
                            break;
                        }
                    }
                }
            }
        }
        request.time_limit = time_left(request.time_limit);
        let answer = self.embedded.plan(request).await?;
        Ok(PlanAnswer {
            fallbacks,
            ..answer
        })
    }
}

/// The time that the embedded planner may search. A remote planner may also search on this machine after its calls, and
/// may have used up the time. One second still gives a good plan.
fn time_left(time_limit: Duration, left: Duration) -> Duration {
    left.max(Duration::from_secs(1)).min(time_limit)
}

async fn ask(
    remote: &dyn RemotePlanner,
    breaker: &Breaker,
    request: &PlanRequest,
    deadline: Instant,
) -> Result<PlanAnswer, Unusable> {
    let outcome = if breaker.is_open(instant()) {
        Err(Unusable::new(
            FallbackReason::BreakerOpen,
            "it failed a moment ago",
        ))
    } else {
        remote.plan(request, deadline).await
    };
    if let Err(unusable) = &outcome {
        warn!(
            provider = remote.name(),
            reason = unusable.reason.name(),
            detail = unusable.detail,
            "a route provider could not be used"
        );
        if unusable.is_outage() {
            breaker.trip(instant(), unusable.retry_after);
        }
    }
    outcome
}

/// The calls of a planner, cut off at the deadline.
pub(super) async fn by_the_deadline<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, Unusable>>,
) -> Result<T, Unusable> {
    timeout_at(deadline, work)
        .await
        .unwrap_or_else(|_| Err(Unusable::new(FallbackReason::Timeout, "no answer in time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_planner_takes_no_more_than_is_left() {
        let limit = Duration::from_secs(10);
        assert_eq!(time_left(limit, Duration::from_secs(25)), limit);
        assert_eq!(
            time_left(limit, Duration::from_secs(4)),
            Duration::from_secs(4)
        );
        assert_eq!(time_left(limit, Duration::ZERO), Duration::from_secs(1));
        let short = Duration::from_millis(200);
        assert_eq!(time_left(short, Duration::ZERO), short);
    }
}
