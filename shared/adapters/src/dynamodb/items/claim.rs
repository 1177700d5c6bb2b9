//! Claims: only one of many callers may do something.
//!
//! `expires_at_s` is DynamoDB's time to live. DynamoDB deletes within days and not at the second. So the stored times
//! decide, and never the absence of an item alone.

use app::ports::{Dirty, IdempotencyKey, PendingPlace, Placement};
use domain::{Order, OrderId, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use crate::dynamodb::keys;

/// An `Idempotency-Key` and its order.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredOrderKey {
    claim: String,
    order_id: OrderId,
    fingerprint: String,
    expires_at_s: i64,
}

impl StoredOrderKey {
    pub(crate) fn new(key: &IdempotencyKey, order_id: OrderId) -> Self {
        Self {
            claim: keys::order_key_claim(key.caller, &key.key),
            order_id,
            fingerprint: key.fingerprint.clone(),
            expires_at_s: whole_seconds(key.expires_at),
        }
    }

    /// Whether the item is valid at a time.
    pub(crate) fn counts_at(&self, now: Timestamp) -> bool {
        self.expires_at_s > now.as_second()
    }
}

impl From<StoredOrderKey> for Placement {
    fn from(stored: StoredOrderKey) -> Self {
        Self::KeyUsed {
            order_id: stored.order_id,
            fingerprint: stored.fingerprint,
        }
    }
}

/// A customer's external id for an order. It never expires.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredExternalId {
    pub(crate) claim: String,
    /// The last order with this external id.
    pub(crate) order_id: OrderId,
}

impl StoredExternalId {
    /// The external id of an order, if there is one.
    pub(crate) fn of(order: &Order) -> Option<Self> {
        let external_id = order.external_id.as_deref()?;
        Some(Self {
            claim: keys::external_id_claim(order.customer_id, external_id),
            order_id: order.id,
        })
    }
}

/// The lease of a zone, returned when its holder gives it back.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLease {
    #[serde(default)]
    dirty: bool,
    #[serde(default)]
    everything: bool,
}

impl From<StoredLease> for Option<Dirty> {
    fn from(stored: StoredLease) -> Self {
        stored.dirty.then_some(Dirty {
            everything: stored.everything,
        })
    }
}

/// The bound on a customer's pending orders.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredPendingBound {
    /// 0 until the customer has placed an order.
    #[serde(default)]
    pub(crate) bound: i64,
    /// Present while the orders are counted.
    #[serde(default)]
    pub(crate) count_began_at: Option<Timestamp>,
}

/// The last order that the sweep has read. At the end of the index, the three parts are absent.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredSweepPlace {
    claim: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Zone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
}

impl From<Option<PendingPlace>> for StoredSweepPlace {
    fn from(place: Option<PendingPlace>) -> Self {
        Self {
            claim: keys::SWEEP_CLAIM.to_owned(),
            zone: place.map(|place| place.zone),
            due_at: place.map(|place| place.due_at),
            order_id: place.map(|place| place.order_id),
        }
    }
}

impl From<StoredSweepPlace> for Option<PendingPlace> {
    fn from(stored: StoredSweepPlace) -> Self {
        Some(PendingPlace {
            zone: stored.zone?,
            due_at: stored.due_at?,
            order_id: stored.order_id?,
        })
    }
}

/// A note that a zone has no agents nearby.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredNoAgents {
    claim: String,
    until: Timestamp,
    expires_at_s: i64,
}

impl StoredNoAgents {
    pub(crate) fn new(zone: Zone, until: Timestamp) -> Self {
        Self {
            claim: keys::no_agents_claim(zone),
            until,
            expires_at_s: whole_seconds(until),
        }
    }

    /// The zone, if the note is valid at this time.
    pub(crate) fn zone_at(&self, now: Timestamp) -> Option<Zone> {
        keys::zone_of_no_agents(&self.claim).filter(|_| self.until > now)
    }
}

/// A lease that was never given back is kept for this long after its end.
pub(crate) const SECONDS_KEPT: i64 = 86_400;

/// Seconds since 1970, rounded up, so that nothing is forgotten too early.
pub(crate) fn whole_seconds(time: Timestamp) -> i64 {
    let rounded_down = time.as_second();
    if time.subsec_nanosecond() > 0 {
        rounded_down + 1
    } else {
        rounded_down
    }
}
