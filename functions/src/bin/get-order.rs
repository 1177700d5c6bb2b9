//! `GET /orders/{order_id}`: one order, for its customer, its agent and dispatchers.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::system::SystemClock;
use app::orders::GetOrder;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, locations, estimate) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_order = GetOrder {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        estimate,
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(get_order, handle).await
}

async fn handle(get_order: &GetOrder, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let order = get_order.run(&caller, request.path("order_id")).await?;
    Ok(Response::ok(&order)?.with_version(order.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::LegEstimate;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, StillClock, an_order};

    const EVENT: &str = include_str!("../../../events/get-order.json");

    fn get_order() -> GetOrder {
        let mut order = an_order(1)
            .of("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap())
            .build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let store = Arc::new(MemoryStore::with([], [order]));
        GetOrder {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            locations: store,
            estimate: LegEstimate::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    #[tokio::test]
    async fn customers_see_an_order_of_theirs() {
        let (status, body) = answered(&get_order(), handle, EVENT).await;
        assert_eq!(
            (status, &body["order_id"]),
            (200, &json!("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90"))
        );
    }

    #[tokio::test]
    async fn an_order_of_somebody_else_and_one_that_is_not_there_look_alike() {
        let other = "d3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
        for (from, to) in [
            ("c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11", other),
            ("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90", other),
            ("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90", "17"),
        ] {
            let (status, body) = answered(&get_order(), handle, &EVENT.replace(from, to)).await;
            assert_eq!((status, &body["code"]), (404, &json!("not_found")));
        }
    }
}
