//! [`UnreadableChanges`]

use app::ports::UnreadableChanges;
use domain::ids::Uuid;

/// Checks a place for unreadable changes. `kept` reads what is kept under an id.
pub async fn run(aside: &dyn UnreadableChanges, kept: impl AsyncFn(&str) -> Option<String>) {
    let id = Uuid::now_v7().to_string();
    assert_eq!(kept(&id).await, None);
    aside.put_aside(&id, "{\"one\": 1}".into()).await.unwrap();
    assert_eq!(kept(&id).await.as_deref(), Some("{\"one\": 1}"));
    aside.put_aside(&id, "{\"two\": 2}".into()).await.unwrap();
    assert_eq!(
        kept(&id).await.as_deref(),
        Some("{\"one\": 1}"),
        "the first copy stays"
    );
}
