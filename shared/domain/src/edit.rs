//! Edits of orders: what may change, and what follows for the route.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;

use crate::order::{HistoryLine, Order, OrderDraft, OrderStatus, Waiting};
use crate::proof::RequiredProof;
use crate::stop::StopDraft;
use crate::user::{Actor, Role};
use crate::zone::Zone;

/// An order keeps this many of its last edits in its history. Each of them is under 400 bytes.
const MOST_EDITS: usize = 30;

/// A field of an order that an edit may change. Its name is the path in JSON.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[allow(missing_docs, reason = "docs/openapi.yaml describes the fields")]
pub enum OrderField {
    #[serde(rename = "pickup/location")]
    #[strum(serialize = "pickup/location")]
    PickupLocation,
    #[serde(rename = "pickup/address")]
    #[strum(serialize = "pickup/address")]
    PickupAddress,
    #[serde(rename = "pickup/contact")]
    #[strum(serialize = "pickup/contact")]
    PickupContact,
    #[serde(rename = "pickup/window")]
    #[strum(serialize = "pickup/window")]
    PickupWindow,
    #[serde(rename = "pickup/service_s")]
    #[strum(serialize = "pickup/service_s")]
    PickupServiceS,
    #[serde(rename = "dropoff/location")]
    #[strum(serialize = "dropoff/location")]
    DropoffLocation,
    #[serde(rename = "dropoff/address")]
    #[strum(serialize = "dropoff/address")]
    DropoffAddress,
    #[serde(rename = "dropoff/contact")]
    #[strum(serialize = "dropoff/contact")]
    DropoffContact,
    #[serde(rename = "dropoff/window")]
    #[strum(serialize = "dropoff/window")]
    DropoffWindow,
    #[serde(rename = "dropoff/service_s")]
    #[strum(serialize = "dropoff/service_s")]
    DropoffServiceS,
    #[serde(rename = "size")]
    #[strum(serialize = "size")]
    Size,
    #[serde(rename = "priority")]
    #[strum(serialize = "priority")]
    Priority,
    #[serde(rename = "requires")]
    #[strum(serialize = "requires")]
    Requires,
    #[serde(rename = "notes")]
    #[strum(serialize = "notes")]
    Notes,
    #[serde(rename = "on_failure")]
    #[strum(serialize = "on_failure")]
    OnFailure,
    #[serde(rename = "requires_proof/pickup")]
    #[strum(serialize = "requires_proof/pickup")]
    PickupProof,
    #[serde(rename = "requires_proof/dropoff")]
    #[strum(serialize = "requires_proof/dropoff")]
    DropoffProof,
    #[serde(rename = "held")]
    #[strum(serialize = "held")]
    Held,
}

impl OrderField {
    /// The path in JSON, such as `dropoff/window`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether a plan depends on the field.
    pub fn affects_plans(self) -> bool {
        match self {
            Self::PickupLocation
            | Self::PickupWindow
            | Self::PickupServiceS
            | Self::DropoffLocation
            | Self::DropoffWindow
            | Self::DropoffServiceS
            | Self::Size
            | Self::Priority
            | Self::Requires
            | Self::Held => true,
            Self::PickupAddress
            | Self::PickupContact
            | Self::DropoffAddress
            | Self::DropoffContact
            | Self::Notes
            | Self::OnFailure
            | Self::PickupProof
            | Self::DropoffProof => false,
        }
    }

    /// Whether the stops of a route have a copy of the field.
    pub fn is_in_stops(self) -> bool {
        match self {
            Self::PickupLocation
            | Self::PickupAddress
            | Self::PickupWindow
            | Self::PickupServiceS
            | Self::DropoffLocation
            | Self::DropoffAddress
            | Self::DropoffWindow
            | Self::DropoffServiceS => true,
            Self::PickupContact
            | Self::DropoffContact
            | Self::Size
            | Self::Priority
            | Self::Requires
            | Self::Notes
            | Self::OnFailure
            | Self::PickupProof
            | Self::DropoffProof
            | Self::Held => false,
        }
    }

