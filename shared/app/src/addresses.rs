//! Finds the locations of addresses with a geocoder, and caches its answers.

use std::sync::Arc;

use domain::order::OrderDraft;
use domain::stop::StopDraft;
use domain::{Coordinates, NewOrder, Timestamp};
use futures::future::try_join;
use jiff::SignedDuration;
use serde::Serialize;

use crate::digest::sha256_hex;
use crate::ports::{Clock, Geocoder, GeocoderError, PlaceCache, PlaceCandidate};
use crate::refusal::Refusal;

/// How long an answer with places is cached. Towns change slowly, and an expired answer is asked for again.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long the cache remembers that an address is unknown. Maps improve, and customers correct their addresses.
const UNKNOWN_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// The same for an address in a file. A large file takes hours, and its rows repeat their addresses.
const UNKNOWN_IN_FILE_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// An answer for a file is stored with this many attempts, because it cost a part of a small quota.
const REMEMBERED_WITH: u32 = 3;
/// Two candidates that are further apart are two places. Nearer candidates are the same place on two maps. In metres.
const SAME_PLACE_M: f64 = 500.0;
/// The largest number of candidates that are cached, and shown to a customer who has to choose.
pub const MOST_CANDIDATES: usize = 5;

/// The region in which addresses are looked up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Region {
    /// ISO 3166-1 code of the only country to search; every country if absent.
    pub country: Option<String>,
    /// Places near this point are preferred.
    pub centre: Option<Coordinates>,
}

/// The result of looking up an address.
#[derive(Debug, Clone, PartialEq)]
pub enum Placed {
    /// The location of the address.
    At(Coordinates),
    /// The address may be any of these places. With no candidates, the address is unknown.
    Doubtful(Vec<PlaceCandidate>),
}

/// An address in a request that could not be placed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unplaceable {
    /// The field, as a JSON pointer.
    pub pointer: String,
    /// The reason for a person, with the names of the candidates.
    pub detail: String,
    /// The possible places, for a program that lets the customer choose.
    pub candidates: Vec<PlaceCandidate>,
}

impl Unplaceable {
    /// The address in the field at `pointer`.
    pub fn at(pointer: &str, candidates: Vec<PlaceCandidate>) -> Self {
        let labels: Vec<&str> = candidates.iter().map(|c| c.label.as_str()).collect();
        let detail = if labels.is_empty() {
            "is not known to the geocoder; correct it, or send the location".to_owned()
        } else {
            let labels = labels.join("; ");
            format!(
                "cannot be placed with certainty; correct it, or send the location. It may be: {labels}"
            )
        };
        Self {
            pointer: pointer.to_owned(),
            detail,
            candidates,
        }
    }
}

/// Places addresses.
pub struct PlaceAddresses {
    /// Looks up addresses.
    pub geocoder: Arc<dyn Geocoder>,
    /// The answers to earlier questions.
    pub cache: Arc<dyn PlaceCache>,
    /// Where to look. The region is part of the cache key.
    pub region: Region,
    /// The least confidence that makes a candidate the location of an address, 0 to 1.
    pub least_confidence: f64,
}

impl PlaceAddresses {
    /// The order with a location for each of its stops.
    ///
    /// # Errors
    /// [`Refusal::Unplaceable`] with every address that is unknown or may be several places;
    /// [`Refusal::Unavailable`] if the geocoder or the cache is unavailable.
    pub async fn locate(&self, draft: OrderDraft, now: Timestamp) -> Result<NewOrder, Refusal> {
        let (pickup, dropoff) = try_join(
            self.place_stop(&draft.pickup, now),
            self.place_stop(&draft.dropoff, now),
        )
        .await?;
        let mut unplaceable = Vec::new();
        let mut location = |pointer: &str, placed: Option<Placed>| match placed? {
            Placed::At(location) => Some(location),
            Placed::Doubtful(candidates) => {
                unplaceable.push(Unplaceable::at(pointer, candidates));
                None
            }
        };
        let pickup = location("#/pickup/address", pickup);
        let dropoff = location("#/dropoff/address", dropoff);
        if unplaceable.is_empty() {
            let located = draft.located(pickup, dropoff);
            located.ok_or_else(|| Refusal::Broken("a stop was not placed".into()))
        } else {
            Err(Refusal::Unplaceable(unplaceable))
        }
    }

