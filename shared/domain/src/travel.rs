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

/// Points that are closer than this, in metres, are one place: between them, nobody leaves and parks again.
const ONE_PLACE_M: f64 = 25.0;

/// An estimate of legs. The distance is the great-circle distance times `circuity`. The driving time is `base_s` plus
/// `s_per_km` for each great-circle kilometre. Both are zero between equal points, and a leg of less than 25 m has no
/// `base_s`.
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
        let base_s = if straight_m < ONE_PLACE_M {
            0.0
        } else {
            self.base_s
        };
        Leg {
            distance_m: (straight_m * self.circuity).round() as u32,
            duration_s: (base_s + straight_m / 1000.0 * self.s_per_km).round() as u32,
        }
    }

    /// The seconds that are left of a leg of `whole_s` seconds for an agent who is `here`. The leg may come from a road
    /// network, so its own time is scaled: by the share of the straight line that is left, or, for an agent who is
    /// farther away than the leg's start, by the estimates of the two ways.
    pub fn rest_of_leg(
        &self,
        whole_s: u32,
        (from, to): (Coordinates, Coordinates),
        here: Coordinates,
    ) -> u32 {
        let (whole_m, left_m) = (from.great_circle_m(to), here.great_circle_m(to));
        let estimated_s = |from| f64::from(self.leg(from, to).duration_s);
        if whole_m < ONE_PLACE_M || whole_s == 0 {
            return if left_m < ONE_PLACE_M {
                0
            } else {
                self.leg(here, to).duration_s
            };
        }
        let share = if left_m <= whole_m {
            left_m / whole_m
        } else {
            estimated_s(here) / estimated_s(from).max(1.0)
        };
        (f64::from(whole_s) * share).round() as u32
    }
}

/// The longest way from a pickup to its drop-off that the company takes orders for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongestLeg {
    /// Great-circle kilometres.
    pub km: u32,
}

impl Default for LongestLeg {
    fn default() -> Self {
        Self { km: 300 }
    }
}

impl LongestLeg {
    /// Whether the company takes orders from one place to the other.
    pub fn allows(self, from: Coordinates, to: Coordinates) -> bool {
        from.great_circle_m(to) <= f64::from(self.km) * 1000.0
    }

    /// The fault of a drop-off that is too far away, in words for a person.
    pub fn fault(self) -> String {
        let km = self.km;
        format!("is more than {km} km from the pickup; perhaps latitude and longitude are swapped")
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
    fn a_few_metres_take_a_moment() {
        let from = Coordinates { lat: 0.0, lon: 0.0 };
        let seconds = |lon| {
            let to = Coordinates { lat: 0.0, lon };
            LegEstimate::default().leg(from, to).duration_s
        };
        // 11 m and 24.5 m, then 25.6 m.
        assert_eq!([0.0001, 0.00022, 0.00023].map(seconds), [1, 2, 212],);
    }

    #[test]
    fn a_leg_has_a_longest_length() {
        let barcelona = Coordinates {
            lat: 41.3874,
            lon: 2.1686,
        };
        let to = |lat, lon| LongestLeg::default().allows(barcelona, Coordinates { lat, lon });
        // Valencia is at 303 km, and Castellón at 241 km.
        assert!(to(39.9864, -0.0513));
        assert!(!to(39.4699, -0.3763));
    }

    #[test]
    fn what_is_left_of_a_leg_shrinks_with_the_way_and_grows_for_who_is_farther_away() {
        let at = |km: f64| Coordinates {
            lat: 0.0,
            lon: km * 0.008_993_2,
        };
        // A road network says 600 s for two kilometres.
        let left = |km| LegEstimate::default().rest_of_leg(600, (at(0.0), at(2.0)), at(km));
        assert_eq!([0.0, 1.0, 1.5, 2.0].map(left), [600, 300, 150, 0]);
        assert_eq!(left(2.5), 150, "past the stop");
        assert_eq!(left(-2.0), 887, "600 s times 594 / 402");
        let in_place = LegEstimate::default().rest_of_leg(0, (at(0.0), at(0.0)), at(1.0));
        assert_eq!(in_place, 306);
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
