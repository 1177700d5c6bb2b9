//! Orders: one item for each order.

use domain::given_proof::GivenProof;
use domain::order::{Assignment, Waiting};
use domain::place::PlaceFault;
use domain::{
    Actor, Decided, Decision, FromRecipient, HistoryLine, ImportId, OnFailure, Order, OrderField,
    OrderId, OrderStatus, Priority, Rating, ReasonCode, RecipientNote, RequiredProof, RouteId,
    Skills, StopKind, TapId, Tapped, Timestamp, UnplacedReason, UserId, Zone,
};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use super::known_place::StoredCandidate;
use super::place::{StoredCoordinates, StoredStop};
use crate::dynamodb::keys;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredOrder {
    order_id: OrderId,
    customer_id: UserId,
    status: OrderStatus,
    pickup: StoredStop,
    dropoff: StoredStop,
    size: u32,
    #[serde(default, skip_serializing_if = "is_normal")]
    priority: Priority,
    #[serde(default, skip_serializing_if = "Skills::is_empty")]
    requires: Skills,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(default, skip_serializing_if = "OnFailure::is_end")]
    on_failure: OnFailure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import_id: Option<ImportId>,
    /// Absent as long as a stop has no location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Zone>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    came_unplaced: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    place_faults: Vec<StoredPlaceFault>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent_id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route_id: Option<RouteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unplaced_reason: Option<UnplacedReason>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    held: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused_agents: Vec<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient_note: Option<RecipientNote>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<Rating>,
    #[serde(default, skip_serializing_if = "RequiredProof::is_none")]
    requires_proof: RequiredProof,
    history: Vec<StoredHistoryLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Key of `orders-by-shard`.
    list_shard: String,
    /// Key of `orders-by-status`.
    status_shard: String,
    /// Key of `pending-orders`. Present only while the order waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_zone: Option<String>,
    /// Sort key of `pending-orders`. Present only while the order waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_key: Option<String>,
    /// Key of `pending-by-customer`. Present only while the order is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_customer: Option<UserId>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredHistoryLine {
    status: OrderStatus,
    at: Timestamp,
    by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edited: Vec<OrderField>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tap: Option<StoredTap>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason_code: Option<ReasonCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<GivenProof>,
}

/// Why the addresses of an order were not placed.
#[derive(Clone, Serialize, Deserialize)]
struct StoredPlaceFault {
    stop: StopKind,
    code: String,
    detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<StoredCandidate>,
}

impl From<PlaceFault> for StoredPlaceFault {
    fn from(fault: PlaceFault) -> Self {
        Self {
            stop: fault.stop,
            code: fault.code,
            detail: fault.detail,
            candidates: fault.candidates.iter().map(Into::into).collect(),
        }
    }
}

impl From<StoredPlaceFault> for PlaceFault {
    fn from(stored: StoredPlaceFault) -> Self {
        Self {
            stop: stored.stop,
            code: stored.code,
            detail: stored.detail,
            candidates: stored.candidates.into_iter().map(Into::into).collect(),
        }
    }
}

/// What the history keeps of a tap.
#[derive(Clone, Serialize, Deserialize)]
struct StoredTap {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tap_id: Option<TapId>,
    reported_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<StoredCoordinates>,
}

impl From<Tapped> for StoredTap {
    fn from(tap: Tapped) -> Self {
        Self {
            tap_id: tap.tap_id,
            reported_at: tap.reported_at,
            location: tap.location.map(Into::into),
        }
    }
}

impl From<StoredTap> for Tapped {
    fn from(stored: StoredTap) -> Self {
        Self {
            tap_id: stored.tap_id,
            reported_at: stored.reported_at,
            location: stored.location.map(Into::into),
        }
    }
}

/// Most orders have the normal priority. An absent attribute says so.
fn is_normal(priority: &Priority) -> bool {
    *priority == Priority::Normal
}

