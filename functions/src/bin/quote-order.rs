//! `POST /quotes`: says when an order would be picked up and delivered. Nothing is stored.

use std::sync::Arc;
use std::time::Duration;

use adapters::dynamodb::{DynamoOrders, DynamoPlaces, DynamoRoutes, DynamoUsers};
use adapters::route_provider::embedded::EmbeddedProvider;
use adapters::system::{RandomJitter, SystemClock, UuidIds};
use app::orders::QuoteOrder;
use functions::geocoder;
use runtime::http::{Problem, Request, Response};
use settings::GeocoderSettings;

/// The caller waits, and the whole answer should come within a second.
const SEARCH: Duration = Duration::from_millis(300);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, claims, geography, estimate, rules, geocoder) = settings::from_environment()?;
    let (users, orders, routes) = tables;
    let (grid, service_area, longest_leg) = geography;
    let geocoder: Option<GeocoderSettings> = geocoder;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let places = DynamoPlaces::new(&dynamodb, &claims);
    let addresses = geocoder.map(|told| geocoder::addresses(told, places, &aws));
    let quote_order = QuoteOrder {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        provider: Arc::new(EmbeddedProvider::new(estimate)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        jitter: Arc::new(RandomJitter),
        grid,
        estimate,
        service_area,
        longest_leg,
        rules,
        time_limit: SEARCH,
        addresses: addresses.transpose()?,
    };
    runtime::http::serve(quote_order, handle).await
}

async fn handle(quote_order: &QuoteOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    Response::ok(&quote_order.run(&caller, &body).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{DispatchRules, LegEstimate, LongestLeg, ServiceArea, User};
    use serde_json::json;
    use testkit::build::grid;
    use testkit::http::answered;
    use testkit::{CountedIds, MemoryStore, NoJitter, StillClock, an_agent};

    const EVENT: &str = include_str!("../../../events/quote-order.json");

    fn quote_order(agents: impl IntoIterator<Item = User>) -> QuoteOrder {
        let store = Arc::new(MemoryStore::with(agents, []));
        QuoteOrder {
            users: store.clone(),
            orders: store.clone(),
            routes: store,
            provider: Arc::new(EmbeddedProvider::new(LegEstimate::default())),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            jitter: Arc::new(NoJitter),
            grid: grid(),
            estimate: LegEstimate::default(),
            service_area: ServiceArea::default(),
            longest_leg: LongestLeg::default(),
            rules: DispatchRules::default(),
            time_limit: SEARCH,
            addresses: None,
        }
    }

    #[tokio::test]
    async fn a_quote_says_when_the_order_would_come() {
        let agent = an_agent(1).on_duty().build();
        let (status, body) = answered(&quote_order([agent]), handle, EVENT).await;
        assert_eq!((status, &body["feasible"]), (200, &json!(true)), "{body}");
        assert!(body["dropoff_eta"].as_str() > Some("2030-05-06T08:00:00Z"));
    }

    #[tokio::test]
    async fn without_agents_there_is_a_reason() {
        let (status, body) = answered(&quote_order([]), handle, EVENT).await;
        assert_eq!((status, &body["reason"]), (200, &json!("no_agent_on_duty")));
    }
}