    /// Whether a role may change the field after the pickup. The place of the drop-off is for dispatchers, who know
    /// whether the agent can still go there. See [`Order::takes_edit_aboard`] for fields on which more depends.
    pub fn may_change_aboard(self, role: Role) -> bool {
        match self {
            Self::PickupContact
            | Self::DropoffContact
            | Self::DropoffWindow
            | Self::Notes
            | Self::OnFailure
            | Self::DropoffProof => true,
            Self::DropoffLocation | Self::DropoffAddress | Self::Priority => {
                role == Role::Dispatcher
            }
            Self::PickupLocation
            | Self::PickupAddress
            | Self::PickupWindow
            | Self::PickupServiceS
            | Self::DropoffServiceS
            | Self::Size
            | Self::Requires
            | Self::PickupProof
            | Self::Held => false,
        }
    }
}

/// An order as somebody wants it to be.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEdit {
    /// The stops, the size and the other fields. The `external_id` stays as it is. Only an order whose addresses are
    /// not placed yet may keep a stop without a location.
    pub new: OrderDraft,
    /// Whether the order is pending and no plan takes it.
    pub held: bool,
}

/// Why an edit is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditRefused {
    /// The order is delivered, failed or cancelled.
    #[error("an order that is {0} cannot be changed")]
    Ended(OrderStatus),
    /// The order is picked up, and these fields cannot change any more.
    #[error("the order is aboard")]
    Aboard(Vec<OrderField>),
}

/// What is different at a stop.
struct StopChanges {
    location: bool,
    address: bool,
    contact: bool,
    window: bool,
    service_s: bool,
}

impl StopChanges {
    fn between(old: &StopDraft, new: &StopDraft) -> Self {
        Self {
            location: old.location != new.location,
            address: old.address != new.address,
            contact: old.contact != new.contact,
            window: old.window != new.window,
            service_s: old.service_s != new.service_s,
        }
    }
}

impl OrderEdit {
    fn requires_proof(&self) -> RequiredProof {
        self.new.requires_proof.clone().into()
    }

    /// The fields that the edit changes.
    pub fn changes(&self, order: &Order) -> Vec<OrderField> {
        let new = &self.new;
        let pickup = StopChanges::between(&order.pickup, &new.pickup);
        let dropoff = StopChanges::between(&order.dropoff, &new.dropoff);
        let proof = self.requires_proof();
        let differs = |field: &OrderField| match field {
            OrderField::PickupLocation => pickup.location,
            OrderField::PickupAddress => pickup.address,
            OrderField::PickupContact => pickup.contact,
            OrderField::PickupWindow => pickup.window,
            OrderField::PickupServiceS => pickup.service_s,
            OrderField::DropoffLocation => dropoff.location,
            OrderField::DropoffAddress => dropoff.address,
            OrderField::DropoffContact => dropoff.contact,
            OrderField::DropoffWindow => dropoff.window,
            OrderField::DropoffServiceS => dropoff.service_s,
            OrderField::Size => order.size != new.size,
            OrderField::Priority => order.priority != new.priority,
            OrderField::Requires => order.requires != new.requires,
            OrderField::Notes => order.notes != new.notes,
            OrderField::OnFailure => order.on_failure != new.on_failure,
            OrderField::PickupProof => order.requires_proof.pickup != proof.pickup,
            OrderField::DropoffProof => order.requires_proof.dropoff != proof.dropoff,
            OrderField::Held => order.decided.held != self.held,
        };
        let fields = OrderField::VARIANTS.iter().copied();
        fields.filter(differs).collect()
    }
}

