//! Driving times: the estimates that everybody plans with, and the true times.

use domain::{Coordinates, LegEstimate};

/// The streets of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Streets {
    /// The estimate that Waybill and the policies plan with.
    pub estimate: LegEstimate,
    /// How far a true driving time may be from its estimate: 0.3 means 30 % less to 30 % more.
    pub noise: f64,
    /// The seed of the noise. A leg takes equally long for each policy.
    pub seed: u64,
}

impl Streets {
    /// Streets where every estimate is right.
    pub fn quiet(estimate: LegEstimate) -> Self {
        Self {
            estimate,
            noise: 0.0,
            seed: 0,
        }
    }

    /// Great-circle kilometres.
    pub fn km(&self, from: Coordinates, to: Coordinates) -> f64 {
        from.great_circle_m(to) / 1000.0
    }

    /// The expected driving time of a leg, in seconds and not rounded.
    pub fn expected_s(&self, from: Coordinates, to: Coordinates) -> f64 {
        if from == to {
            return 0.0;
        }
        self.estimate.base_s + self.estimate.s_per_km * self.km(from, to)
    }

    /// The true driving time of a leg.
    pub fn true_s(&self, from: Coordinates, to: Coordinates) -> f64 {
        self.expected_s(from, to) * self.factor(from, to)
    }

    fn factor(&self, from: Coordinates, to: Coordinates) -> f64 {
        if self.noise == 0.0 {
            return 1.0;
        }
        let places = [from.lat, from.lon, to.lat, to.lon];
        let mixed = places
            .iter()
            .fold(self.seed, |hash, degrees| mixed(hash ^ degrees.to_bits()));
        // The upper 53 bits as a number from 0 to 1.
        let unit = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
        1.0 + self.noise * (2.0 * unit - 1.0)
    }
}

/// The output function of SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: u32) -> Coordinates {
        Coordinates {
            lat: 52.5 + f64::from(n) / 1000.0,
            lon: 13.4,
        }
    }

    #[test]
    fn noise_is_around_the_estimate_and_never_changes() {
        let streets = Streets {
            estimate: LegEstimate::default(),
            noise: 0.3,
            seed: 7,
        };
        let factors: Vec<f64> = (1..2000)
            .map(|n| {
                let (from, to) = (place(0), place(n));
                assert_eq!(streets.true_s(from, to), streets.true_s(from, to));
                streets.true_s(from, to) / streets.expected_s(from, to)
            })
            .collect();
        let mean = factors.iter().sum::<f64>() / factors.len() as f64;
        assert!((0.99..1.01).contains(&mean), "{mean}");
        assert!(factors.iter().all(|factor| (0.7..=1.3).contains(factor)));
        assert!(factors.iter().any(|factor| *factor < 0.75));
        assert!(factors.iter().any(|factor| *factor > 1.25));
        assert_eq!(streets.true_s(place(1), place(1)), 0.0);
    }
}
