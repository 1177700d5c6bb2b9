//! Who places addresses, and where they are looked for.

use app::addresses::Region;
use domain::Coordinates;

use super::Environment;

/// What a geocoder is told.
#[derive(Debug, Clone, PartialEq)]
pub struct GeocoderSettings {
    /// Where the service is.
    pub base_url: String,
    /// The name of the parameter that holds its key; none where it asks for none.
    pub key_parameter: Option<String>,
    /// Where addresses are looked for.
    pub region: Region,
    /// How sure it must be, 0 to 1.
    pub least_confidence: f64,
}

impl Environment {
    /// `GEOCODER_PROVIDER` and, where that is not `none`, `ORS_BASE_URL`, `ORS_KEY_PARAMETER`, `GEOCODER_COUNTRY`,
    /// `GEOCODER_CENTRE`, `GEOCODER_CONFIDENCE`. `Some(None)` where addresses are not placed.
    pub fn geocoder(&self) -> Option<Option<GeocoderSettings>> {
        if self.one_of("GEOCODER_PROVIDER", &["none", "ors"])? == "none" {
            return Some(None);
        }
        let base_url = self.url("ORS_BASE_URL");
        let centre = self.centre();
        let least_confidence = self.quantity("GEOCODER_CONFIDENCE");
        Some(Some(GeocoderSettings {
            base_url: base_url?,
            key_parameter: self.optional_text("ORS_KEY_PARAMETER"),
            region: Region {
                country: self.optional_text("GEOCODER_COUNTRY"),
                centre: centre?,
            },
            least_confidence: least_confidence?,
        }))
    }

    /// `Some(None)` where there is none.
    fn centre(&self) -> Option<Option<Coordinates>> {
        let Some(text) = self.optional_text("GEOCODER_CENTRE") else {
            return Some(None);
        };
        let centre = text.split_once(',').and_then(|(lat, lon)| {
            let (lat, lon) = (lat.trim().parse().ok()?, lon.trim().parse().ok()?);
            let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
            on_earth.then_some(Coordinates { lat, lon })
        });
        if centre.is_none() {
            self.note(
                "GEOCODER_CENTRE must be a latitude and a longitude such as 41.387,2.170"
                    .to_owned(),
            );
        }
        centre.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_empty_is_not_there_and_latitude_comes_first() {
        let found = Environment::of(tokyo).geocoder().unwrap().unwrap();
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
        assert_eq!(Environment::of(none).geocoder(), Some(None));
    }

    #[test]
    fn a_centre_that_is_nowhere_is_named_with_the_rest() {
        let wrong = |name: &str| match name {
            "GEOCODER_CENTRE" => Some("139.77, 35.68".to_owned()),
            "GEOCODER_CONFIDENCE" => Some("high".to_owned()),
            other => tokyo(other),
        };
        let env = Environment::of(wrong);
        let error = env.all((env.geocoder(),)).unwrap_err().to_string();
        assert!(
            error.contains("GEOCODER_CENTRE") && error.contains("GEOCODER_CONFIDENCE"),
            "{error}"
        );
    }
}
