//! Reads orders and the changes of their status.

use domain::given_proof::TapProof;
use domain::order::OrderDraft;
use domain::skill::MOST_REQUIRED;
use domain::{AskedProof, OnFailure, OrderStatus, Priority, ReasonCode, Tap, VariantArray};
use jiff::Timestamp;
use serde_json::Value;

use crate::column::Column;
use crate::faults::Faults;
use crate::fields::{Field, FieldSource, Fields, is_invisible_character, nfc};
use crate::proof::read_asked_proof;
use crate::stop::{AddressAlone, read_stop, refuse_end_of_window};
use crate::tap::{OF_TAPS, read_tap};
use crate::tap_proof::{OF_PROOF, read_tap_proof};

/// The largest order, in size units.
pub(crate) const LARGEST_SIZE: u32 = 10_000;
pub(crate) const LONGEST_NOTES: usize = 1_000;
const LONGEST_EXTERNAL_ID: usize = 100;
pub(crate) const LONGEST_REASON: usize = 500;

const PICKUP: Field = Field::stop("pickup", Column::PickupLat, Column::PickupServiceS);
const DROPOFF: Field = Field::stop("dropoff", Column::DropoffLat, Column::DropoffServiceS);
const SIZE: Field = Field::cell("size", Column::Size);
const PRIORITY: Field = Field::cell("priority", Column::Priority);
const REQUIRES: Field = Field::cell("requires", Column::Requires);
const NOTES: Field = Field::cell("notes", Column::Notes);
const ON_FAILURE: Field = Field::cell("on_failure", Column::OnFailure);
const EXTERNAL_ID: Field = Field::cell("external_id", Column::ExternalId);

/// Reads the body of a request that places an order at `now`.
///
/// # Errors
/// Every fault in the body.
pub fn read_order(
    body: &Value,
    address_alone: AddressAlone,
    now: Timestamp,
) -> Result<OrderDraft, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    let draft = read_draft(&fields, address_alone, now);
    let requires_proof = read_asked_proof(&fields);
    faults.or(draft.map(|draft| OrderDraft {
        requires_proof,
        ..draft
    }))
}

/// Reads an order that is placed at `now`, except the proof that it requires: files have it in another form. The draft
/// is good only if no fault was noted.
pub(crate) fn read_draft<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    address_alone: AddressAlone,
    now: Timestamp,
) -> Option<OrderDraft> {
    let cells = [
        PICKUP,
        DROPOFF,
        SIZE,
        PRIORITY,
        REQUIRES,
        NOTES,
        EXTERNAL_ID,
        ON_FAILURE,
    ];
    let mut known = cells.map(Field::name).to_vec();
    known.push("requires_proof");
    fields.only(&known);
    let pickup = fields.required_object(PICKUP);
    let pickup = pickup.and_then(|stop| read_stop(&stop, address_alone, now));
    let dropoff_fields = fields.required_object(DROPOFF);
    let dropoff = dropoff_fields.as_ref();
    let dropoff = dropoff.and_then(|stop| read_stop(stop, address_alone, now));
    let size = fields.whole_number(SIZE, 1..=LARGEST_SIZE);
    let priority = fields.word(PRIORITY, Priority::VARIANTS);
    let requires = fields.skills(REQUIRES, MOST_REQUIRED);
    let notes = fields.lines(NOTES, LONGEST_NOTES);
    let external_id = fields.text(EXTERNAL_ID, LONGEST_EXTERNAL_ID);
    let on_failure = fields.word(ON_FAILURE, OnFailure::VARIANTS);

    let opens = pickup.as_ref().and_then(|stop| stop.window);
    let closes = dropoff.as_ref().and_then(|stop| stop.window);
    if let (Some(opens), Some(closes), Some(dropoff)) = (opens, closes, dropoff_fields)
        && closes.end <= opens.start
    {
        refuse_end_of_window(&dropoff);
    }
    Some(OrderDraft {
        pickup: pickup?,
        dropoff: dropoff?,
        size: size.unwrap_or(1),
        priority: priority.unwrap_or_default(),
        requires: requires.unwrap_or_default(),
        notes: notes.map(str::to_owned),
        external_id: external_id
            .map(|id| nfc(id.trim_matches(is_invisible_character)).into_owned()),
        on_failure: on_failure.unwrap_or_default(),
        requires_proof: AskedProof::default(),
    })
}

/// A request to change the status of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusChange {
    /// The new status: one of [`OrderStatus::SETTABLE`].
    pub status: OrderStatus,
    /// The reason. `failed` requires one, or a code.
    pub reason: Option<String>,
    /// Why the order failed.
    pub reason_code: Option<ReasonCode>,
    /// What the app of the agent tells about the step.
    pub tap: Tap,
    /// The proof of the pickup or the delivery.
    pub proof: TapProof,
}

/// Reads the body of a request that changes the status of an order at `now`.
///
/// # Errors
/// Every fault in the body.
pub fn read_status_change(body: &Value, now: Timestamp) -> Result<StatusChange, Faults> {
    let faults = Faults::new();
    let fields = Fields::of_body(body, &faults);
    let known: Vec<&str> = ["status", "reason", "reason_code"]
        .into_iter()
        .chain(OF_TAPS)
        .chain(OF_PROOF)
        .collect();
    fields.only(&known);
    if !fields.has("status") {
        fields.fault("status", "is missing");
    }
    let status = fields.word("status", &OrderStatus::SETTABLE);
    let reason = fields.text("reason", LONGEST_REASON);
    let reason_code = fields.word("reason_code", ReasonCode::VARIANTS);
    let has_reason = fields.has("reason") || fields.has("reason_code");
    if status == Some(OrderStatus::Failed) && !has_reason {
        fields.fault("reason", "is missing; say why it failed");
    }
    if status.is_some_and(|status| status != OrderStatus::Failed) && fields.has("reason_code") {
        fields.fault("reason_code", "belongs to the status failed");
    }
    let tap = read_tap(&fields, status, now);
    let proof = read_tap_proof(&fields, status);
    let read = status.map(|status| StatusChange {
        status,
        reason: reason.map(str::to_owned),
        reason_code,
        tap,
        proof,
    });
    faults.or(read)
}
