//! Google's Route Optimization API: `optimizeTours`.

mod answer;
mod request;
mod token;
mod wire;

use std::time::Duration;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use async_trait::async_trait;
use domain::LegEstimate;
use tokio::time::Instant;

use super::draft::Draft;
use super::fallback::by_the_deadline;
use super::outline::Outline;
use super::remote::{RemotePlanner, Unusable};
use crate::keys::Key;
use crate::system::instant;
use crate::web::{FaultKind, Web};
use token::Tokens;

/// The name in answers and routes.
const NAME: &str = "google";
/// The part of the remaining time that the request and the answer need.
const TRANSPORT: Duration = Duration::from_secs(2);

/// The project and the options of the requests.
#[derive(Debug, Clone)]
pub struct GoogleSettings {
    /// The address of the API without a path: `https://routeoptimization.googleapis.com`.
    pub base_url: String,
    /// The id of the Google Cloud project that pays.
    pub project: String,
    /// Whether travel times consider the expected traffic. This costs more.
    pub traffic: bool,
}

/// Google's optimizer.
#[derive(Debug)]
pub struct GooglePlanner {
    web: Web,
    tokens: Tokens,
    settings: GoogleSettings,
    estimate: LegEstimate,
}

impl GooglePlanner {
    /// Asks with tokens of a service account. `key` is the JSON of the account. The leg to a stop that an agent is
    /// driving to is estimated.
    pub fn new(web: Web, key: Key, settings: GoogleSettings, estimate: LegEstimate) -> Self {
        Self {
            tokens: Tokens::new(&web, key),
            web,
            settings,
            estimate,
        }
    }

    fn url(&self) -> String {
        let base = self.settings.base_url.trim_end_matches('/');
        format!("{base}/v1/projects/{}:optimizeTours", self.settings.project)
    }

    async fn ask(
        &self,
        outline: &Outline,
        request: &PlanRequest,
        deadline: Instant,
    ) -> Result<Draft, Unusable> {
        let headers = self.tokens.headers(deadline).await?;
        let left = deadline.saturating_duration_since(instant());
        let time = left.saturating_sub(TRANSPORT).min(request.time_limit);
        let time = time.max(Duration::from_secs(1));
        let tours =
            request::tours(outline, request.at, time, self.settings.traffic).ok_or_else(|| {
                Unusable::new(FallbackReason::Unsupported, "a time beyond all clocks")
            })?;
        let url = self.url();
        let answer = match self.web.post_json(&url, &headers, &tours, deadline).await {
            // The key may have changed.
            Err(fault)
                if fault.kind == FaultKind::Unauthorized && self.tokens.key_has_changed().await =>
            {
                let headers = self.tokens.headers(deadline).await?;
                self.web.post_json(&url, &headers, &tours, deadline).await
            }
            answer => answer,
        };
        answer::draft(answer?, outline)
    }
}

#[async_trait]
impl RemotePlanner for GooglePlanner {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn plan(&self, request: &PlanRequest, deadline: Instant) -> Result<PlanAnswer, Unusable> {
        let outline = Outline::of(request, self.estimate)?;
        let draft = if outline.has_work() {
            by_the_deadline(deadline, self.ask(&outline, request, deadline)).await?
        } else {
            Draft::default()
        };
        outline.completed(draft).believed(request, NAME)
    }
}
