//! Known answers of the geocoder, under the hash of the question.

use app::ports::PlaceCandidate;
use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::whole_seconds;
use super::place::StoredCoordinates;

/// The candidates for an address. Empty if the address is unknown.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPlaces {
    claim: String,
    candidates: Vec<StoredCandidate>,
    expires_at_s: i64,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredCandidate {
    label: String,
    location: StoredCoordinates,
    confidence: f64,
}

impl StoredPlaces {
    pub(crate) fn new(claim: String, candidates: &[PlaceCandidate], expires_at: Timestamp) -> Self {
        Self {
            claim,
            candidates: candidates.iter().map(Into::into).collect(),
            expires_at_s: whole_seconds(expires_at),
        }
    }

    /// Whether the answer is valid at a time.
    pub(crate) fn counts_at(&self, now: Timestamp) -> bool {
        self.expires_at_s > now.as_second()
    }
}

impl From<StoredPlaces> for Vec<PlaceCandidate> {
    fn from(stored: StoredPlaces) -> Self {
        stored.candidates.into_iter().map(Into::into).collect()
    }
}

impl From<&PlaceCandidate> for StoredCandidate {
    fn from(candidate: &PlaceCandidate) -> Self {
        Self {
            label: candidate.label.clone(),
            location: candidate.location.into(),
            confidence: candidate.confidence,
        }
    }
}

impl From<StoredCandidate> for PlaceCandidate {
    fn from(stored: StoredCandidate) -> Self {
        Self {
            label: stored.label,
            location: stored.location.into(),
            confidence: stored.confidence,
        }
    }
}
