//! `GET /import-profiles`: lists the settings of imports that a customer has stored.

use std::sync::Arc;

use adapters::dynamodb::{DynamoProfiles, DynamoUsers};
use app::imports::ListImportProfiles;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let list_import_profiles = ListImportProfiles {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        profiles: Arc::new(DynamoProfiles::new(&dynamodb, &imports)),
    };
    runtime::http::serve(list_import_profiles, handle).await
}

async fn handle(
    list_import_profiles: &ListImportProfiles,
    request: &Request,
) -> Result<Response, Problem> {
    Response::ok(&list_import_profiles.run(&request.caller()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::MemoryStore;
    use testkit::build::a_profile;
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/list-import-profiles.json");

    #[tokio::test]
    async fn customers_see_their_own_profiles_by_name() {
        let store: Arc<MemoryStore> = Arc::default();
        let list_import_profiles = ListImportProfiles {
            users: store.clone(),
            profiles: store.clone(),
        };
        let none = answered(&list_import_profiles, handle, EVENT).await;
        assert_eq!(none, (200, json!({"profiles": []})));
        let theirs = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
        a_profile(&store, "00000000-0061-70a5-1b6c-3f2c1a9d0b11", "other").await;
        a_profile(&store, theirs, "shop").await;
        a_profile(&store, theirs, "erp").await;
        let (_, body) = answered(&list_import_profiles, handle, EVENT).await;
        let profiles = body["profiles"].as_array().unwrap();
        let names: Vec<&str> = profiles
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["erp", "shop"]);
    }
}
