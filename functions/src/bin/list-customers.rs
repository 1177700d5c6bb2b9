//! `GET /customers`: the customers, for dispatchers.

use std::sync::Arc;

use adapters::dynamodb::DynamoUsers;
use app::customers::ListCustomers;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let users = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_customers = ListCustomers {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
    };
    runtime::http::serve(list_customers, handle).await
}

async fn handle(list_customers: &ListCustomers, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&list_customers.run(&caller, &request.page_query()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::UserStatus;
    use serde_json::json;
    use testkit::http::answered;
    use testkit::{MemoryStore, a_customer, an_agent};

    const EVENT: &str = include_str!("../../../events/list-customers.json");

    fn list_customers() -> ListCustomers {
        let suspended = a_customer(1).with_status(UserStatus::Suspended).build();
        let agent = an_agent(2).with_status(UserStatus::Suspended).build();
        let store = MemoryStore::with([suspended, agent, a_customer(3).build()], []);
        ListCustomers {
            users: Arc::new(store),
        }
    }

    #[tokio::test]
    async fn a_dispatcher_sees_who_is_suspended() {
        let (status, body) = answered(&list_customers(), handle, EVENT).await;
        let customers = body["customers"].as_array().unwrap();
        assert_eq!((status, customers.len()), (200, 1));
        assert_eq!(customers[0]["status"], "suspended");
        assert_eq!(customers[0]["name"], "Ana 1");
    }

    #[tokio::test]
    async fn nobody_else_does() {
        let by_customer = EVENT.replace(
            r#""cognito:groups": "dispatcher""#,
            r#""cognito:groups": "customer""#,
        );
        let (status, body) = answered(&list_customers(), handle, &by_customer).await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")));
    }
}
