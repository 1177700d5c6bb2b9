//! A geocoder with the answers that a test sets, and a cache of its answers.

use std::collections::HashMap;
use std::sync::Mutex;

use app::ports::{Geocoder, GeocoderError, PlaceCache, PlaceCandidate, StoreError};
use async_trait::async_trait;
use domain::{Coordinates, Timestamp};

use super::away;

/// A geocoder that knows a few addresses.
#[derive(Debug, Default)]
pub struct MemoryGeocoder {
    known: Mutex<HashMap<String, Vec<PlaceCandidate>>>,
    asked: Mutex<Vec<String>>,
    away: Mutex<bool>,
}

impl MemoryGeocoder {
    /// Sets the candidates for an address: label, location, confidence.
    pub fn knows(&self, address: &str, candidates: &[(&str, Coordinates, f64)]) {
        let candidates = candidates
            .iter()
            .map(|(label, location, confidence)| PlaceCandidate {
                label: (*label).to_owned(),
                location: *location,
                confidence: *confidence,
            });
        let mut known = self.known.lock().unwrap();
        known.insert(address.to_owned(), candidates.collect());
    }

    /// Makes the geocoder unavailable, or available again.
    pub fn set_away(&self, away: bool) {
        *self.away.lock().unwrap() = away;
    }

    /// The addresses that were asked for since the last call.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Geocoder for MemoryGeocoder {
    async fn candidates(&self, address: &str) -> Result<Vec<PlaceCandidate>, GeocoderError> {
        self.asked.lock().unwrap().push(address.to_owned());
        if *self.away.lock().unwrap() {
            return Err(GeocoderError::Unavailable(away()));
        }
        let known = self.known.lock().unwrap();
        Ok(known.get(address).cloned().unwrap_or_default())
    }
}

/// A cache of a geocoder's answers.
#[derive(Debug, Default)]
pub struct MemoryPlaceCache(Mutex<HashMap<String, (Vec<PlaceCandidate>, Timestamp)>>);

#[async_trait]
impl PlaceCache for MemoryPlaceCache {
    async fn recall(
        &self,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<PlaceCandidate>>, StoreError> {
        let kept = self.0.lock().unwrap();
        let known = kept.get(key).filter(|(_, expires_at)| *expires_at > now);
        Ok(known.map(|(candidates, _)| candidates.clone()))
    }

    async fn remember(
        &self,
        key: &str,
        candidates: &[PlaceCandidate],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut kept = self.0.lock().unwrap();
        let stands = kept.get(key).is_some_and(|(_, until)| *until > now);
        if !stands {
            kept.insert(key.to_owned(), (candidates.to_vec(), expires_at));
        }
        Ok(())
    }
}
