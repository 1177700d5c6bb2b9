//! `GET /orders`: the orders that the caller may see, newest first.

use std::sync::Arc;

use adapters::dynamodb::{DynamoLocations, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::system::SystemClock;
use app::orders::ListOrders;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, orders, routes, locations, estimate) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_orders = ListOrders {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        orders: Arc::new(DynamoOrders::new(&dynamodb, &orders)),
        routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
        locations: Arc::new(DynamoLocations::new(&dynamodb, &locations)),
        estimate,
        clock: Arc::new(SystemClock),
    };
    runtime::http::serve(list_orders, handle).await
}

async fn handle(list_orders: &ListOrders, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&list_orders.run(&caller, &request.page_query()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::{LegEstimate, UserId};
    use serde_json::{Value, json};
    use testkit::http::{answered, pointers};
    use testkit::{MemoryStore, StillClock, an_order};

    fn list_orders() -> ListOrders {
        let marta: UserId = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        let orders = [
            an_order(1).of(marta).build(),
            an_order(2).of(marta).build(),
            an_order(3).build(),
        ];
        let store = Arc::new(MemoryStore::with([], orders));
        ListOrders {
            users: store.clone(),
            orders: store.clone(),
            routes: store.clone(),
            locations: store,
            estimate: LegEstimate::default(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
        }
    }

    #[tokio::test]
    async fn customers_see_their_own_orders_newest_first() {
        let event = include_str!("../../../events/list-orders.json");
        let (status, body) = answered(&list_orders(), handle, event).await;
        assert_eq!((status, &body["next_cursor"]), (200, &Value::Null));
        let ids = |body: &Value| -> Vec<String> {
            let orders = body["orders"].as_array().unwrap().iter();
            orders.map(|order| order["order_id"].to_string()).collect()
        };
        let listed = ids(&body);
        assert_eq!(listed.len(), 2);
        assert!(listed.is_sorted_by(|a, b| a > b));
    }

    #[tokio::test]
    async fn every_bad_parameter_is_named() {
        let event = include_str!("../../../events/list-orders-invalid.json");
        let (status, body) = answered(&list_orders(), handle, event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid")));
        assert_eq!(pointers(&body), ["?status", "?limit", "?cursor"]);
    }
}
