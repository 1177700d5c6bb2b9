//! `POST /orders/{order_id}/tracking-link`: a link for the person at the door. The order's customer and dispatchers may
//! make one.

use std::sync::Arc;

use adapters::dynamodb::{DynamoOrders, DynamoTrackingLinks, DynamoUsers};
use adapters::system::{RandomJitter, RandomSecrets, SystemClock};
use app::tracking::{CreateTrackingLink, NewLink};
use runtime::http::{Problem, Request, Response};
use serde_json::json;
use settings::TrackingUrl;

/// The use case, and the address of the page that the link opens.
struct LinkToPage {
    create_link: CreateTrackingLink,
    page: TrackingUrl,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, claims, page) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let create_link = CreateTrackingLink {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        links: Arc::new(DynamoTrackingLinks::new(&dynamodb, &claims)),
        secrets: Arc::new(RandomSecrets),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(LinkToPage { create_link, page }, handle).await
}

async fn handle(use_case: &LinkToPage, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let order_id = request.path("order_id");
    let NewLink { token, expires_at } = use_case.create_link.run(&caller, order_id).await?;
    let page = match &use_case.page {
        TrackingUrl(Some(url)) => Some(url.replace("{api_id}", request.api_id())),
        TrackingUrl(None) => request.own_page("track"),
    };
    let page =
        page.ok_or_else(|| Problem::internal("the event does not tell the API's address"))?;
    // A browser does not send the fragment to any server, so no log and no referrer contains the secret.
    let url = format!("{page}#{}", token.secret());
    Response::created(&json!({"url": url, "expires_at": expires_at}))
}

#[cfg(test)]
mod tests {
    use super::*;

    use testkit::http::answered;
    use testkit::{CountedIds, MemoryStore, NoJitter, StillClock, an_order};

    const EVENT: &str = include_str!("../../../events/create-tracking-link.json");

    fn link_to(page: Option<&str>) -> LinkToPage {
        let mut order = an_order(1)
            .of("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap())
            .build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let store = Arc::new(MemoryStore::with([], [order]));
        LinkToPage {
            create_link: CreateTrackingLink {
                users: store.clone(),
                orders: store.clone(),
                links: store,
                secrets: Arc::new(CountedIds::default()),
                clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
                jitter: Arc::new(NoJitter),
            },
            page: TrackingUrl(page.map(str::to_owned)),
        }
    }

    #[tokio::test]
    async fn the_secret_is_in_the_fragment_of_the_apis_own_page() {
        let (status, body) = answered(&link_to(None), handle, EVENT).await;
        let url = body["url"].as_str().unwrap();
        let (page, token) = url.split_once('#').unwrap();
        let host = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com";
        assert_eq!((status, page), (201, format!("{host}/v1/track").as_str()));
        assert_eq!(token.len(), 32);
        assert_eq!(body["expires_at"], "2030-06-05T08:00:00Z");
    }

    #[tokio::test]
    async fn a_company_may_have_a_page_of_its_own() {
        let page = link_to(Some("https://example.com/{api_id}/parcels"));
        let (_, body) = answered(&page, handle, EVENT).await;
        let url = body["url"].as_str().unwrap();
        assert!(url.starts_with("https://example.com/a1b2c3d4e5/parcels#"));
    }

    #[tokio::test]
    async fn an_order_of_somebody_else_looks_like_none() {
        let other = "d3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
        let event = EVENT.replace("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11", other);
        let (status, body) = answered(&link_to(None), handle, &event).await;
        assert_eq!((status, &body["code"]), (404, &json!("not_found")));
    }
}
