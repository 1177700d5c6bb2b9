//! Reads what an app sends along with a status: see [`Tap`].

use domain::tap::{FASTEST_TAP, LONGEST_TAP_ID, OLDEST_TAP, SHORTEST_TAP_ID};
use domain::{OrderStatus, Tap, TapId};
use jiff::Timestamp;

use crate::fields::Fields;
use crate::stop::read_coordinates;

/// The members of a tap in the body of a change of status.
pub(crate) const OF_TAPS: [&str; 3] = ["tap_id", "occurred_at", "location"];

/// Reads an app's own name for a tap.
pub(crate) fn read_tap_id(fields: &Fields<'_>) -> Option<TapId> {
    let text = fields.text("tap_id", LONGEST_TAP_ID)?;
    let id = TapId::named(text);
    if id.is_none() {
        let detail = format!(
            "must have {SHORTEST_TAP_ID} to {LONGEST_TAP_ID} letters, digits, hyphens and underscores"
        );
        fields.fault("tap_id", detail);
    }
    id
}

/// Reads the tap among the fields of a change of status at `now`.
pub(crate) fn read_tap(fields: &Fields<'_>, status: Option<OrderStatus>, now: Timestamp) -> Tap {
    let id = read_tap_id(fields);
    let has_time = fields.has("occurred_at");
    let occurred_at = has_time.then(|| fields.required_time("occurred_at"));
    let occurred_at = occurred_at.flatten().filter(|at| {
        let age = now.duration_since(*at);
        let fault = if age > OLDEST_TAP {
            let hours = OLDEST_TAP.as_hours();
            format!(
                "is more than {hours} hours ago; a dispatcher can still set the status without it"
            )
        } else if -age > FASTEST_TAP {
            let minutes = FASTEST_TAP.as_mins();
            format!("is more than {minutes} minutes ahead; the clock of the device is wrong")
        } else {
            return true;
        };
        fields.fault("occurred_at", fault);
        false
    });
    let location = fields.object("location");
    let location = location.and_then(|place| read_coordinates(&place));
    if status == Some(OrderStatus::Cancelled) {
        // A cancellation is no stop of an agent. It counts from the moment when it comes.
        for name in OF_TAPS.iter().skip(1).filter(|name| fields.has(**name)) {
            fields.fault(*name, "does not belong to a cancellation");
        }
    }
    Tap {
        id,
        occurred_at,
        location,
    }
}

#[cfg(test)]
mod tests {
    use crate::read_status_change;
    use serde_json::{Value, json};

    fn read(body: Value) -> Result<domain::Tap, Vec<String>> {
        let now = "2030-05-06T20:00:00Z".parse().unwrap();
        let read = read_status_change(&body, now);
        read.map(|change| change.tap)
            .map_err(|faults| faults.into_vec().into_iter().map(|it| it.pointer).collect())
    }

    #[test]
    fn a_tap_of_the_last_twelve_hours_is_read() {
        for at in ["2030-05-06T08:00:00Z", "2030-05-06T20:02:00Z"] {
            let tap = read(json!({
                "status": "delivered", "tap_id": "0197c56d-d900-7b6e", "occurred_at": at,
                "location": {"lat": 41.4, "lon": 2.17},
            }))
            .unwrap();
            assert_eq!(tap.occurred_at, Some(at.parse().unwrap()));
            assert!(tap.id.is_some() && tap.location.is_some());
        }
        let none = json!({"status": "delivered", "tap_id": null, "occurred_at": null});
        assert_eq!(read(none), Ok(domain::Tap::default()));
    }

    #[test]
    fn every_fault_of_a_tap_is_named() {
        for at in ["2030-05-06T07:59:59Z", "2030-05-06T20:02:01Z", "noon"] {
            let body = json!({
                "status": "delivered", "tap_id": "two words", "occurred_at": at, "location": {"lat": 91},
            });
            let mut named = read(body).unwrap_err();
            named.sort();
            let expected = [
                "#/location/lat",
                "#/location/lon",
                "#/occurred_at",
                "#/tap_id",
            ];
            assert_eq!(named, expected, "{at}");
        }
    }

    #[test]
    fn a_cancellation_has_no_time_and_no_place_of_its_own() {
        let body = json!({
            "status": "cancelled", "tap_id": "tap-00001", "occurred_at": "2030-05-06T19:00:00Z",
            "location": {"lat": 41.4, "lon": 2.17},
        });
        assert_eq!(read(body).unwrap_err(), ["#/occurred_at", "#/location"]);
    }
}
