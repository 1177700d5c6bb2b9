//! The format of OpenRouteService's `/v2/matrix`.

use app::ports::{FallbackReason, KnownLeg};
use domain::{Coordinates, Leg};
use serde::{Deserialize, Serialize};

use super::blocks::Block;
use crate::route_provider::remote::Unusable;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct MatrixRequest {
    /// `[longitude, latitude]`.
    locations: Vec<[f64; 2]>,
    /// Indices into `locations`.
    sources: Vec<usize>,
    destinations: Vec<usize>,
    metrics: [&'static str; 2],
    units: &'static str,
}

impl MatrixRequest {
    /// The places of a block, each once, even if a place is both source and destination.
    pub(super) fn of(places: &[Coordinates], block: &Block) -> Self {
        let mut listed: Vec<usize> = Vec::new();
        let mut number = |place: &usize| {
            let known = listed.iter().position(|it| it == place);
            known.unwrap_or_else(|| {
                listed.push(*place);
                listed.len() - 1
            })
        };
        let sources = block.sources.iter().map(&mut number).collect();
        let destinations = block.destinations.iter().map(&mut number).collect();
        let locations = listed.iter().map(|place| &places[*place]);
        Self {
            locations: locations.map(|place| [place.lon, place.lat]).collect(),
            sources,
            destinations,
            metrics: ["duration", "distance"],
            units: "m",
        }
    }
}

/// One row for each source. `null` if no road leads there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Matrix {
    durations: Vec<Vec<Option<f64>>>,
    distances: Vec<Vec<Option<f64>>>,
}

impl Matrix {
    /// The leg from one source of the block to one destination, by their numbers in the block.
    pub(super) fn leg(&self, source: usize, destination: usize) -> Result<KnownLeg, Unusable> {
        let entry = |rows: &[Vec<Option<f64>>]| rows.get(source)?.get(destination).copied();
        let (Some(duration), Some(distance)) = (entry(&self.durations), entry(&self.distances))
        else {
            return Err(unreadable("a matrix is smaller than was asked for"));
        };
        match (duration, distance) {
            (Some(duration), Some(distance)) => Ok(KnownLeg::Road(Leg {
                distance_m: whole(distance)?,
                duration_s: whole(duration)?,
            })),
            _ => Ok(KnownLeg::Unroutable),
        }
    }
}

/// Rounded. A leg of more than a year does not count.
fn whole(number: f64) -> Result<u32, Unusable> {
    let rounded = number.round();
    if (0.0..=31_536_000.0).contains(&rounded) {
        Ok(rounded as u32)
    } else {
        Err(unreadable("a leg is out of range"))
    }
}

fn unreadable(detail: &str) -> Unusable {
    Unusable::new(FallbackReason::Unreadable, detail)
}
