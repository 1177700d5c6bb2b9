//! `travel`: great-circle legs, or matrices.

use std::collections::BTreeMap;

use planner::TravelMatrix;
use serde_json::Value;
use serde_json::value::RawValue;

use super::walk::{Faults, unknown};

const GREAT_CIRCLE: [&str; 3] = ["kind", "circuity", "speed_kmh"];
const MATRIX: [&str; 3] = ["kind", "distances_m", "durations_s"];

/// The leg between two places without a way takes a hundred days: no order is planned on it, unless it has to be. Sums
/// stay far below any limit.
const UNREACHABLE_S: u32 = 100 * 24 * 3_600;
const UNREACHABLE_M: u32 = 10_000_000;

/// The mean radius of the earth.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Reads `travel`, and says whether it has distances. Matrices stay raw text until they are read row by row, because a
/// tree of values would need many times the memory.
pub(crate) fn read(
    raw: &RawValue,
    coordinates: &[(f64, f64)],
    faults: &mut Faults,
) -> Option<(TravelMatrix, bool)> {
    let Ok(travel) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) else {
        faults.add("travel", "is not an object");
        return None;
    };
    let kind = travel
        .get("kind")
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let mut only = |known: &[&str], of: &str| {
        for key in travel.keys().filter(|key| !known.contains(&key.as_str())) {
            faults.add(format!("travel.{key}"), unknown(known, of));
        }
    };
    match kind.as_deref() {
        Some("great_circle") => only(&GREAT_CIRCLE, "great_circle"),
        Some("matrix") => only(&MATRIX, "matrix"),
        _ => {}
    }
    match kind.as_deref() {
        Some("great_circle") => Some((great_circle(&travel, coordinates, faults)?, true)),
        Some("matrix") => matrix(&travel, coordinates.len(), faults),
        _ => {
            faults.add("travel.kind", "is neither great_circle nor matrix");
            None
        }
    }
}

fn positive(travel: &BTreeMap<String, &RawValue>, key: &str, faults: &mut Faults) -> Option<f64> {
    let value = travel
        .get(key)
        .and_then(|raw| serde_json::from_str::<f64>(raw.get()).ok())
        .filter(|value| *value > 0.0 && *value < 1e6);
    if value.is_none() {
        faults.add(format!("travel.{key}"), "is not a positive number");
    }
    value
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded before the cast, which saturates anyway"
)]
fn great_circle(
    travel: &BTreeMap<String, &RawValue>,
    coordinates: &[(f64, f64)],
    faults: &mut Faults,
) -> Option<TravelMatrix> {
    let circuity = positive(travel, "circuity", faults);
    let speed_kmh = positive(travel, "speed_kmh", faults);
    if coordinates.is_empty() {
        faults.add("locations", "is needed for great-circle travel");
    }
    let metres_per_second = speed_kmh? / 3.6;
    let circuity = circuity?;
    let places: Vec<[f64; 3]> = coordinates.iter().map(|&it| on_sphere(it)).collect();
    Some(TravelMatrix::measured(places.len(), |from, to| {
        let metres = great_circle_m(places[from], places[to]) * circuity;
        (
            metres.round() as u32,
            (metres / metres_per_second).round() as u32,
        )
    }))
}

