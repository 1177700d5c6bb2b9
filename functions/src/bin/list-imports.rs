//! `GET /imports`: the caller's imports, newest first.

use std::sync::Arc;

use adapters::dynamodb::{DynamoImports, DynamoUsers};
use app::imports::ListImports;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_imports = ListImports {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        imports: Arc::new(DynamoImports::new(&dynamodb, &imports)),
    };
    runtime::http::serve(list_imports, handle).await
}

async fn handle(list_imports: &ListImports, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&list_imports.run(&caller, &request.page_query()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{Ids, ImportStore};
    use domain::Import;
    use domain::import::NewImport;
    use serde_json::{Value, json};
    use testkit::http::{answered, pointers};
    use testkit::{CountedIds, MemoryStore, at};

    const EVENT: &str = include_str!("../../../events/list-imports.json");

    async fn list_imports() -> ListImports {
        let (store, ids) = (MemoryStore::default(), CountedIds::default());
        for (customer, filename) in [
            ("c3a48a72", "a.csv"),
            ("00000000", "b.csv"),
            ("c3a48a72", "c.csv"),
        ] {
            let customer = format!("{customer}-0061-70a5-1b6c-3f2c1a9d0b11");
            let new = NewImport {
                filename: filename.to_owned(),
                size_bytes: 9,
                settings: domain::import::ImportSettings::default(),
            };
            let now = at("2030-05-06T08:00:00Z");
            let import = Import::awaited(ids.import_id(), customer.parse().unwrap(), new, now);
            store.put_import(&import).await.unwrap();
        }
        let store = Arc::new(store);
        ListImports {
            users: store.clone(),
            imports: store,
        }
    }

    fn event(query: Value) -> String {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        event["queryStringParameters"] = query;
        event["multiValueQueryStringParameters"] = Value::Null;
        event.to_string()
    }

    fn filenames(body: &Value) -> Vec<&str> {
        let imports = body["imports"].as_array().unwrap().iter();
        imports
            .map(|import| import["filename"].as_str().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn customers_see_their_own_imports_newest_first() {
        let (status, body) = answered(&list_imports().await, handle, EVENT).await;
        assert_eq!((status, filenames(&body)), (200, vec!["c.csv", "a.csv"]));
        assert_eq!(body["next_cursor"], Value::Null);
        assert_eq!(body["imports"][0].get("errors"), None);
    }

    #[tokio::test]
    async fn pages_follow_one_another() {
        let list_imports = list_imports().await;
        let of_one = event(json!({"limit": "1"}));
        let (_, first) = answered(&list_imports, handle, &of_one).await;
        assert_eq!(filenames(&first), ["c.csv"]);
        let rest = event(json!({"limit": "1", "cursor": first["next_cursor"]}));
        let (_, second) = answered(&list_imports, handle, &rest).await;
        assert_eq!(
            (filenames(&second), &second["next_cursor"]),
            (vec!["a.csv"], &Value::Null)
        );
    }

    #[tokio::test]
    async fn a_status_that_is_none_is_named_and_others_have_no_imports() {
        let list_imports = list_imports().await;
        let lost = event(json!({"status": "lost"}));
        let (status, body) = answered(&list_imports, handle, &lost).await;
        assert_eq!((status, pointers(&body)), (422, vec!["?status"]));
        let dispatcher = EVENT.replace(
            r#""cognito:groups": "customer""#,
            r#""cognito:groups": "dispatcher""#,
        );
        let (status, body) = answered(&list_imports, handle, &dispatcher).await;
        assert_eq!((status, &body["code"]), (403, &json!("forbidden")));
    }
}
