//! OpenRouteService's `/optimization`, which is VROOM on its road network. Your own VROOM server has the same API.

mod answer;
mod request;
mod wire;

use app::ports::{FallbackReason, PlanAnswer, PlanRequest};
use async_trait::async_trait;
use domain::LegEstimate;
use tokio::time::Instant;

use super::fallback::by_the_deadline;
use super::outline::Outline;
use super::remote::{RemotePlanner, Unusable};
use crate::ors::OrsAccess;

/// The name in answers and routes.
const NAME: &str = "ors";

/// The most vehicles and orders that the account may send in one problem.
#[derive(Debug, Clone, Copy)]
pub struct OrsLimits {
    /// Vehicles.
    pub most_vehicles: usize,
    /// Orders, each with two stops. An order that is aboard has one stop.
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
    /// Asks for problems within the limits. The leg to a stop that an agent is driving to is estimated.
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
                let answer = self.access.post_json(&url, &problem, deadline).await?;
                Ok(answer)
            };
            answer::draft(by_the_deadline(deadline, asked).await?)?
        } else {
            super::draft::Draft::default()
        };
        outline.completed(draft).believed(request, NAME)
    }
}
