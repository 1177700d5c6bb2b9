//! The geocoder: which service it is, and where it looks for addresses.

use app::addresses::Region;
use domain::Coordinates;

use crate::{Environment, Setting};

/// The settings of a geocoder.
#[derive(Debug, Clone, PartialEq)]
pub struct GeocoderSettings {
    /// The address of the service.
    pub base_url: String,
    /// The name of the parameter that holds the key of the service. `None` if the service needs no key.
    pub key_parameter: Option<String>,
    /// The region in which addresses are looked for.
    pub region: Region,
    /// The least confidence of an answer, 0 to 1.
    pub least_confidence: f64,
}

/// `GEOCODER_PER_MINUTE`: the requests for addresses of files that all function instances together send in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeocoderPace(pub u32);

impl Setting for GeocoderPace {
    fn read(env: &Environment) -> Option<Self> {
        let per_minute = env.whole_number("GEOCODER_PER_MINUTE", 1..=60_000)?;
        Some(Self(per_minute))
    }
}

/// `GEOCODER_PROVIDER` and, if that is not `none`, `ORS_BASE_URL`, `ORS_KEY_PARAMETER`, `GEOCODER_COUNTRY`,
/// `GEOCODER_CENTRE`, `GEOCODER_CONFIDENCE`. The settings are `None` if there is no geocoder.
impl Setting for Option<GeocoderSettings> {
    fn read(env: &Environment) -> Option<Self> {
        if env.one_of("GEOCODER_PROVIDER", &["none", "ors"])? == "none" {
            return Some(None);
        }
        let base_url = env.url("ORS_BASE_URL");
        let centre = centre(env);
        let least_confidence = env.quantity("GEOCODER_CONFIDENCE");
        Some(Some(GeocoderSettings {
            base_url: base_url?,
            key_parameter: env.optional_text("ORS_KEY_PARAMETER"),
            region: Region {
                country: env.optional_text("GEOCODER_COUNTRY"),
                centre: centre?,
            },
            least_confidence: least_confidence?,
        }))
    }
}

/// `Some(None)` if there is no centre.
fn centre(env: &Environment) -> Option<Option<Coordinates>> {
    let Some(text) = env.optional_text("GEOCODER_CENTRE") else {
        return Some(None);
    };
    let centre = text.split_once(',').and_then(|(lat, lon)| {
        let (lat, lon) = (lat.trim().parse().ok()?, lon.trim().parse().ok()?);
        let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        on_earth.then_some(Coordinates { lat, lon })
    });
    if centre.is_none() {
        env.note(
            "GEOCODER_CENTRE must be a latitude and a longitude such as 41.387,2.170".to_owned(),
        );
    }
    centre.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConfigError;

    fn read(variable: fn(&str) -> Option<String>) -> Result<Option<GeocoderSettings>, ConfigError> {
        Environment::of(variable).all()
    }

    fn tokyo(name: &str) -> Option<String> {
        let value = match name {
            "GEOCODER_PROVIDER" => "ors",
            "ORS_BASE_URL" => "https://api.openrouteservice.org",
            "ORS_KEY_PARAMETER" | "GEOCODER_COUNTRY" => "",
            "GEOCODER_CENTRE" => "35.68, 139.77",
            "GEOCODER_CONFIDENCE" => "0.8",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn an_empty_variable_is_none_and_latitude_comes_first() {
        let found = read(tokyo).unwrap().unwrap();
        let centre = Coordinates {
            lat: 35.68,
            lon: 139.77,
        };
        assert_eq!(found.region.centre, Some(centre));
        assert_eq!((found.region.country, found.key_parameter), (None, None));
    }

    #[test]
    fn without_a_geocoder_nothing_else_is_asked_for() {
        let none = |name: &str| (name == "GEOCODER_PROVIDER").then(|| "none".to_owned());
        assert_eq!(read(none).unwrap(), None);
    }

    #[test]
    fn a_centre_that_is_nowhere_is_named_with_the_rest() {
        let wrong = |name: &str| match name {
            "GEOCODER_CENTRE" => Some("139.77, 35.68".to_owned()),
            "GEOCODER_CONFIDENCE" => Some("high".to_owned()),
            other => tokyo(other),
        };
        let error = read(wrong).unwrap_err().to_string();
        assert!(
            error.contains("GEOCODER_CENTRE") && error.contains("GEOCODER_CONFIDENCE"),
            "{error}"
        );
    }
}