impl Order {
    /// The order after an edit. `zone` is the zone of the new pickup. `None` if a stop still has no location.
    ///
    /// A pending order is planned again at once if a plan depends on a changed field. An assigned order then leaves its
    /// route and is pending. An edit that changes nothing leaves the order as it is, with its version.
    ///
    /// # Errors
    /// If the order has ended, or if it is aboard and a field cannot change any more.
    pub fn edited(
        &self,
        edit: &OrderEdit,
        zone: Option<Zone>,
        by: Role,
        now: Timestamp,
    ) -> Result<Self, EditRefused> {
        let changes = edit.changes(self);
        if changes.is_empty() {
            return Ok(self.clone());
        }
        let affects_plans = changes.iter().any(|field| field.affects_plans());
        let actor = Actor::from(by);
        let mut edited = match self.status {
            OrderStatus::Assigned if affects_plans => {
                let released = self.step(OrderStatus::Pending, actor, None, now);
                let mut released = released.map_err(|step| EditRefused::Ended(step.from))?;
                released.history.pop();
                released
            }
            OrderStatus::Pending | OrderStatus::Assigned => self.changed(now),
            OrderStatus::InProgress | OrderStatus::Undelivered | OrderStatus::Returning => {
                let (_, fixed): (Vec<_>, Vec<_>) = changes
                    .iter()
                    .partition(|field| self.takes_edit_aboard(**field, edit, by));
                if !fixed.is_empty() {
                    return Err(EditRefused::Aboard(fixed));
                }
                self.changed(now)
            }
            OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Returned => {
                return Err(EditRefused::Ended(self.status));
            }
        };
        if edited.status == OrderStatus::Pending && affects_plans {
            edited.waiting = Some(Waiting {
                retry_at: now,
                attempts: 0,
                reason: None,
            });
        }
        let new = edit.new.clone();
        edited.pickup = new.pickup;
        edited.dropoff = new.dropoff;
        edited.size = new.size;
        edited.priority = new.priority;
        edited.requires = new.requires;
        edited.notes = new.notes;
        edited.on_failure = new.on_failure;
        edited.requires_proof = edit.requires_proof();
        edited.decided.held = edit.held;
        edited.zone = zone;
        edited.history.push(HistoryLine {
            status: edited.status,
            at: now,
            by: actor,
            reason: None,
            decision: None,
            edited: changes,
            tap: None,
            reason_code: None,
            proof: None,
        });
        edited.forget_old_edits();
        Ok(edited)
    }

    /// Whether a role may make this change while the order is aboard. What follows a failed drop-off can change until
    /// one fails. The proof of the delivery can change until the parcel goes back, and customers can only ask for
    /// more: the agent may be at the door with what was asked for.
    fn takes_edit_aboard(&self, field: OrderField, edit: &OrderEdit, by: Role) -> bool {
        let now = match field {
            OrderField::OnFailure => self.status == OrderStatus::InProgress,
            OrderField::DropoffProof => {
                let asks_for_more = || {
                    let new = edit.requires_proof();
                    new.dropoff.includes(&self.requires_proof.dropoff)
                };
                let goes_back = self.status == OrderStatus::Returning;
                !goes_back && (by == Role::Dispatcher || asks_for_more())
            }
            OrderField::PickupLocation
            | OrderField::PickupAddress
            | OrderField::PickupContact
            | OrderField::PickupWindow
            | OrderField::PickupServiceS
            | OrderField::DropoffLocation
            | OrderField::DropoffAddress
            | OrderField::DropoffContact
            | OrderField::DropoffWindow
            | OrderField::DropoffServiceS
            | OrderField::Size
            | OrderField::Priority
            | OrderField::Requires
            | OrderField::Notes
            | OrderField::PickupProof
            | OrderField::Held => true,
        };
        now && field.may_change_aboard(by)
    }

    /// The oldest edits make room. Lines with a new status stay.
    pub(crate) fn forget_old_edits(&mut self) {
        let mut before = None;
        let is_edit_alone: Vec<bool> = self
            .history
            .iter()
            .map(|line| {
                let same = before.replace(line.status) == Some(line.status);
                same && !line.edited.is_empty()
            })
            .collect();
        let edits = is_edit_alone.iter().filter(|it| **it).count();
        let mut over = edits.saturating_sub(MOST_EDITS);
        let mut is_edit_alone = is_edit_alone.into_iter();
        self.history.retain(|_| {
            let goes = is_edit_alone.next() == Some(true) && over > 0;
            over -= usize::from(goes);
            !goes
        });
    }
}
