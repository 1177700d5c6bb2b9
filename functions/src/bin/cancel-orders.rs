//! `POST /orders/cancel`: cancels up to 100 orders, or begins to cancel the orders of an import.

use std::sync::Arc;

use adapters::dynamodb::{DynamoImports, DynamoLedger, DynamoOrders, DynamoRoutes, DynamoUsers};
use adapters::sqs::SqsQueue;
use adapters::system::{RandomJitter, SystemClock};
use app::messages::ImportKey;
use app::orders::{CancelOrders, CancelOutcome, ChangeInBulk};
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (tables, queue, grid, estimate) = settings::from_environment()?;
    let (users, orders, routes, imports) = tables;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let sqs = adapters::sqs::Client::new(&aws);
    let stored_orders = Arc::new(DynamoOrders::new(&dynamodb, &orders));
    let cancel_orders = CancelOrders {
        orders: stored_orders.clone(),
        imports: Arc::new(DynamoImports::new(&dynamodb, &imports)),
        bulk: ChangeInBulk {
            users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
            orders: stored_orders,
            routes: Arc::new(DynamoRoutes::new(&dynamodb, &routes)),
            ledger: Arc::new(DynamoLedger::new(&dynamodb, &users, &orders, &routes)),
            clock: Arc::new(SystemClock),
            jitter: Arc::new(RandomJitter),
            grid,
            estimate,
        },
        queue: Arc::new(SqsQueue::<ImportKey>::new(&sqs, &queue)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(cancel_orders, handle).await
}

async fn handle(cancel_orders: &CancelOrders, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    match cancel_orders.run(&caller, &body).await? {
        CancelOutcome::Orders(answer) => Response::ok(&answer),
        CancelOutcome::Import(import) => Response::accepted(&import),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::ImportStore;
    use serde_json::json;
    use testkit::build::bulk;
    use testkit::http::answered;
    use testkit::{MemoryImportQueue, MemoryStore, NoJitter, StillClock, an_import, an_order};

    const EVENT: &str = include_str!("../../../events/cancel-orders.json");

    fn cancel_orders(store: &Arc<MemoryStore>, queue: &Arc<MemoryImportQueue>) -> CancelOrders {
        CancelOrders {
            orders: store.clone(),
            imports: store.clone(),
            bulk: bulk(store),
            queue: queue.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:10:00Z")),
            jitter: Arc::new(NoJitter),
        }
    }

    #[tokio::test]
    async fn each_order_of_the_list_has_an_answer() {
        let mut order = an_order(1).of(an_import().customer_id).build();
        order.id = "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap();
        let store = Arc::new(MemoryStore::with([], [order]));
        let (status, body) = answered(&cancel_orders(&store, &Arc::default()), handle, EVENT).await;
        let (id, other) = (
            "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90",
            "0197c56d-d901-7b6e-9d2f-4a1e5b7c8d91",
        );
        let expected = json!({"more": false, "orders": [
            {"order_id": id, "result": "cancelled", "status": "cancelled"},
            {"order_id": other, "result": "not_found"},
        ]});
        assert_eq!((status, body), (200, expected));
    }

    #[tokio::test]
    async fn an_import_is_cancelled_in_the_background() {
        let (store, queue): (Arc<MemoryStore>, Arc<MemoryImportQueue>) = Default::default();
        store.put_import(&an_import()).await.unwrap();
        let mut event: serde_json::Value = serde_json::from_str(EVENT).unwrap();
        let body = json!({"filter": {"import_id": an_import().id}});
        event["body"] = json!(body.to_string());
        let cancel_orders = cancel_orders(&store, &queue);
        let (status, body) = answered(&cancel_orders, handle, &event.to_string()).await;
        assert_eq!((status, &body["status"]), (202, &json!("cancelled")));
        assert_eq!(queue.take().len(), 2);
    }
}
