//! `PUT /import-profiles/{name}`: stores settings of imports by name.

use std::sync::Arc;

use adapters::dynamodb::{DynamoProfiles, DynamoUsers};
use adapters::system::{RandomJitter, SystemClock};
use app::imports::PutImportProfile;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let put_import_profile = PutImportProfile {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        profiles: Arc::new(DynamoProfiles::new(&dynamodb, &imports)),
        clock: Arc::new(SystemClock),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(put_import_profile, handle).await
}

async fn handle(
    put_import_profile: &PutImportProfile,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let body = request.json()?;
    let if_match = request.if_match()?;
    let (profile, is_new) = put_import_profile
        .run(&caller, request.path("name"), &body, if_match.as_ref())
        .await?;
    let answer = if is_new {
        Response::created(&profile)?
    } else {
        Response::ok(&profile)?
    };
    Ok(answer.with_version(profile.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::ProfileStore;
    use domain::import::{ImportSettings, MOST_PROFILES};
    use serde_json::{Value, json};
    use testkit::http::{answered, pointers};
    use testkit::memory::NextWrite;
    use testkit::{MemoryStore, NoJitter, StillClock, at};

    const EVENT: &str = include_str!("../../../events/put-import-profile.json");
    const CUSTOMER: &str = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";

    fn put_import_profile(store: &Arc<MemoryStore>) -> PutImportProfile {
        PutImportProfile {
            users: store.clone(),
            profiles: store.clone(),
            clock: Arc::new(StillClock::at("2030-05-06T08:00:00Z")),
            jitter: Arc::new(NoJitter),
        }
    }

    fn event(change: impl FnOnce(&mut Value)) -> String {
        let mut event = serde_json::from_str(EVENT).unwrap();
        change(&mut event);
        event.to_string()
    }

    fn with(body: &str, if_match: Option<&str>) -> String {
        event(|event| {
            event["body"] = json!(body);
            event["multiValueHeaders"] = Value::Null;
            if let Some(tag) = if_match {
                event["headers"]["If-Match"] = json!(tag);
            }
        })
    }

    #[tokio::test]
    async fn settings_are_stored_once_and_replaced_later() {
        let store = Arc::default();
        let put = put_import_profile(&store);
        let (status, first) = answered(&put, handle, EVENT).await;
        assert_eq!((status, &first["version"]), (201, &json!(1)));
        assert_eq!(first["settings"]["preset"], "shopify");
        assert_eq!(answered(&put, handle, EVENT).await, (200, first.clone()));
        let (status, second) = answered(&put, handle, &with("{}", Some("\"1\""))).await;
        assert_eq!((status, &second["version"]), (200, &json!(2)));
        assert_eq!(second["settings"], json!({}));
        // The answer was lost, and the call is repeated with the version before.
        let again = answered(&put, handle, &with("{}", Some("\"1\""))).await;
        assert_eq!(again, (200, second));
        let (status, late) =
            answered(&put, handle, &with("{\"sheet\": \"A\"}", Some("\"1\""))).await;
        assert_eq!((status, &late["current_version"]), (412, &json!(2)));
    }

    #[tokio::test]
    async fn if_match_stores_no_new_profile() {
        let store = Arc::default();
        let put = put_import_profile(&store);
        let (status, _) = answered(&put, handle, &with("{}", Some("*"))).await;
        assert_eq!(status, 404);
        let stored = store.profiles_of(CUSTOMER.parse().unwrap()).await.unwrap();
        assert_eq!(stored.version, 0);
    }

    #[tokio::test]
    async fn the_name_and_every_bad_setting_are_named() {
        let bad = event(|event| {
            event["pathParameters"]["name"] = json!("my shop");
            event["body"] = json!("{\"preset\": \"ebay\", \"header_row\": 0, \"size_bytes\": 1}");
        });
        let (status, body) = answered(&put_import_profile(&Arc::default()), handle, &bad).await;
        assert_eq!(status, 422);
        let expected = [
            "/import-profiles/{name}",
            "#/size_bytes",
            "#/preset",
            "#/header_row",
        ];
        assert_eq!(pointers(&body), expected);
    }

    #[tokio::test]
    async fn a_customer_has_at_most_twenty_profiles() {
        let store: Arc<MemoryStore> = Arc::default();
        for n in 0..MOST_PROFILES {
            let stored = store.profiles_of(CUSTOMER.parse().unwrap()).await.unwrap();
            let now = at("2030-05-06T08:00:00Z");
            let more = stored.with(&format!("p{n}"), ImportSettings::default(), now);
            store.put_profiles(&more.unwrap().unwrap()).await.unwrap();
        }
        let put = put_import_profile(&store);
        let (status, body) = answered(&put, handle, EVENT).await;
        assert_eq!((status, pointers(&body)), (422, vec!["#"]));
        let known = event(|event| event["pathParameters"]["name"] = json!("p7"));
        assert_eq!(answered(&put, handle, &known).await.0, 200);
    }

    #[tokio::test]
    async fn a_write_that_loses_a_race_is_made_on_top_of_the_other() {
        let store: Arc<MemoryStore> = Arc::default();
        store.next_writes([NextWrite::Conflicts]);
        assert_eq!(
            answered(&put_import_profile(&store), handle, EVENT).await.0,
            201
        );
        store.next_writes([NextWrite::LosesItsAnswer]);
        let put = put_import_profile(&store);
        assert_eq!(answered(&put, handle, &with("{}", None)).await.0, 503);
        // The repeated call finds what the lost call has stored.
        let (status, body) = answered(&put, handle, &with("{}", None)).await;
        assert_eq!((status, &body["version"]), (200, &json!(2)));
    }

    #[tokio::test]
    async fn agents_store_no_settings() {
        let by_agent = EVENT.replace(
            r#""cognito:groups": "customer""#,
            r#""cognito:groups": "agent""#,
        );
        let answer = answered(&put_import_profile(&Arc::default()), handle, &by_agent).await;
        assert_eq!(answer.0, 403);
    }
}
