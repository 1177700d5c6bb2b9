//! Reads the changes of an agent's profile.

use domain::agent::{LARGEST_CAPACITY, ShiftUpdate};
use domain::{AgentUpdate, Role, UserStatus};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::stop::{read_coordinates, read_upcoming_window};

/// Reads the body of a request that changes an agent. `caller` is the role of the person who asks.
///
/// # Errors
/// Every fault in the body. Fields that the caller's role may not change are faults too.
pub fn read_agent_update(
    body: &Value,
    caller: Role,
    now: Timestamp,
) -> Result<AgentUpdate, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    fields.only(&[
        "on_duty",
        "release",
        "start_location",
        "vehicle",
        "shift",
        "status",
    ]);
    if caller != Role::Dispatcher && fields.has("status") {
        fields.fault("status", "is for dispatchers to change");
    }
    let on_duty = fields.flag("on_duty");
    let release = fields.flag("release").unwrap_or_default();
    if release && on_duty != Some(false) {
        fields.fault("release", "goes together with on_duty: false");
    }
    let start_location = fields.object("start_location");
    let update = AgentUpdate {
        on_duty,
        release,
        start_location: start_location.and_then(|location| read_coordinates(&location)),
        capacity: read_vehicle(&fields),
        shift: read_shift(body, &fields, now),
        status: fields.word("status", &[UserStatus::Active, UserStatus::Suspended]),
    };
    if faults.is_empty() && update == AgentUpdate::default() {
        faults.note("#", "names nothing to change");
    }
    faults.or(Some(update))
}

/// Reads `vehicle: {capacity}`, in size units.
pub(crate) fn read_vehicle(fields: &Fields<'_>) -> Option<u32> {
    let vehicle = fields.object("vehicle")?;
    vehicle.only(&["capacity"]);
    if !vehicle.has("capacity") {
        vehicle.fault("capacity", "is missing");
    }
    vehicle.whole_number("capacity", 1..=LARGEST_CAPACITY)
}

/// Reads the shift. This is the only field in which `null` removes a value. In all others `null` means absent.
fn read_shift(body: &Value, fields: &Fields<'_>, now: Timestamp) -> ShiftUpdate {
    if body.get("shift").is_some_and(Value::is_null) {
        return ShiftUpdate::Removed;
    }
    let shift = fields.object("shift");
    let shift = shift.and_then(|shift| read_upcoming_window(&shift, now));
    shift.map_or(ShiftUpdate::Unchanged, ShiftUpdate::Set)
}