/// A point of the unit sphere, from latitude and longitude in degrees.
fn on_sphere((lat, lon): (f64, f64)) -> [f64; 3] {
    let (lat, lon) = (lat.to_radians(), lon.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// The great-circle distance in metres, computed from the chord: half of the chord is the sine of half of the angle.
/// The result is that of the haversine formula, without a sine and a cosine for each pair.
fn great_circle_m(from: [f64; 3], to: [f64; 3]) -> f64 {
    let [x, y, z] = [from[0] - to[0], from[1] - to[1], from[2] - to[2]];
    let chord = (x * x + y * y + z * z).sqrt();
    2.0 * EARTH_RADIUS_M * (chord / 2.0).min(1.0).asin()
}

fn matrix(
    travel: &BTreeMap<String, &RawValue>,
    locations: usize,
    faults: &mut Faults,
) -> Option<(TravelMatrix, bool)> {
    let has_distances = travel
        .get("distances_m")
        .is_some_and(|raw| raw.get() != "null");
    let durations_s = rows(travel, "durations_s", faults);
    let distances_m = if has_distances {
        rows(travel, "distances_m", faults)
    } else {
        durations_s
            .as_ref()
            .map(|it| (it.0, vec![Some(0); it.1.len()]))
    };
    let (distances_m, durations_s) = (distances_m?, durations_s?);
    let points = durations_s.0;
    if distances_m.0 != points {
        faults.add("travel", "its matrices are of different size");
        return None;
    }
    if locations != 0 && locations != points {
        let what = format!("has {points} rows for {locations} locations");
        faults.add("travel.durations_s", what);
        return None;
    }
    // If either measure of a leg is missing, there is no way.
    let mut pairs = distances_m.1.into_iter().zip(durations_s.1);
    let matrix = TravelMatrix::measured(points, |_, _| match pairs.next() {
        Some((Some(metres), Some(seconds))) => (metres, seconds),
        _ => (UNREACHABLE_M, UNREACHABLE_S),
    });
    Some((matrix, has_distances))
}

/// The entries of a matrix, row by row. `None` stands for a leg without a way.
type Entries = Vec<Option<u32>>;

/// A square matrix: the number of its rows, and its entries. There is one fault for all rows of a wrong length, and one
/// for all bad entries.
fn rows(
    travel: &BTreeMap<String, &RawValue>,
    key: &str,
    faults: &mut Faults,
) -> Option<(usize, Entries)> {
    let place = format!("travel.{key}");
    let Some(raw) = travel.get(key) else {
        faults.add(place, "is missing");
        return None;
    };
    let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        faults.add(place, "is not a list of rows");
        return None;
    };
    let mut entries = Vec::with_capacity(rows.len().saturating_mul(rows.len()));
    let (mut long_rows, mut bad) = (Summary::default(), Summary::default());
    for (index, row) in rows.iter().enumerate() {
        let before = entries.len();
        if let Ok(row) = serde_json::from_str::<Vec<Option<u32>>>(row.get()) {
            entries.extend(row);
        } else if let Ok(row) = serde_json::from_str::<Vec<Value>>(row.get()) {
            for (column, value) in row.iter().enumerate() {
                let entry = entry(value);
                if entry.is_err() {
                    bad.add(|| format!("[{index}][{column}], which is {}", shortened(value)));
                }
                entries.push(entry.unwrap_or_default());
            }
        } else {
            long_rows.add(|| format!("[{index}], which is not a list"));
            continue;
        }
        let length = entries.len() - before;
        if length != rows.len() {
            long_rows.add(|| format!("[{index}] with {length}"));
        }
    }
    let size = rows.len();
    let what = format!("of {size} rows do not have {size} entries");
    let good_rows = long_rows.report(&place, &what, faults);
    let what = format!(
        "of {} entries are neither a number from 0 to {} nor null",
        entries.len(),
        u32::MAX
    );
    let good_entries = bad.report(&place, &what, faults);
    (good_rows && good_entries).then_some((size, entries))
}

/// An entry of a matrix that is neither a number in range nor `null`.
struct BadEntry;

/// An entry, rounded; `None` for `null`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be in range"
)]
fn entry(value: &Value) -> Result<Option<u32>, BadEntry> {
    if value.is_null() {
        return Ok(None);
    }
    match value.as_f64().map(f64::round) {
        Some(number) if (0.0..=f64::from(u32::MAX)).contains(&number) => Ok(Some(number as u32)),
        _ => Err(BadEntry),
    }
}

/// The beginning of a value.
fn shortened(value: &Value) -> String {
    value.to_string().chars().take(20).collect()
}

/// Faults of the same kind: how many there are, and the first.
#[derive(Default)]
struct Summary {
    count: usize,
    first: String,
}

impl Summary {
    fn add(&mut self, place: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = place();
        }
        self.count += 1;
    }

    /// Adds a fault if there is something to report. Returns whether there is nothing.
    fn report(self, place: &str, what: &str, faults: &mut Faults) -> bool {
        if self.count > 0 {
            let (count, first) = (self.count, self.first);
            faults.add(place, format!("{count} {what}, the first is {first}"));
        }
        self.count == 0
    }
}
