//! Places on the earth.

use serde::{Deserialize, Serialize};

/// The earth's mean radius in metres (IUGG), as the great-circle distances here use it.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point in WGS 84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// Latitude, -90 to 90.
    pub lat: f64,
    /// Longitude, -180 to 180.
    pub lon: f64,
}

impl Coordinates {
    /// Great-circle distance in metres, by the haversine formula
    /// (R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68(2), 1984).
    pub fn great_circle_m(self, other: Self) -> f64 {
        let (lat_1, lat_2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = (lat_2 - lat_1) / 2.0;
        let half_lon = (other.lon - self.lon).to_radians() / 2.0;
        let h = half_lat.sin().powi(2) + lat_1.cos() * lat_2.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barcelona_to_madrid_is_505_km() {
        let barcelona = Coordinates {
            lat: 41.3874,
            lon: 2.1686,
        };
        let madrid = Coordinates {
            lat: 40.4168,
            lon: -3.7038,
        };
        let km = barcelona.great_circle_m(madrid) / 1000.0;
        assert!((504.0..507.0).contains(&km), "{km}");
    }

    #[test]
    fn a_point_is_at_no_distance_from_itself() {
        let here = Coordinates {
            lat: -33.86,
            lon: 151.2,
        };
        assert_eq!(here.great_circle_m(here), 0.0);
    }

    #[test]
    fn a_distance_across_the_date_line_is_short() {
        let west = Coordinates {
            lat: 0.0,
            lon: 179.9,
        };
        let east = Coordinates {
            lat: 0.0,
            lon: -179.9,
        };
        assert!(west.great_circle_m(east) < 25_000.0);
    }
}
