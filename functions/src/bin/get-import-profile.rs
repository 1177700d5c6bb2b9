//! `GET /import-profiles/{name}`: shows settings of imports that a customer has stored.

use std::sync::Arc;

use adapters::dynamodb::{DynamoProfiles, DynamoUsers};
use app::imports::GetImportProfile;
use runtime::http::{Problem, Request, Response};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Error> {
    runtime::telemetry::init()?;
    let (users, imports) = settings::from_environment()?;
    let aws = adapters::aws::config();
    let dynamodb = adapters::dynamodb::Client::new(&aws);
    let get_import_profile = GetImportProfile {
        users: Arc::new(DynamoUsers::new(&dynamodb, &users)),
        profiles: Arc::new(DynamoProfiles::new(&dynamodb, &imports)),
    };
    runtime::http::serve(get_import_profile, handle).await
}

async fn handle(
    get_import_profile: &GetImportProfile,
    request: &Request,
) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let profile = get_import_profile
        .run(&caller, request.path("name"))
        .await?;
    Ok(Response::ok(&profile)?.with_version(profile.version()))
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::json;
    use testkit::MemoryStore;
    use testkit::build::a_profile;
    use testkit::http::answered;

    const EVENT: &str = include_str!("../../../events/get-import-profile.json");

    #[tokio::test]
    async fn customers_see_their_own_profiles() {
        let store: Arc<MemoryStore> = Arc::default();
        let get_import_profile = GetImportProfile {
            users: store.clone(),
            profiles: store.clone(),
        };
        let theirs = "c3a48a72-0061-70a5-1b6c-3f2c1a9d0b11";
        a_profile(&store, "00000000-0061-70a5-1b6c-3f2c1a9d0b11", "shop").await;
        assert_eq!(answered(&get_import_profile, handle, EVENT).await.0, 404);
        a_profile(&store, theirs, "shop").await;
        let (status, body) = answered(&get_import_profile, handle, EVENT).await;
        let expected = json!({
            "name": "shop", "settings": {"encoding": "auto"}, "version": 1,
            "created_at": "2030-05-06T08:00:00Z", "updated_at": "2030-05-06T08:00:00Z",
        });
        assert_eq!((status, body), (200, expected));
    }
}
