//! The planner within this process stands in for whoever has a bad day.

use std::sync::Arc;
use std::time::Duration;

use app::ports::{Fallback, FallbackReason, PlanAnswer, PlanRequest, ProviderError, RouteProvider};
use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::breaker::Breaker;
use super::remote::{RemotePlanner, Unusable};

/// Asks one planner after the other, and the last one is here.
pub struct WithFallback {
    remotes: Vec<(Box<dyn RemotePlanner>, Breaker)>,
    embedded: Arc<dyn RouteProvider>,
    remote_time: Duration,
}

impl WithFallback {
    /// Asks the remote planners in this order, and all of them together have `remote_time` to answer. One that has failed
    /// is left alone for `pause`.
    pub fn new(
        remotes: Vec<Box<dyn RemotePlanner>>,
        embedded: Arc<dyn RouteProvider>,
        remote_time: Duration,
        pause: Duration,
    ) -> Self {
        let remotes = remotes.into_iter();
        Self {
            remotes: remotes.map(|it| (it, Breaker::new(pause))).collect(),
            embedded,
            remote_time,
        }
    }
}

#[async_trait]
impl RouteProvider for WithFallback {
    async fn plan(&self, mut request: PlanRequest) -> Result<PlanAnswer, ProviderError> {
        let begun = Instant::now();
        let mut fallbacks = Vec::new();
        // Where nobody drives or nothing waits there is nothing to ask for.
        if !request.vehicles.is_empty() && !request.orders.is_empty() {
            let deadline = begun + self.remote_time;
            for (remote, breaker) in &self.remotes {
                match ask(remote.as_ref(), breaker, &request, deadline).await {
                    Ok(answer) => {
                        return Ok(PlanAnswer {
                            fallbacks,
                            ..answer
                        });
                    }
                    Err(unusable) => {
                        fallbacks.push(Fallback {
                            provider: remote.name(),
                            reason: unusable.reason,
                        });
                        // The others are ways to ask the same service: they help where it is the problem that it does not take.
                        if !unusable.is_of_the_problem() {
                            break;
                        }
                    }
                }
            }
        }
        let both = self.remote_time + request.time_limit;
        request.time_limit = time_left(request.time_limit, both.saturating_sub(begun.elapsed()));
        let answer = self.embedded.plan(request).await?;
        Ok(PlanAnswer {
            fallbacks,
            ..answer
        })
    }
}

/// How long the embedded planner may search. One of the remote planners searches on this machine as well, after its calls,
/// and may have used the time up; a second makes a good plan all the same.
fn time_left(time_limit: Duration, left: Duration) -> Duration {
    left.max(Duration::from_secs(1)).min(time_limit)
}

async fn ask(
    remote: &dyn RemotePlanner,
    breaker: &Breaker,
    request: &PlanRequest,
    deadline: Instant,
) -> Result<PlanAnswer, Unusable> {
    let outcome = if breaker.is_open(Instant::now()) {
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
            breaker.trip(Instant::now(), unusable.retry_after);
        }
    }
    outcome
}

/// What a planner awaits of others, cut off at the deadline whatever it is busy with.
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
