//! The geocoder that the settings name.

use std::sync::Arc;

use adapters::aws::SdkConfig;
use adapters::dynamodb::DynamoPlaces;
use adapters::geocoder::ors::OrsGeocoder;
use adapters::keys::{Client as KeyStore, Key};
use adapters::ors::OrsAccess;
use adapters::web::Web;
use app::addresses::PlaceAddresses;
use settings::GeocoderSettings;

/// OpenRouteService, with a cache of its answers in a table.
///
/// # Errors
/// The URL of the service is invalid, or no HTTPS client can be made.
pub fn addresses(
    settings: GeocoderSettings,
    places: DynamoPlaces,
    aws: &SdkConfig,
) -> Result<PlaceAddresses, runtime::Error> {
    over(Web::default(), settings, places, aws)
}

/// The same, with one attempt for each address: each request has its turn.
///
/// # Errors
/// As [`addresses`].
pub fn addresses_of_files(
    settings: GeocoderSettings,
    places: DynamoPlaces,
    aws: &SdkConfig,
) -> Result<PlaceAddresses, runtime::Error> {
    over(Web::default().with_one_attempt(), settings, places, aws)
}

fn over(
    web: Web,
    settings: GeocoderSettings,
    places: DynamoPlaces,
    aws: &SdkConfig,
) -> Result<PlaceAddresses, runtime::Error> {
    let key = settings
        .key_parameter
        .map_or_else(Key::none, |name| Key::of(KeyStore::new(aws), Some(name)));
    let region = settings.region.clone();
    let access = OrsAccess::new(web, &settings.base_url, key);
    let geocoder = OrsGeocoder::new(access, region)?;
    Ok(PlaceAddresses {
        geocoder: Arc::new(geocoder),
        cache: Arc::new(places),
        region: settings.region,
        least_confidence: settings.least_confidence,
    })
}
