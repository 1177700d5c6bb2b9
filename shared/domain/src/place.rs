//! Addresses that are placed on the map after the order came, and what may be wrong with them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;
use crate::order::{HistoryLine, Order, OrderStatus, Waiting};
use crate::route::StopKind;
use crate::user::Actor;
use crate::zone::Zone;

/// The reason of a failed order whose address is unknown or may be several places.
pub const ADDRESS_NOT_PLACED: &str = "address_not_placed";
/// The longest name of a candidate that an order keeps, in characters.
const LONGEST_LABEL: usize = 200;

/// A place that an address may mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceCandidate {
    /// The geocoder's name for the place, for people.
    pub label: String,
    /// The location of the place.
    pub location: Coordinates,
    /// The geocoder's confidence, 0 to 1.
    pub confidence: f64,
}

/// Why an order has failed whose addresses had to be placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaceFault {
    /// The stop.
    pub stop: StopKind,
    /// The kind of fault, for programs: `address_not_placed`, `leg_too_long`, `outside_service_area` or `invalid`.
    pub code: String,
    /// The fault in words for a person.
    pub detail: String,
    /// The places that the address may mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<PlaceCandidate>,
}

/// What became of the addresses of an order that had to be placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placing {
    /// They wait for their turn.
    Waits,
    /// Each stop has a location.
    Located,
    /// The order failed before: an address was not placed, or the time window ended.
    Failed,
    /// The order was cancelled before.
    Cancelled,
}

impl Order {
    /// What became of the addresses. `None` for an order that came with its locations.
    pub fn placing(&self) -> Option<Placing> {
        let placing = match self.status {
            _ if self.zone.is_some() => Placing::Located,
            OrderStatus::Pending => Placing::Waits,
            OrderStatus::Failed => Placing::Failed,
            // The other ones cannot be: their orders were on a route.
            OrderStatus::Cancelled
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Delivered
            | OrderStatus::Undelivered
            | OrderStatus::Returning
            | OrderStatus::Returned => Placing::Cancelled,
        };
        self.came_unplaced.then_some(placing)
    }

    /// The order with the locations of its stops. Plans may take it at once. `None` if the order does not wait for its
    /// locations.
    pub fn located(
        &self,
        pickup: Coordinates,
        dropoff: Coordinates,
        zone: Zone,
        now: Timestamp,
    ) -> Option<Self> {
        if !self.awaits_places() {
            return None;
        }
        let mut located = self.changed(now);
        located.pickup.location = Some(pickup);
        located.dropoff.location = Some(dropoff);
        located.zone = Some(zone);
        located.waiting = Some(Waiting {
            retry_at: now,
            attempts: 0,
            reason: None,
        });
        Some(located)
    }

    /// The order as failed, because of its addresses or of the places that they mean. The reason is the code of the
    /// first fault. `None` if the order does not wait for its locations.
    pub fn not_located(&self, mut faults: Vec<PlaceFault>, now: Timestamp) -> Option<Self> {
        if !self.awaits_places() {
            return None;
        }
        for candidate in faults.iter_mut().flat_map(|it| &mut it.candidates) {
            if let Some((end, _)) = candidate.label.char_indices().nth(LONGEST_LABEL) {
                candidate.label.truncate(end);
            }
        }
        let mut failed = self.changed(now);
        failed.status = OrderStatus::Failed;
        failed.waiting = None;
        failed.history.push(HistoryLine {
            status: OrderStatus::Failed,
            at: now,
            by: Actor::Geocoder,
            reason: faults.first().map(|fault| fault.code.clone()),
            decision: None,
            edited: Vec::new(),
            tap: None,
            reason_code: None,
            proof: None,
        });
        failed.place_faults = faults;
        Some(failed)
    }
}
