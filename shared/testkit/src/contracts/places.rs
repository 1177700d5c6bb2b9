//! [`PlaceCache`]

use app::ports::{PlaceCache, PlaceCandidate};
use domain::Coordinates;
use domain::ids::Uuid;
use futures::future::join_all;

use super::fresh::later;
use crate::build::{Landmarks, at};

/// Checks a cache of places.
pub async fn run(cache: &dyn PlaceCache) {
    let now = at("2030-05-06T08:00:00Z");
    let expires_at = later(now, 60);
    let key = || Uuid::now_v7().to_string();
    let station = [candidate("Tokyo Station", Landmarks::TOKYO_STATION, 0.93)];
    let square = [
        candidate("Plaça de Catalunya", Landmarks::PLACA_CATALUNYA, 1.0),
        candidate("Nowhere", Coordinates { lat: 0.0, lon: 0.0 }, 0.25),
    ];
    let recall = async |key: &str, at| cache.recall(key, at).await.unwrap();

    let asked = key();
    assert_eq!(recall(&asked, now).await, None, "nobody has asked yet");
    cache
        .remember(&asked, &station, now, expires_at)
        .await
        .unwrap();
    assert_eq!(
        recall(&asked, later(now, 59)).await.as_deref(),
        Some(&station[..])
    );
    assert_eq!(
        recall(&asked, expires_at).await,
        None,
        "the answer has expired"
    );
    assert_eq!(recall(&key(), now).await, None, "another address");

    cache
        .remember(&asked, &square, later(now, 30), later(now, 90))
        .await
        .unwrap();
    assert_eq!(
        recall(&asked, later(now, 31)).await.as_deref(),
        Some(&station[..]),
        "of two answers the first one stays"
    );
    cache
        .remember(&asked, &square, later(now, 60), later(now, 120))
        .await
        .unwrap();
    assert_eq!(
        recall(&asked, later(now, 61)).await.as_deref(),
        Some(&square[..]),
        "an expired answer is replaced, whether or not it was deleted"
    );

    let unknown = key();
    cache
        .remember(&unknown, &[], now, expires_at)
        .await
        .unwrap();
    assert_eq!(
        recall(&unknown, now).await,
        Some(Vec::new()),
        "the cache knows that the address is unknown"
    );

    let raced = key();
    let writes = (0..8).map(|_| cache.remember(&raced, &station, now, expires_at));
    assert!(join_all(writes).await.iter().all(Result::is_ok));
    assert_eq!(recall(&raced, now).await.as_deref(), Some(&station[..]));
}

fn candidate(label: &str, location: Coordinates, confidence: f64) -> PlaceCandidate {
    PlaceCandidate {
        label: label.to_owned(),
        location,
        confidence,
    }
}
