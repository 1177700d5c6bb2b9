//! Reads edits of orders: JSON Merge Patch (RFC 7396).

use domain::order::OrderDraft;
use domain::skill::MOST_REQUIRED;
use domain::stop::StopDraft;
use domain::{OnFailure, Order, Priority, Role, TimeWindow, VariantArray};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::faults::Faults;
use crate::fields::Fields;
use crate::order::{LARGEST_SIZE, LONGEST_NOTES};
use crate::proof::read_asked_proof;
use crate::stop::{AddressAlone, read_stop};

const PICKUP: &str = "pickup";
const DROPOFF: &str = "dropoff";
/// The fields that only dispatchers may change.
const OF_DISPATCHERS: [&str; 2] = ["priority", "held"];

/// Reads the body of a request that edits `order` at `now`. The body is a merge patch of the order as `POST /orders`
/// takes it: a member that is left out stays as it is, and `null` brings back the default.
///
/// A time window that stays as it is may be in the past. An address that changes without its location must be placed
/// anew. The `external_id` cannot change. A stop whose proof becomes `null` follows the company's default.
///
/// The answer also says whether the order is held.
///
/// # Errors
/// Every fault in the body. Fields that the caller's role may not change are faults too.
pub fn read_order_edit(
    body: &Value,
    order: &Order,
    caller: Role,
    address_alone: AddressAlone,
    now: Timestamp,
) -> Result<(OrderDraft, bool), Faults> {
    let faults = Faults::new();
    let sent = Fields::of_body(body, &faults);
    let Some(patch) = body.as_object() else {
        return faults.or(None);
    };
    if caller != Role::Dispatcher {
        for name in OF_DISPATCHERS
            .iter()
            .filter(|name| patch.contains_key(**name))
        {
            sent.fault(*name, "is for dispatchers to change");
        }
    }
    let present = present(order);
    let mut edited = present.clone();
    merge(&mut edited, patch);
    let keeps_pickup_window = keep_window(&mut edited, &present, PICKUP);
    let keeps_dropoff_window = keep_window(&mut edited, &present, DROPOFF);
    for stop in [PICKUP, DROPOFF] {
        leave_old_place(&mut edited, &present, patch, stop);
    }
    let body = Value::Object(edited.clone());
    let fields = Fields::of_body(&body, &faults);
    fields.only(&[
        PICKUP,
        DROPOFF,
        "size",
        "priority",
        "requires",
        "notes",
        "on_failure",
        "requires_proof",
        "held",
    ]);
    let read = |name: &'static str| {
        let stop = fields.required_object(name)?;
        // An address that waits for its turn may go on waiting.
        let address_alone = if place_of(&edited, name) == place_of(&present, name) {
            AddressAlone::Allowed
        } else {
            address_alone
        };
        read_stop(&stop, address_alone, now)
    };
    let (pickup, dropoff) = (read(PICKUP), read(DROPOFF));
    let size = fields.whole_number("size", 1..=LARGEST_SIZE);
    let priority = fields.word("priority", Priority::VARIANTS);
    let requires = fields.skills("requires", MOST_REQUIRED);
    let notes = fields.lines("notes", LONGEST_NOTES);
    let on_failure = fields.word("on_failure", OnFailure::VARIANTS);
    let requires_proof = read_asked_proof(&fields);
    let held = fields.flag("held");
    let draft = (|| {
        let (mut pickup, mut dropoff) = (pickup?, dropoff?);
        if keeps_pickup_window {
            pickup.window = order.pickup.window;
        }
        if keeps_dropoff_window {
            dropoff.window = order.dropoff.window;
        }
        if !(keeps_pickup_window && keeps_dropoff_window) {
            refuse_windows(pickup.window, dropoff.window, keeps_dropoff_window, &faults);
        }
        Some(OrderDraft {
            pickup,
            dropoff,
            size: size.unwrap_or(1),
            priority: priority.unwrap_or_default(),
            requires: requires.unwrap_or_default(),
            notes: notes.map(str::to_owned),
            external_id: order.external_id.clone(),
            on_failure: on_failure.unwrap_or_default(),
            requires_proof,
        })
    })();
    let held = held.unwrap_or_default();
    faults.or(draft.map(|draft| (draft, held)))
}

