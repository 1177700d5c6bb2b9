//! The geocoder and the cache of its answers.

use std::time::Duration;

use async_trait::async_trait;
use domain::Timestamp;
pub use domain::place::PlaceCandidate;
use thiserror::Error;

use super::StoreError;
use crate::refusal::Cause;

/// Why the geocoder gives no answer.
#[derive(Debug, Error)]
pub enum GeocoderError {
    /// It is unavailable, or sends an answer that cannot be read.
    #[error("the geocoder is unavailable")]
    Unavailable(#[source] Cause),
    /// It has had enough requests for a while.
    #[error("the quota of the geocoder is used up")]
    Quota {
        /// The pause that it asks for.
        retry_after: Option<Duration>,
        /// The answer.
        #[source]
        cause: Cause,
    },
    /// It refuses this address, and would refuse it again.
    #[error("the geocoder refuses the address")]
    Refused(#[source] Cause),
}

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