    async fn place_stop(
        &self,
        stop: &StopDraft,
        now: Timestamp,
    ) -> Result<Option<Placed>, Refusal> {
        match stop.address_to_place() {
            Some(address) => self.place(address, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// Where an address is.
    ///
    /// The address is placed if the best candidate has enough confidence and no other place has the same confidence. If
    /// three towns have a street of that name, the agent would not know where to go.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] if the geocoder or the cache is unavailable.
    pub async fn place(&self, address: &str, now: Timestamp) -> Result<Placed, Refusal> {
        let key = self.key(address);
        let candidates = match self.cache.recall(&key, now).await? {
            Some(candidates) => candidates,
            None => self.ask(address, &key, now).await?,
        };
        Ok(self.judge(candidates))
    }

    async fn ask(
        &self,
        address: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Vec<PlaceCandidate>, Refusal> {
        let candidates = best(self.geocoder.candidates(address).await?);
        let kept = if candidates.is_empty() {
            UNKNOWN_KEPT
        } else {
            KEPT
        };
        // The answer is used even if the cache cannot keep it.
        if let Err(error) = self.cache.remember(key, &candidates, now, now + kept).await {
            tracing::warn!(%error, "a place could not be remembered");
        }
        Ok(candidates)
    }

    /// Asks the geocoder for an address in a file, with one request, and remembers the answer. An address that the
    /// geocoder refuses is unknown.
    pub(crate) async fn ask_for_file(
        &self,
        address: &str,
        key: &str,
        clock: &dyn Clock,
    ) -> Result<Vec<PlaceCandidate>, GeocoderError> {
        let candidates = match self.geocoder.candidates(address).await {
            Ok(candidates) => best(candidates),
            Err(GeocoderError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        self.remember_for_file(key, &candidates, clock).await;
        Ok(candidates)
    }

    /// Remembers the candidates for an address in a file. Without candidates, the address is unknown.
    pub(crate) async fn remember_for_file(
        &self,
        key: &str,
        candidates: &[PlaceCandidate],
        clock: &dyn Clock,
    ) {
        let kept = if candidates.is_empty() {
            UNKNOWN_IN_FILE_KEPT
        } else {
            KEPT
        };
        for attempt in 1..=REMEMBERED_WITH {
            let now = clock.now();
            match self.cache.remember(key, candidates, now, now + kept).await {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, attempt, "a place could not be remembered"),
            }
        }
    }

    /// What the candidates mean: see [`place`](Self::place).
    pub(crate) fn judge(&self, candidates: Vec<PlaceCandidate>) -> Placed {
        let Some(best) = candidates.first() else {
            return Placed::Doubtful(candidates);
        };
        let rivals = candidates.iter().skip(1).any(|other| {
            other.confidence >= best.confidence
                && other.location.great_circle_m(best.location) > SAME_PLACE_M
        });
        if best.confidence < self.least_confidence || rivals {
            Placed::Doubtful(candidates)
        } else {
            Placed::At(best.location)
        }
    }

    /// SHA-256 of the region and of the address in lower case with single spaces.
    pub(crate) fn key(&self, address: &str) -> String {
        let words: Vec<&str> = address.split_whitespace().collect();
        let country = self.region.country.as_deref().unwrap_or_default();
        let centre = self.region.centre;
        let centre = centre.map_or(String::new(), |at| format!("{},{}", at.lat, at.lon));
        let asked = format!("{}\n{country}\n{centre}", words.join(" ").to_lowercase());
        sha256_hex(asked.as_bytes())
    }
}

/// The best candidates, the best one first.
fn best(mut candidates: Vec<PlaceCandidate>) -> Vec<PlaceCandidate> {
    candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    candidates.truncate(MOST_CANDIDATES);
    candidates
}