/// The order as an edit finds it.
fn present(order: &Order) -> Map<String, Value> {
    let mut present = Map::new();
    let stop = |stop: &StopDraft| serde_json::to_value(stop).unwrap_or_default();
    present.insert(PICKUP.to_owned(), stop(&order.pickup));
    present.insert(DROPOFF.to_owned(), stop(&order.dropoff));
    present.insert("size".to_owned(), json!(order.size));
    present.insert("priority".to_owned(), json!(order.priority));
    present.insert("requires".to_owned(), json!(order.requires));
    present.insert("held".to_owned(), json!(order.decided.held));
    present.insert("notes".to_owned(), json!(order.notes));
    present.insert("on_failure".to_owned(), json!(order.on_failure));
    // A stop that requires nothing says so: without a word it would follow the company's default.
    let proof = &order.requires_proof;
    let proof = json!({ PICKUP: proof.pickup, DROPOFF: proof.dropoff });
    present.insert("requires_proof".to_owned(), proof);
    present
}

/// The address and the location of a stop, as far as it has them.
fn place_of<'a>(order: &'a Map<String, Value>, stop: &str) -> [Option<&'a Value>; 2] {
    let stop = order.get(stop);
    ["address", "location"].map(|name| {
        let member = stop.and_then(|stop| stop.get(name));
        member.filter(|member| !member.is_null())
    })
}

/// Applies a merge patch. RFC 7396 removes a member that the patch sets to `null`. Here it becomes `null`, which is the
/// same for all readers, and an unknown member with `null` is still found.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        let member = target.entry(name.clone()).or_insert(Value::Null);
        match value {
            Value::Object(inner) => {
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Some(object) = member.as_object_mut() {
                    merge(object, inner);
                }
            }
            other => member.clone_from(other),
        }
    }
}

/// Takes out a time window that stays as it is, because it may be in the past by now. Answers whether it stays.
fn keep_window(
    edited: &mut Map<String, Value>,
    present: &Map<String, Value>,
    stop: &'static str,
) -> bool {
    let window = |order: &Map<String, Value>| {
        let window = order.get(stop).and_then(|stop| stop.get("window"));
        window.filter(|window| !window.is_null()).cloned()
    };
    let stays = window(edited) == window(present);
    if stays && let Some(stop) = edited.get_mut(stop).and_then(Value::as_object_mut) {
        stop.remove("window");
    }
    stays
}

/// Takes out the location of a stop whose address changes alone: it is the location of the old address.
fn leave_old_place(
    edited: &mut Map<String, Value>,
    present: &Map<String, Value>,
    patch: &Map<String, Value>,
    stop: &'static str,
) {
    let address = |order: &Map<String, Value>| {
        let address = order.get(stop)?.get("address")?.as_str()?;
        Some(address.trim().to_owned())
    };
    let names_location = patch
        .get(stop)
        .is_some_and(|stop| stop.get("location").is_some());
    let new = address(edited);
    let moves = new.is_some() && new != address(present) && !names_location;
    if moves && let Some(stop) = edited.get_mut(stop).and_then(Value::as_object_mut) {
        stop.remove("location");
    }
}

/// Notes a window of the drop-off that ends before the window of the pickup starts. The fault is at the window that the
/// edit changes.
fn refuse_windows(
    pickup: Option<TimeWindow>,
    dropoff: Option<TimeWindow>,
    keeps_dropoff: bool,
    faults: &Faults,
) {
    let (Some(opens), Some(closes)) = (pickup, dropoff) else {
        return;
    };
    if closes.end > opens.start {
        return;
    }
    if keeps_dropoff {
        let detail = "must be before the end of the drop-off's window";
        faults.note("#/pickup/window/start", detail);
    } else {
        let detail = "must be after the start of the pickup's window";
        faults.note("#/dropoff/window/end", detail);
    }
}