impl From<Order> for StoredOrder {
    fn from(order: Order) -> Self {
        let shard = keys::shard(order.id);
        let due = order.waiting.filter(|_| order.may_be_planned());
        let due = due.zip(order.zone);
        Self {
            order_id: order.id,
            customer_id: order.customer_id,
            status: order.status,
            pickup: order.pickup.into(),
            dropoff: order.dropoff.into(),
            size: order.size,
            priority: order.priority,
            requires: order.requires,
            notes: order.notes,
            external_id: order.external_id,
            on_failure: order.on_failure,
            import_id: order.import_id,
            zone: order.zone,
            came_unplaced: order.came_unplaced,
            place_faults: order.place_faults.into_iter().map(Into::into).collect(),
            agent_id: order.assignment.map(|assignment| assignment.agent_id),
            route_id: order.assignment.map(|assignment| assignment.route_id),
            retry_at: order.waiting.map(|waiting| waiting.retry_at),
            attempts: order.waiting.map(|waiting| waiting.attempts),
            unplaced_reason: order.waiting.and_then(|waiting| waiting.reason),
            held: order.decided.held,
            suspended: order.decided.suspended,
            pinned: order.decided.pinned,
            refused_agents: order.decided.refused_agents,
            recipient_note: order.recipient.note,
            rating: order.recipient.rating,
            requires_proof: order.requires_proof,
            history: order.history.into_iter().map(Into::into).collect(),
            request_id: order.request_id,
            list_shard: keys::list_shard(shard),
            status_shard: keys::status_shard(order.status, shard),
            pending_zone: due.map(|(_, zone)| keys::pending_zone(zone, shard)),
            retry_key: due.map(|(waiting, _)| keys::retry_key(waiting.retry_at, order.id)),
            pending_customer: (order.status == OrderStatus::Pending).then_some(order.customer_id),
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }
}

impl From<HistoryLine> for StoredHistoryLine {
    fn from(line: HistoryLine) -> Self {
        Self {
            status: line.status,
            at: line.at,
            by: line.by,
            reason: line.reason,
            decision: line.decision,
            edited: line.edited,
            tap: line.tap.map(Into::into),
            reason_code: line.reason_code,
            proof: line.proof,
        }
    }
}

impl From<StoredHistoryLine> for HistoryLine {
    fn from(stored: StoredHistoryLine) -> Self {
        Self {
            status: stored.status,
            at: stored.at,
            by: stored.by,
            reason: stored.reason,
            decision: stored.decision,
            edited: stored.edited,
            tap: stored.tap.map(Into::into),
            reason_code: stored.reason_code,
            proof: stored.proof,
        }
    }
}

impl TryFrom<StoredOrder> for Order {
    type Error = BrokenItem;

    fn try_from(stored: StoredOrder) -> Result<Self, BrokenItem> {
        if stored.version == 0 {
            return Err(BrokenItem("version 0"));
        }
        let assignment = match (stored.agent_id, stored.route_id) {
            (Some(agent_id), Some(route_id)) => Some(Assignment { agent_id, route_id }),
            (None, None) => None,
            _ => return Err(BrokenItem("an agent without a route, or the reverse")),
        };
        let waiting = match (stored.retry_at, stored.attempts) {
            (Some(retry_at), Some(attempts)) => Some(Waiting {
                retry_at,
                attempts,
                reason: stored.unplaced_reason,
            }),
            (None, None) => None,
            _ => return Err(BrokenItem("retry_at without attempts, or the reverse")),
        };
        Ok(Self {
            id: stored.order_id,
            customer_id: stored.customer_id,
            status: stored.status,
            pickup: stored.pickup.into(),
            dropoff: stored.dropoff.into(),
            size: stored.size,
            priority: stored.priority,
            requires: stored.requires,
            notes: stored.notes,
            external_id: stored.external_id,
            on_failure: stored.on_failure,
            import_id: stored.import_id,
            zone: stored.zone,
            came_unplaced: stored.came_unplaced,
            place_faults: stored.place_faults.into_iter().map(Into::into).collect(),
            assignment,
            waiting,
            decided: Decided {
                held: stored.held,
                suspended: stored.suspended,
                pinned: stored.pinned,
                refused_agents: stored.refused_agents,
            },
            recipient: FromRecipient {
                note: stored.recipient_note,
                rating: stored.rating,
            },
            requires_proof: stored.requires_proof,
            history: stored.history.into_iter().map(Into::into).collect(),
            request_id: stored.request_id,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        })
    }
}
