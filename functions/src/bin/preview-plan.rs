//! `GET /plans/preview`: what the next plan of a zone would change. Nothing is written.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::route_provider::embedded::EmbeddedProvider;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::routes::{PreviewPlan, PreviewQuery};
use runtime::http::{Problem, Request, Response};
use settings::{PlanTime, PlanningHorizon};

/// The longest search. API Gateway waits for 29 seconds, and the zone is read before the search.
const LONGEST_SEARCH: Duration = Duration::from_secs(15);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, grid, estimate, rules, times) = settings::from_environment()?;
    let (users, orders, routes) = tables;
    let (PlanningHorizon(horizon), PlanTime(time_limit)) = times;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let preview_plan = PreviewPlan {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        provider: Arc::new(EmbeddedProvider::new(estimate)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
        rules,
        horizon,
        time_limit: time_limit.min(LONGEST_SEARCH),
    };
    runtime::http::serve(preview_plan, handle).await
}

async fn handle(preview_plan: &PreviewPlan, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let [zone, agent_id] = request.parameters(["zone", "agent_id"])?;
    let query = PreviewQuery { zone, agent_id };
    Response::ok(&preview_plan.run(&caller, &query).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{DispatchRules, LegEstimate};
    use jiff::SignedDuration;
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::{answered, pointers};
    use testkit::{
        CountedIds, FirstComeFirstServed, MemoryStore, NoJitter, StillClock, an_agent, an_order,
    };

    const EVENT: &str = include_str!("../../../events/preview-plan.json");

    fn preview_plan() -> PreviewPlan {
        let agent = an_agent(1).on_duty().build();
        let store = Arc::new(MemoryStore::with([agent], [an_order(1).build()]));
        PreviewPlan {
            users: store.clone(),
            orders: store.clone(),
            routes: store,
            provider: Arc::new(FirstComeFirstServed::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            rules: DispatchRules::default(),
            horizon: SignedDuration::from_hours(12),
            time_limit: Duration::from_secs(1),
        }
    }

    #[tokio::test]
    async fn a_dispatcher_sees_what_the_next_plan_would_change() {
        let zone = an_order(1).build().zone.unwrap().to_string();
        let event = EVENT.replace("85394463fffffff", &zone);
        let (status, body) = answered(&preview_plan(), handle, &event).await;
        assert_eq!((status, &body["zone"]), (200, &json!(zone)));
        assert_eq!(body["assigned"].as_array().unwrap().len(), 1);
        let route = &body["routes"][0];
        assert_eq!(route["before"], json!([]));
        assert_eq!(route["after"].as_array().unwrap().len(), 2);
        assert_eq!(route.get("route_id"), None, "it does not exist yet");
    }

    #[tokio::test]
    async fn every_wrong_parameter_is_named() {
        let event = EVENT.replace("\"zone\": ", "\"area\": ");
        let (status, body) = answered(&preview_plan(), handle, &event).await;
        assert_eq!((status, pointers(&body)), (422, vec!["?area"]));
        let event = EVENT.replace("85394463fffffff", "Tokyo");
        let (_, body) = answered(&preview_plan(), handle, &event).await;
        assert_eq!(pointers(&body), ["?zone"]);
    }
}
