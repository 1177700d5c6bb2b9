//! OpenRouteService: its `/optimization`, which is VROOM on its road network. A VROOM of one's own speaks the same.

mod answer;
mod request;
mod wire;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use async_trait::async_trait;
use domain::LegEstimate;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use tokio::time::Instant;

use super::fallback::by_the_deadline;
use super::outline::Outline;
use super::remote::{RemotePlanner, Unusable};
use crate::keys::Key;
use crate::web::Web;

/// Its name in answers and routes.
const NAME: &str = "ors";

/// Where OpenRouteService is, and with which key.
#[derive(Debug, Clone)]
pub struct OrsAccess {
    /// HTTPS.
    pub web: Web,
    /// Its address, without the path: `https://api.openrouteservice.org`, or a server of one's own.
    pub base_url: String,
    /// The key of the account; none for a server of one's own.
    pub key: Key,
}

impl OrsAccess {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }

    pub(super) async fn headers(&self) -> Result<HeaderMap, Unusable> {
        let mut headers = HeaderMap::new();
        let key = self.key.read().await;
        let key = key.map_err(|error| no_key(format!("the key cannot be read: {error:?}")))?;
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(key.text())
                .map_err(|_| no_key("the key is no text for a header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

/// What the account's plan takes in one problem.
#[derive(Debug, Clone, Copy)]
pub struct OrsLimits {
    /// Vehicles.
    pub most_vehicles: usize,
    /// Orders, each of two stops; an order that is aboard has one.
    pub most_orders: usize,
}

/// OpenRouteService's own optimizer.
#[derive(Debug, Clone)]
pub struct OrsPlanner {
    access: OrsAccess,
    limits: OrsLimits,
    estimate: LegEstimate,
}

impl OrsPlanner {
    /// Asks there, for problems within the limits. The way to a stop that an agent is driving to is estimated.
    pub fn new(access: OrsAccess, limits: OrsLimits, estimate: LegEstimate) -> Self {
        Self {
            access,
            limits,
            estimate,
        }
    }

    fn fits(&self, outline: &Outline) -> Result<(), Unusable> {
        let (vehicles, stops) = (outline.vehicles.len(), outline.stops());
        let OrsLimits {
            most_vehicles,
            most_orders,
        } = self.limits;
        if vehicles > most_vehicles || stops > 2 * most_orders {
            let detail = format!(
                "{vehicles} vehicles and {stops} stops, where the limits are {most_vehicles} and {}",
                2 * most_orders
            );
            return Err(Unusable::new(FallbackReason::TooLarge, detail));
        }
        Ok(())
    }
}

#[async_trait]
impl RemotePlanner for OrsPlanner {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn plan(&self, request: &PlanRequest, deadline: Instant) -> Result<PlanAnswer, Unusable> {
        let outline = Outline::of(request, self.estimate)?;
        self.fits(&outline)?;
        let draft = if outline.has_work() {
            let problem = request::problem(&outline);
            let url = self.access.url("/optimization");
            let asked = async {
                let headers = self.access.headers().await?;
                let web = &self.access.web;
                Ok(web.post_json(&url, &headers, &problem, deadline).await?)
            };
            answer::draft(by_the_deadline(deadline, asked).await?)?
        } else {
            super::draft::Draft::default()
        };
        outline.completed(draft).believed(request, NAME)
    }
}

fn no_key(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unauthorized, detail)
}
