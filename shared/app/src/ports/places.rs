//! Where an address is.

use async_trait::async_trait;
use domain::{Coordinates, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::StoreError;
use crate::refusal::Cause;

/// A place that an address may mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceCandidate {
    /// What the geocoder calls it, for people.
    pub label: String,
    /// Where it is.
    pub location: Coordinates,
    /// How sure the geocoder is, 0 to 1.
    pub confidence: f64,
}

/// The geocoder is away, throttles, or answers with what cannot be read.
#[derive(Debug, Error)]
#[error("the geocoder is away")]
pub struct GeocoderError(#[source] pub Cause);

/// Finds places by address.
#[async_trait]
pub trait Geocoder: Send + Sync {
    /// Places that an address may mean, the surest first and only a few of them; none where it is unknown.
    async fn candidates(&self, address: &str) -> Result<Vec<PlaceCandidate>, GeocoderError>;
}

/// What the geocoder has said before. A cache: what is not in it is asked for again.
#[async_trait]
pub trait PlaceCache: Send + Sync {
    /// What was remembered under a key and has not expired by `now`.
    async fn recall(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<PlaceCandidate>>, StoreError>;

    /// Remembers it until `expires_at`, unless somebody else's answer is there that has not expired by `now`: of two who
    /// asked at once the first one's stays.
    async fn remember(
        &self,
        key: &str,
        candidates: &[PlaceCandidate],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
}
