//! Legs of a road network.

use std::collections::BTreeMap;

use app::ports::{KnownLeg, PlaceLegs};
use domain::{Coordinates, Leg, Timestamp};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use super::claim::whole_seconds;
use crate::dynamodb::keys;

/// The legs between one place and others.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLegs {
    claim: String,
    /// For each other place: metres and seconds to it and back. Absent values mean that no road leads there.
    legs: BTreeMap<String, [Option<u32>; 4]>,
    expires_at_s: i64,
}

impl StoredLegs {
    pub(crate) fn new(legs: &PlaceLegs, until: Timestamp) -> Self {
        let others = legs.others.iter().map(|(other, there, back)| {
            let ([a, b], [c, d]) = (numbers(*there), numbers(*back));
            (keys::cell(*other), [a, b, c, d])
        });
        Self {
            claim: keys::legs_claim(legs.place),
            legs: others.collect(),
            expires_at_s: whole_seconds(until),
        }
    }

    /// Whether the legs are valid at a time.
    pub(crate) fn counts_at(&self, now: Timestamp) -> bool {
        self.expires_at_s > now.as_second()
    }
}

impl TryFrom<StoredLegs> for PlaceLegs {
    type Error = BrokenItem;

    fn try_from(stored: StoredLegs) -> Result<Self, BrokenItem> {
        const BROKEN: BrokenItem = BrokenItem("a place is none");
        let place = keys::place_of_legs(&stored.claim).ok_or(BROKEN)?;
        let others = stored.legs.into_iter().map(|(other, [a, b, c, d])| {
            let other: Coordinates = keys::place_of_cell(&other).ok_or(BROKEN)?;
            Ok((other, known(a, b), known(c, d)))
        });
        Ok(Self {
            place,
            others: others.collect::<Result<_, _>>()?,
        })
    }
}

fn numbers(leg: KnownLeg) -> [Option<u32>; 2] {
    match leg {
        KnownLeg::Road(leg) => [Some(leg.distance_m), Some(leg.duration_s)],
        KnownLeg::Unroutable => [None, None],
    }
}

fn known(distance_m: Option<u32>, duration_s: Option<u32>) -> KnownLeg {
    match (distance_m, duration_s) {
        (Some(distance_m), Some(duration_s)) => KnownLeg::Road(Leg {
            distance_m,
            duration_s,
        }),
        _ => KnownLeg::Unroutable,
    }
}
