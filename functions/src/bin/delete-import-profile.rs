//! `DELETE /import-profiles/{name}`: deletes settings of imports that a customer has stored.

use std::sync::Arc;

use adapters::dynamodb::{DynamoProfiles, DynamoUsers};
use adapters::system::RandomJitter;
use app::imports::DeleteImportProfile;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let delete_import_profile = DeleteImportProfile {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        profiles: Arc::new(DynamoProfiles::new(&dynamodb, &imports)),
        jitter: Arc::new(RandomJitter),
    };
    runtime::http::serve(delete_import_profile, handle).await
}

async fn handle(
    delete_import_profile: &DeleteImportProfile,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let if_match = request.if_match()?;
    let name = request.path("name");
    delete_import_profile
        .run(&caller, name, if_match.as_ref())
        .await?;
    Ok(Response::no_content())
}

#[cfg(test)]
mod tests {
    use super::*;

    use app::ports::ProfileStore;
    use serde_json::{Value, json};
    use testkit::build::a_profile;
    use testkit::http::answered;
    use testkit::memory::NextWrite;
    use testkit::{MemoryStore, NoJitter};

    const EVENT: &str = include_str!("../../../events/delete-import-profile.json");
    const CUSTOMER: &str = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";

    fn delete_import_profile(store: &Arc<MemoryStore>) -> DeleteImportProfile {
        DeleteImportProfile {
            users: store.clone(),
            profiles: store.clone(),
            jitter: Arc::new(NoJitter),
        }
    }

    #[tokio::test]
    async fn a_profile_is_deleted_once_and_a_new_one_gets_a_new_version() {
        let store: Arc<MemoryStore> = Arc::default();
        let delete = delete_import_profile(&store);
        assert_eq!(answered(&delete, handle, EVENT).await.0, 404);
        a_profile(&store, CUSTOMER, "shop").await;
        a_profile(&store, CUSTOMER, "erp").await;
        store.next_writes([NextWrite::Conflicts]);
        assert_eq!(answered(&delete, handle, EVENT).await, (204, Value::Null));
        assert_eq!(answered(&delete, handle, EVENT).await.0, 404);
        a_profile(&store, CUSTOMER, "shop").await;
        let stored = store.profiles_of(CUSTOMER.parse().unwrap()).await.unwrap();
        let versions: Vec<(&str, u64)> = stored
            .profiles
            .iter()
            .map(|(name, profile)| (name.as_str(), profile.version))
            .collect();
        assert_eq!(versions, [("erp", 2), ("shop", 4)]);
    }

    #[tokio::test]
    async fn a_changed_profile_stays() {
        let store: Arc<MemoryStore> = Arc::default();
        a_profile(&store, CUSTOMER, "erp").await;
        a_profile(&store, CUSTOMER, "shop").await;
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        event["multiValueHeaders"] = Value::Null;
        event["headers"]["If-Match"] = json!("\"1\"");
        let delete = delete_import_profile(&store);
        let (status, body) = answered(&delete, handle, &event.to_string()).await;
        assert_eq!((status, &body["current_version"]), (412, &json!(2)));
        assert_eq!(answered(&delete, handle, EVENT).await.0, 204);
    }
}
