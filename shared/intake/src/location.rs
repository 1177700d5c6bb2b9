//! Reads the points that an agent's app reports.

use domain::LocationPoint;
use domain::location::{FASTEST_CLOCK, MOST_POINTS};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::stop::read_coordinates_in;

/// A radius beyond this is no measurement, in metres.
const LARGEST_ACCURACY_M: f64 = 1e7;

/// Reads `{"points": [{"lat": …, "lon": …, "at": …, "accuracy_m": …}]}`: at least one point, in any sequence.
///
/// # Errors
/// Every fault in the body.
pub fn read_location_report(body: &Value, now: Timestamp) -> Result<Vec<LocationPoint>, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&["points"]);
    let objects = fields.objects("points", MOST_POINTS);
    let points: Vec<_> = objects
        .iter()
        .filter_map(|point| read_point(point, now))
        .collect();
    if faults.is_empty() && points.is_empty() {
        fields.fault("points", "must have at least one point");
    }
    faults.or(Some(points))
}

fn read_point(fields: &Fields<'_>, now: Timestamp) -> Option<LocationPoint> {
    fields.only(&["lat", "lon", "at", "accuracy_m"]);
    let location = read_coordinates_in(fields);
    let at = fields.required_time("at");
    let at = at.filter(|at| {
        let fits = at.duration_since(now) <= FASTEST_CLOCK;
        if !fits {
            let minutes = FASTEST_CLOCK.as_mins();
            let detail =
                format!("is more than {minutes} minutes ahead; the clock of the device is wrong");
            fields.fault("at", detail);
        }
        fits
    });
    let accuracy_m = fields.required_number("accuracy_m", 0.0..=LARGEST_ACCURACY_M);
    Some(LocationPoint {
        location: location?,
        at: at?,
        accuracy_m: accuracy_m?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(points: Value) -> Result<usize, Vec<String>> {
        let now = "2030-05-06T08:00:00Z".parse().unwrap();
        let read = read_location_report(&json!({"points": points}), now);
        read.map(|points| points.len())
            .map_err(|faults| faults.into_vec().into_iter().map(|it| it.pointer).collect())
    }

    fn point(at: &str) -> Value {
        json!({"lat": 41.4, "lon": 2.17, "at": at, "accuracy_m": 8})
    }

    #[test]
    fn up_to_twenty_points_of_any_age_are_read() {
        let points = vec![point("2030-05-06T07:59:50Z"); 20];
        assert_eq!(read(json!(points)), Ok(20));
        assert_eq!(read(json!([point("2029-01-01T00:00:00Z")])), Ok(1));
        let more = vec![point("2030-05-06T07:59:50Z"); 21];
        for none in [json!(more), json!([]), json!(null), json!("here")] {
            assert_eq!(read(none), Err(vec!["#/points".to_owned()]));
        }
    }

    #[test]
    fn a_clock_that_is_fast_by_more_than_two_minutes_is_named() {
        assert_eq!(read(json!([point("2030-05-06T08:02:00Z")])), Ok(1));
        let fast = [point("2030-05-06T08:00:00Z"), point("2030-05-06T08:02:01Z")];
        assert_eq!(read(json!(fast)), Err(vec!["#/points/1/at".to_owned()]));
    }

    #[test]
    fn every_fault_of_every_point_is_named() {
        let points = json!([
            {"lat": 91, "lon": 2, "at": "soon", "accuracy_m": -1},
            {"lat": 0, "lon": 0, "at": "2030-05-06T08:00:00Z", "speed": 3},
        ]);
        let mut named = read(points).unwrap_err();
        named.sort();
        let (first, second) = ("#/points/0", "#/points/1");
        let expected = [
            format!("{first}/accuracy_m"),
            format!("{first}/at"),
            format!("{first}/lat"),
            format!("{second}/accuracy_m"),
            format!("{second}/lat"),
            format!("{second}/speed"),
        ];
        assert_eq!(named, expected);
    }
}
