//! The geocoder and the cache of its answers.

use async_trait::async_trait;
use domain::{Coordinates, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::StoreError;
use crate::refusal::Cause;

/// A place that an address may mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceCandidate {
    /// The geocoder's name for the place, for people.
    pub label: String,
    /// The location of the place.
    pub location: Coordinates,
    /// The geocoder's confidence, 0 to 1.
    pub confidence: f64,
}

/// The geocoder is unavailable, throttles, or sends an answer that cannot be read.
#[derive(Debug, Error)]
#[error("the geocoder is unavailable")]
pub struct GeocoderError(#[source] pub Cause);

/// Finds places by address.
#[async_trait]
pub trait Geocoder: Send + Sync {
    /// The places that an address may mean: only a few, the best first. No places if the address is unknown.
    async fn candidates(&self, address: &str) -> Result<Vec<PlaceCandidate>, GeocoderError>;
}

/// A cache of the geocoder's answers. The geocoder is asked again for a missing answer.
#[async_trait]
pub trait PlaceCache: Send + Sync {
    /// The answer under a key, if it has not expired by `now`.
    async fn recall(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<PlaceCandidate>>, StoreError>;

    /// Stores an answer until `expires_at`, unless the key has an answer that has not expired by `now`. If two callers
    /// ask at once, the first answer stays.
    async fn remember(
        &self,
        key: &str,
        candidates: &[PlaceCandidate],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
}
