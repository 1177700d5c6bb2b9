//! The places of an order, compared with the company's limits.

use domain::{LongestLeg, NewOrder, ServiceArea};
use intake::Faults;

/// The fault of a place that the company does not serve.
pub(crate) const OUTSIDE_SERVICE_AREA: &str = "is outside of the area that the company serves";

/// Checks that the company serves both places and the way between them.
///
/// # Errors
/// The fault of each place.
pub(crate) fn check_places(
    new: &NewOrder,
    service_area: &ServiceArea,
    longest_leg: &LongestLeg,
) -> Result<(), Faults> {
    let faults = Faults::new();
    for (stop, pointer) in [
        (&new.pickup, "#/pickup/location"),
        (&new.dropoff, "#/dropoff/location"),
    ] {
        if !service_area.covers(stop.location) {
            faults.note(pointer, OUTSIDE_SERVICE_AREA);
        }
    }
    let (from, to) = (new.pickup.location, new.dropoff.location);
    if faults.is_empty() && !longest_leg.allows(from, to) {
        faults.note("#/dropoff/location", longest_leg.fault());
    }
    faults.or(Some(()))
}
