//! Estimates of legs from the great-circle distance, without a road network.

use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;

/// The drive from one stop to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Driven distance in metres.
    pub distance_m: u32,
    /// Driving time in seconds.
    pub duration_s: u32,
}

/// An estimate of legs. The distance is the great-circle distance times `circuity`. The driving time is `base_s` plus
/// `s_per_km` for each great-circle kilometre. Both are zero between equal points.
///
/// The default was fitted on a million pairs that OSRM routed in Berlin, Barcelona, New York and Porto Alegre. Its mean
/// error is 12 to 20 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegEstimate {
    /// Driven metres for each great-circle metre.
    pub circuity: f64,
    /// Seconds that every leg takes: leaving, lights, parking.
    pub base_s: f64,
    /// Seconds for each great-circle kilometre.
    pub s_per_km: f64,
}

impl Default for LegEstimate {
    fn default() -> Self {
        Self {
            circuity: 1.3,
            base_s: 210.0,
            s_per_km: 96.0,
        }
    }
}

impl LegEstimate {
    /// The leg from one place to another.
    pub fn leg(&self, from: Coordinates, to: Coordinates) -> Leg {
        if from == to {
            return Leg::default();
        }
        let straight_m = from.great_circle_m(to);
        Leg {
            distance_m: (straight_m * self.circuity).round() as u32,
            duration_s: (self.base_s + straight_m / 1000.0 * self.s_per_km).round() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_takes_five_minutes_door_to_door() {
        let from = Coordinates { lat: 0.0, lon: 0.0 };
        let to = Coordinates {
            lat: 0.0,
            lon: 0.008_993_2,
        };
        let leg = LegEstimate::default().leg(from, to);
        assert_eq!((leg.distance_m, leg.duration_s), (1300, 306));
    }

    #[test]
    fn staying_takes_no_time() {
        let here = Coordinates {
            lat: 52.5,
            lon: 13.4,
        };
        assert_eq!(LegEstimate::default().leg(here, here), Leg::default());
    }
}
