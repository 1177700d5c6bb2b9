//! Reads the changes of an agent's profile.

use domain::agent::{LARGEST_CAPACITY, ShiftUpdate};
use domain::breaks::{LONGEST_BREAK_S, MOST_BREAKS};
use domain::skill::MOST_SKILLS;
use domain::{AgentUpdate, Break, Role, Shift, UserStatus};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::faults::Faults;
use crate::fields::Fields;
use crate::stop::{read_coordinates, read_upcoming_window_in, read_window};

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
        "skills",
        "shift",
        "status",
    ]);
    for name in ["skills", "status"] {
        if caller != Role::Dispatcher && fields.has(name) {
            fields.fault(name, "is for dispatchers to change");
        }
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
        skills: fields.skills("skills", MOST_SKILLS),
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
    let Some(fields) = fields.object("shift") else {
        return ShiftUpdate::Unchanged;
    };
    fields.only(&["start", "end", "breaks"]);
    let shift = read_upcoming_window_in(&fields, now);
    let objects = fields.objects("breaks", MOST_BREAKS);
    let mut breaks: Vec<Break> = Vec::with_capacity(objects.len());
    for object in &objects {
        let Some(pause) = read_break(object, shift) else {
            continue;
        };
        // However late a break begins, it must not push the next one.
        let ended = breaks.last().map(ends_at_the_latest);
        if ended.is_some_and(|ended| pause.window.start < ended) {
            object.fault("window", "begins before the break before may have ended");
        }
        breaks.push(pause);
    }
    shift.map_or(ShiftUpdate::Unchanged, |shift| {
        ShiftUpdate::Set(shift, breaks)
    })
}

/// Reads `{"window": {"start": …, "end": …}, "duration_s": …}`, which must lie within the shift.
fn read_break(fields: &Fields<'_>, shift: Option<Shift>) -> Option<Break> {
    fields.only(&["window", "duration_s"]);
    let window = fields.required_object("window");
    let window = window.and_then(|window| read_window(&window));
    let duration_s = fields.required_whole_number("duration_s", 60..=LONGEST_BREAK_S);
    let pause = Break {
        window: window?,
        duration_s: duration_s?,
    };
    if let Some(shift) = shift {
        if pause.window.start < shift.start {
            fields.fault("window", "begins before the shift");
            return None;
        }
        if ends_at_the_latest(&pause) > shift.end {
            fields.fault(
                "window",
                "is so late that the break may end after the shift",
            );
            return None;
        }
    }
    Some(pause)
}

fn ends_at_the_latest(pause: &Break) -> Timestamp {
    let length = SignedDuration::from_secs(pause.duration_s.into());
    let end = pause.window.end.checked_add(length);
    end.unwrap_or(Timestamp::MAX)
}
