//! [`TrackingLinks`]

use app::ports::{LinkUse, StoreError, TrackingLinks};
use domain::OrderId;
use domain::ids::Uuid;

use super::fresh::later;
use crate::build::at;

/// Checks tracking links.
pub async fn run(links: &dyn TrackingLinks) {
    a_new_link_replaces_the_old_one(links).await;
    a_further_link_replaces_none_and_is_not_replaced(links).await;
    a_link_ends(links).await;
    a_link_may_be_used_some_times_a_minute(links).await;
    of_links_made_at_once_one_stays(links).await;
}

fn order() -> OrderId {
    OrderId(Uuid::now_v7())
}

fn token_hash() -> String {
    Uuid::now_v7().simple().to_string()
}

async fn a_new_link_replaces_the_old_one(links: &dyn TrackingLinks) {
    let now = at("2030-05-06T08:00:00Z");
    let (order_id, old, new) = (order(), token_hash(), token_hash());
    assert_eq!(
        links.use_link(&old, 30, now).await.unwrap(),
        LinkUse::Unknown
    );
    links.replace(order_id, &old, later(now, 60)).await.unwrap();
    let used = links.use_link(&old, 30, now).await.unwrap();
    assert_eq!(used, LinkUse::Order(order_id));
    links.replace(order_id, &new, later(now, 60)).await.unwrap();
    assert_eq!(
        links.use_link(&old, 30, now).await.unwrap(),
        LinkUse::Unknown
    );
    let used = links.use_link(&new, 30, now).await.unwrap();
    assert_eq!(used, LinkUse::Order(order_id));
    // A repetition, as after a lost answer.
    links.replace(order_id, &new, later(now, 60)).await.unwrap();
    let used = links.use_link(&new, 30, now).await.unwrap();
    assert_eq!(used, LinkUse::Order(order_id));
}

async fn a_further_link_replaces_none_and_is_not_replaced(links: &dyn TrackingLinks) {
    let now = at("2030-05-06T08:00:00Z");
    let (order_id, further) = (order(), token_hash());
    let (old, new) = (token_hash(), token_hash());
    links.replace(order_id, &old, later(now, 60)).await.unwrap();
    for end in [60, 600] {
        links
            .add(order_id, &further, later(now, end))
            .await
            .unwrap();
    }
    for hash in [&old, &further] {
        let used = links.use_link(hash, 30, now).await.unwrap();
        assert_eq!(used, LinkUse::Order(order_id));
    }
    links.replace(order_id, &new, later(now, 60)).await.unwrap();
    let used = links.use_link(&further, 30, later(now, 59)).await.unwrap();
    assert_eq!(used, LinkUse::Order(order_id));
    let used = links.use_link(&further, 30, later(now, 60)).await.unwrap();
    assert_eq!(used, LinkUse::Unknown, "the first end stays");
}

async fn a_link_ends(links: &dyn TrackingLinks) {
    let now = at("2030-05-06T08:00:00Z");
    let (order_id, hash) = (order(), token_hash());
    links
        .replace(order_id, &hash, later(now, 60))
        .await
        .unwrap();
    let used = links.use_link(&hash, 30, later(now, 59)).await.unwrap();
    assert_eq!(used, LinkUse::Order(order_id));
    let used = links.use_link(&hash, 30, later(now, 60)).await.unwrap();
    assert_eq!(used, LinkUse::Unknown);
}

async fn a_link_may_be_used_some_times_a_minute(links: &dyn TrackingLinks) {
    let now = at("2030-05-06T08:00:10Z");
    let (order_id, hash) = (order(), token_hash());
    links
        .replace(order_id, &hash, later(now, 600))
        .await
        .unwrap();
    for second in 0..2 {
        let used = links.use_link(&hash, 2, later(now, second)).await.unwrap();
        assert_eq!(used, LinkUse::Order(order_id));
    }
    for second in [2, 49] {
        let used = links.use_link(&hash, 2, later(now, second)).await.unwrap();
        assert_eq!(used, LinkUse::TooOften);
    }
    // The next minute of the clock.
    for _ in 0..2 {
        let used = links.use_link(&hash, 2, later(now, 50)).await.unwrap();
        assert_eq!(used, LinkUse::Order(order_id));
    }
    let used = links.use_link(&hash, 2, later(now, 51)).await.unwrap();
    assert_eq!(used, LinkUse::TooOften);
}

async fn of_links_made_at_once_one_stays(links: &dyn TrackingLinks) {
    let now = at("2030-05-06T08:00:00Z");
    let order_id = order();
    let hashes: Vec<String> = (0..8).map(|_| token_hash()).collect();
    let made = hashes
        .iter()
        .map(|hash| links.replace(order_id, hash, later(now, 600)));
    let made = futures::future::join_all(made).await;
    assert!(made.iter().any(Result::is_ok));
    assert!(
        made.iter()
            .all(|made| matches!(made, Ok(()) | Err(StoreError::Conflict)))
    );
    let mut valid = 0;
    for hash in &hashes {
        let used = links.use_link(hash, 30, now).await.unwrap();
        valid += usize::from(used == LinkUse::Order(order_id));
    }
    assert_eq!(valid, 1, "one link is valid");
}
