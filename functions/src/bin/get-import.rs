//! `GET /imports/{import_id}`: the state of one import, with its counts and its rejected rows.

use std::sync::Arc;

use adapters::dynamodb::{DynamoImports, DynamoUsers};
use adapters::s3::S3Files;
use app::imports::GetImport;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports, bucket) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let imports = Arc::new(DynamoImports::new(&dynamodb, &imports));
    let get_import = GetImport {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        imports: imports.clone(),
        locating: imports,
        urls: Arc::new(S3Files::new(&adapters::s3::client(&aws), &bucket)),
    };
    runtime::http::serve(get_import, handle).await
}

async fn handle(get_import: &GetImport, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::ok(&get_import.run(&caller, request.path("import_id")).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::{Chunk, ImportChunks, ImportStore};
    use domain::RowFault;
    use domain::import::SeenFile;
    use serde_json::{Value, json};
    use testkit::http::answered;
    use testkit::{MemoryFiles, MemoryStore, an_import, at};

    const EVENT: &str = include_str!("../../../events/get-import.json");

    /// An import of which one row became an order and two did not.
    async fn get_import() -> GetImport {
        let store = Arc::new(MemoryStore::default());
        let now = at("2030-05-06T08:00:00Z");
        let awaited = an_import();
        store.put_import(&awaited).await.unwrap();
        let file = SeenFile {
            etag: "\"a\"".to_owned(),
            size_bytes: 100,
            is_unpacked: false,
        };
        let begun = awaited.begun(file, false, now);
        store.put_import(&begun).await.unwrap();
        let fault = |row| RowFault {
            row,
            column: Some("size".to_owned()),
            code: "invalid".to_owned(),
            detail: "must be a whole number from 1 to 10000".to_owned(),
            candidates: Vec::new(),
        };
        let chunk = Chunk {
            import: begun.advanced(domain::import::Reached::at(50), (1, 0), 2, now),
            orders: Vec::new(),
            faults: vec![fault(2), fault(3)],
        };
        store.store_chunk(&chunk).await.unwrap();
        GetImport {
            users: store.clone(),
            imports: store.clone(),
            locating: store,
            urls: Arc::new(MemoryFiles::default()),
        }
    }

    #[tokio::test]
    async fn an_account_tells_of_every_row() {
        let get_import = get_import().await;
        let (status, body) = answered(&get_import, handle, EVENT).await;
        assert_eq!((status, &body["status"]), (200, &json!("processing")));
        let counts = ["rows", "accepted", "rejected"].map(|name| body[name].as_u64().unwrap());
        assert_eq!(counts, [3, 1, 2]);
        assert_eq!(body["progress"], json!(0.5));
        assert_eq!(body["errors"][1]["row"], json!(3));
        assert_eq!(
            body["rejected_rows_url"],
            Value::Null,
            "not before it is over"
        );

        let import = get_import
            .imports
            .import("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90".parse().unwrap());
        let finished = import
            .await
            .unwrap()
            .unwrap()
            .finished(None, 0, at("2030-05-06T08:01:00Z"));
        get_import.imports.put_import(&finished).await.unwrap();
        let (_, body) = answered(&get_import, handle, EVENT).await;
        assert_eq!(body["status"], json!("completed_with_errors"));
        assert!(
            body["rejected_rows_url"]
                .as_str()
                .unwrap()
                .contains("rejects")
        );
    }

    #[tokio::test]
    async fn somebody_elses_import_is_not_there() {
        let get_import = get_import().await;
        let stranger = EVENT.replace("c3a48a72-0061-70a5", "00000000-0061-70a5");
        assert_eq!(answered(&get_import, handle, &stranger).await.0, 404);
        let as_role = |role: &str| {
            let groups = format!(r#""cognito:groups": "{role}""#);
            stranger.replace(r#""cognito:groups": "customer""#, &groups)
        };
        assert_eq!(
            answered(&get_import, handle, &as_role("dispatcher"))
                .await
                .0,
            200
        );
        assert_eq!(
            answered(&get_import, handle, &as_role("agent")).await.0,
            403
        );
        let nonsense = EVENT.replace("0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90", "me");
        assert_eq!(answered(&get_import, handle, &nonsense).await.0, 404);
    }
}
