//! `POST /upload-url`: gives a customer the URL and the headers for the upload of a file of orders.

use std::sync::Arc;

use adapters::dynamodb::{DynamoImports, DynamoProfiles, DynamoUsers};
use adapters::s3::S3Files;
use adapters::system::{SystemClock, UuidIds};
use app::imports::CreateUploadUrl;
use runtime::http::{Problem, Request, Response};
use settings::LargestImport;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports, bucket, LargestImport(most_bytes)) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let create_upload_url = CreateUploadUrl {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        imports: Arc::new(DynamoImports::new(&dynamodb, &imports)),
        profiles: Arc::new(DynamoProfiles::new(&dynamodb, &imports)),
        urls: Arc::new(S3Files::new(&adapters::s3::client(&aws), &bucket)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidIds),
        most_bytes,
    };
    runtime::http::serve(create_upload_url, handle).await
}

async fn handle(
    create_upload_url: &CreateUploadUrl,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.caller()?;
    Response::created(&create_upload_url.run(&caller, &request.json()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::http::{answered, pointers};
    use testkit::{CountedIds, MemoryFiles, MemoryStore, StillClock};

    const EVENT: &str = include_str!("../../../events/create-upload-url.json");

    fn create_upload_url(store: &Arc<MemoryStore>) -> CreateUploadUrl {
        CreateUploadUrl {
            users: store.clone(),
            imports: store.clone(),
            profiles: store.clone(),
            urls: Arc::new(MemoryFiles::default()),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            ids: Arc::new(CountedIds::default()),
            most_bytes: 100_000_000,
        }
    }

    #[tokio::test]
    async fn an_upload_has_an_import_that_awaits_it() {
        let store = Arc::default();
        let (status, body) = answered(&create_upload_url(&store), handle, EVENT).await;
        let [import] = store.all_imports().try_into().unwrap();
        let (customer, id) = (import.customer_id, import.id);
        let expected = json!({
            "import_id": id, "method": "PUT", "expires_in": 600,
            "url": format!("https://files.example/{customer}/{id}.csv"),
            "headers": {"Content-Length": "12345", "Content-Type": "text/csv", "If-None-Match": "*"},
        });
        assert_eq!((status, body), (201, expected));
        assert_eq!(customer.to_string(), "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11");
        assert_eq!(
            (import.filename.as_str(), import.size_bytes),
            ("orders.csv", 12_345)
        );
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_too_large() {
        let store = Arc::default();
        let create_upload_url = create_upload_url(&store);
        // Also more than a `u32` holds, and the largest `u64`.
        for size in ["100000001", "5000000000", "18446744073709551615"] {
            let (status, body) =
                answered(&create_upload_url, handle, &EVENT.replace("12345", size)).await;
            assert_eq!(
                (status, &body["code"]),
                (413, &json!("too_large")),
                "{size}"
            );
            assert!(body["detail"].as_str().unwrap().contains("100000000"));
        }
        assert!(store.all_imports().is_empty());
        assert_eq!(
            answered(
                &create_upload_url,
                handle,
                &EVENT.replace("12345", "100000000")
            )
            .await
            .0,
            201
        );
    }

    #[tokio::test]
    async fn every_bad_field_is_named() {
        let bad = EVENT.replace("12345", "0").replace("filename", "file");
        let (status, body) = answered(&create_upload_url(&Arc::default()), handle, &bad).await;
        assert_eq!(status, 422);
        assert_eq!(pointers(&body), ["#/file", "#/filename", "#/size_bytes"]);
    }

    #[tokio::test]
    async fn agents_import_nothing() {
        let by_agent = EVENT.replace(
            r#""cognito:groups": "customer""#,
            r#""cognito:groups": "agent""#,
        );
        assert_eq!(
            answered(&create_upload_url(&Arc::default()), handle, &by_agent)
                .await
                .0,
            403
        );
    }
}
