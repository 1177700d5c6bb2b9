//! Lists the orders that the caller may see, newest first.

use app::orders::ListOrders;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Lists the orders that the caller may see, newest first.
pub struct ListOrdersOfCaller(pub ListOrders);

#[async_trait]
impl Handler for ListOrdersOfCaller {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        Response::ok(&self.0.run(&caller, &request.page_query()?).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use domain::UserId;
    use serde_json::{Value, json};
    use testkit::http::{answered, pointers};
    use testkit::{MemoryStore, an_order};

    fn list_orders() -> ListOrdersOfCaller {
        let marta: UserId = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11".parse().unwrap();
        let orders = [
            an_order(1).of(marta).build(),
            an_order(2).of(marta).build(),
            an_order(3).build(),
        ];
        let store = Arc::new(MemoryStore::with([], orders));
        ListOrdersOfCaller(ListOrders {
            users: store.clone(),
            orders: store.clone(),
            routes: store,
        })
    }

    #[tokio::test]
    async fn customers_see_their_own_orders_newest_first() {
        let event = include_str!("../../../events/list-orders.json");
        let (status, body) = answered(&list_orders(), event).await;
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
        let (status, body) = answered(&list_orders(), event).await;
        assert_eq!((status, &body["code"]), (422, &json!("invalid")));
        assert_eq!(pointers(&body), ["?status", "?limit", "?cursor"]);
    }
}
