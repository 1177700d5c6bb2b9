//! OpenRouteService's geocoder: `GET {base}/geocode/search`, which is Pelias over open data.

use std::time::Duration;

use app::addresses::{MOST_CANDIDATES, Region};
use app::ports::{Geocoder, GeocoderError, PlaceCandidate};
use async_trait::async_trait;
use domain::Coordinates;
use reqwest::Url;
use serde::Deserialize;

use crate::failure::CallFailed;
use crate::ors::OrsAccess;
use crate::system::instant;
use crate::web::{CallFault, FaultKind};

const CALL: &str = "GET /geocode/search";
/// One address with all tries, and the key if it has to be read: two of them, one after the other, are within the 15 s
/// that an HTTP function has.
const TIME: Duration = Duration::from_secs(5);
/// The pause after the quota of a day is used up. Nobody knows at which hour the day begins.
const DAILY_REST: Duration = Duration::from_secs(15 * 60);

/// Finds places with OpenRouteService.
pub struct OrsGeocoder {
    access: OrsAccess,
    search: Url,
    region: Region,
}

impl OrsGeocoder {
    /// Of the service there.
    ///
    /// # Errors
    /// When its address is no URL.
    pub fn new(access: OrsAccess, region: Region) -> Result<Self, CallFailed> {
        let search = Url::parse(&access.url("/geocode/search"));
        let search = search.map_err(|error| CallFailed::because(CALL, error))?;
        Ok(Self {
            access,
            search,
            region,
        })
    }

    fn url_for(&self, address: &str) -> Url {
        let mut url = self.search.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("text", address);
            query.append_pair("size", &MOST_CANDIDATES.to_string());
            if let Some(country) = &self.region.country {
                query.append_pair("boundary.country", country);
            }
            if let Some(centre) = self.region.centre {
                query.append_pair("focus.point.lat", &centre.lat.to_string());
                query.append_pair("focus.point.lon", &centre.lon.to_string());
            }
        }
        url
    }
}

#[async_trait]
impl Geocoder for OrsGeocoder {
    async fn candidates(&self, address: &str) -> Result<Vec<PlaceCandidate>, GeocoderError> {
        let url = self.url_for(address);
        let asked = self.access.get_json(url.as_str(), instant() + TIME);
        let found: Found = asked.await.map_err(failed)?;
        Ok(found
            .features
            .into_iter()
            .filter_map(Feature::candidate)
            .collect())
    }
}

fn failed(fault: CallFault) -> GeocoderError {
    let (kind, retry_after) = (fault.kind, fault.retry_after);
    let cause = CallFailed::because(CALL, fault).into();
    match kind {
        FaultKind::Quota => GeocoderError::Quota { retry_after, cause },
        FaultKind::DailyQuota => GeocoderError::Quota {
            retry_after: Some(retry_after.unwrap_or(DAILY_REST)),
            cause,
        },
        // The text of the address is too long or too strange for the service.
        FaultKind::Refused(400 | 414 | 422) => GeocoderError::Refused(cause),
        FaultKind::Refused(_)
        | FaultKind::Connection
        | FaultKind::Timeout
        | FaultKind::Unauthorized
        | FaultKind::ServerError
        | FaultKind::Unroutable
        | FaultKind::Unreadable => GeocoderError::Unavailable(cause),
    }
}

/// The answer, as far as it is used: GeoJSON.
#[derive(Deserialize)]
struct Found {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(default)]
    coordinates: Vec<f64>,
}

#[derive(Deserialize)]
struct Properties {
    label: Option<String>,
    #[serde(default)]
    confidence: f64,
}

impl Feature {
    /// What it says, if it is a point on the earth: longitude first, then latitude, then perhaps a height.
    fn candidate(self) -> Option<PlaceCandidate> {
        let &[lon, lat, ..] = self.geometry.coordinates.as_slice() else {
            return None;
        };
        let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_earth.then(|| PlaceCandidate {
            label: self
                .properties
                .label
                .unwrap_or_else(|| format!("{lat:.5}, {lon:.5}")),
            location: Coordinates { lat, lon },
            confidence: self.properties.confidence,
        })
    }
}
