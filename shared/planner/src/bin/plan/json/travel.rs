//! `travel`: great-circle legs, or matrices.

use std::collections::BTreeMap;

use planner::TravelMatrix;
use serde_json::Value;
use serde_json::value::RawValue;

use super::walk::Faults;

/// The mean radius of the earth.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Reads `travel`. Matrices stay raw text until they are read row by row, because a tree of values would need many
/// times the memory.
pub(crate) fn read(
    raw: &RawValue,
    coordinates: &[(f64, f64)],
    faults: &mut Faults,
) -> Option<TravelMatrix> {
    let Ok(travel) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) else {
        faults.add("travel", "is not an object");
        return None;
    };
    let kind = travel
        .get("kind")
        .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    match kind.as_deref() {
        Some("great_circle") => great_circle(&travel, coordinates, faults),
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
) -> Option<TravelMatrix> {
    let distances_m = rows(travel, "distances_m", faults);
    let durations_s = rows(travel, "durations_s", faults);
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
    match TravelMatrix::new(points, distances_m.1, durations_s.1) {
        Ok(matrix) => Some(matrix),
        Err(found) => {
            for fault in found {
                faults.add(fault.place, fault.kind.to_string());
            }
            None
        }
    }
}

/// A square matrix: the number of its rows, and its entries.
fn rows(
    travel: &BTreeMap<String, &RawValue>,
    key: &str,
    faults: &mut Faults,
) -> Option<(usize, Vec<u32>)> {
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
    let mut good = true;
    for (index, row) in rows.iter().enumerate() {
        match serde_json::from_str::<Vec<u32>>(row.get()) {
            Ok(row) if row.len() == rows.len() => entries.extend(row),
            Ok(row) => {
                let what = format!("has {} entries, needs {}", row.len(), rows.len());
                faults.add(format!("{place}[{index}]"), what);
                good = false;
            }
            Err(_) => {
                bad_entries(&format!("{place}[{index}]"), row, faults);
                good = false;
            }
        }
    }
    good.then_some((rows.len(), entries))
}

fn bad_entries(place: &str, row: &RawValue, faults: &mut Faults) {
    let Ok(entries) = serde_json::from_str::<Vec<Value>>(row.get()) else {
        faults.add(place, "is not a list");
        return;
    };
    for (index, entry) in entries.iter().enumerate() {
        let fits = entry.as_u64().is_some_and(|it| u32::try_from(it).is_ok());
        if !fits {
            faults.add(
                format!("{place}[{index}]"),
                "is not a whole number from 0 to 4294967295",
            );
        }
    }
}
