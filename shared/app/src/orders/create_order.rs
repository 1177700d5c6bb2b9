//! `POST /orders`: takes an order.

use std::sync::Arc;

use domain::{LongestLeg, NewOrder, Order, RequiredProof, Role, ServiceArea, Timestamp, ZoneGrid};
use intake::{AddressAlone, Faults, read_order};
use jiff::SignedDuration;
use serde_json::Value;

use crate::addresses::PlaceAddresses;
use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::digest::sha256_hex;
use crate::orders::RoomForOrders;
use crate::orders::places::check_places;
use crate::ports::{Clock, IdempotencyKey, Ids, OrderPlacement, OrderStore, Placement};
use crate::refusal::Refusal;

/// How long an `Idempotency-Key` is remembered.
const KEY_REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_KEY: usize = 255;

/// `POST /orders`
pub struct CreateOrder {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// Takes new orders.
    pub placement: Arc<dyn OrderPlacement>,
    /// The limit on pending orders.
    pub room: RoomForOrders,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// The zones.
    pub grid: ZoneGrid,
    /// The area in which the company picks up and hands over.
    pub service_area: ServiceArea,
    /// The longest way from a pickup to its drop-off.
    pub longest_leg: LongestLeg,
    /// The proof that the company asks for where an order says nothing.
    pub required_proof: RequiredProof,
    /// Finds the locations of addresses; `None` if each stop must have its location.
    pub addresses: Option<PlaceAddresses>,
}

impl CreateOrder {
    /// Stores a new order as pending. The table's stream then reports the order to the optimizer.
    ///
    /// With an `Idempotency-Key`, a repeated request gets the first order in its current state. If an address cannot be
    /// placed, nothing is stored.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input; [`Refusal::IdempotencyKeyReused`] for a key that was used with another body;
    /// [`Refusal::Unplaceable`] for addresses that are unknown or may be several places;
    /// [`Refusal::TooManyOpenOrders`] if the customer has as many pending orders as the limit allows;
    /// [`Refusal::AccountSuspended`].
    pub async fn run(
        &self,
        caller: &Caller,
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<OrderAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        let customer = caller.as_customer(self.room.users.as_ref()).await?;
        let now = self.clock.now();
        let address_alone = match self.addresses {
            Some(_) => AddressAlone::Allowed,
            None => AddressAlone::Refused,
        };
        let read = read_order(body, address_alone, now);
        let key = match idempotency_key {
            Some(key) if !is_key(key) => {
                let faults = read.err().unwrap_or_default();
                let detail = format!("must be 1 to {LONGEST_KEY} visible ASCII characters");
                faults.note("Idempotency-Key", detail);
                return Err(faults.into());
            }
            Some(key) => Some(IdempotencyKey {
                caller: caller.user_id,
                key: key.to_owned(),
                fingerprint: fingerprint(body)?,
                expires_at: now + KEY_REMEMBERED,
            }),
            None => None,
        };
        let draft = match read {
            Ok(draft) => draft,
            Err(faults) => return self.placed_before(key.as_ref(), faults, now).await,
        };
        // A repeated request needs neither the geocoder nor room.
        if let Some(used) = self.used_before(key.as_ref(), now).await? {
            return self.first_order(used, key.as_ref()).await;
        }
        let new = match &self.addresses {
            Some(addresses) if draft.has_address_to_place() => addresses.locate(draft, now).await?,
            _ => {
                let located = draft.located(None, None);
                located.ok_or_else(|| Refusal::Broken("a stop has no location".into()))?
            }
        };
        let new = NewOrder {
            requires_proof: new.requires_proof.or(&self.required_proof),
            ..new
        };
        check_places(&new, &self.service_area, &self.longest_leg)?;
        let zone = self.grid.zone_of(new.pickup.location);
        let zone =
            zone.ok_or_else(|| Faults::one("#/pickup/location", "is not a place on earth"))?;
        let limit = self.room.limit_in(customer.as_ref());
        if !self.room.take(caller.user_id, 1, limit).await? {
            // The same request may have taken the last room a moment ago.
            return match self.used_before(key.as_ref(), now).await? {
                Some(used) => self.first_order(used, key.as_ref()).await,
                None => Err(Refusal::TooManyOpenOrders { limit }),
            };
        }
        let order = Order {
            request_id: caller.request_id.clone(),
            ..Order::placed(self.ids.order_id(), caller.user_id, new, zone, now)
        };
        match self.placement.place(&order, key.as_ref()).await? {
            Placement::Placed => Ok(OrderAnswer::seen_by(Role::Customer, order, None)),
            used @ Placement::KeyUsed { .. } => self.first_order(used, key.as_ref()).await,
        }
    }

    /// A valid body may be invalid when it is repeated, because its time window has passed. If the first request stored
    /// an order, the answer is this order. Otherwise the answer is the list of faults.
    async fn placed_before(
        &self,
        key: Option<&IdempotencyKey>,
        faults: Faults,
        now: Timestamp,
    ) -> Result<OrderAnswer, Refusal> {
        match self.used_before(key, now).await? {
            Some(used) => self.first_order(used, key).await,
            None => Err(faults.into()),
        }
    }

    /// The placement for which the key was used before.
    async fn used_before(
        &self,
        key: Option<&IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Option<Placement>, Refusal> {
        Ok(match key {
            Some(key) => self.placement.key_used(key, now).await?,
            None => None,
        })
    }

    /// The first order of the key, if the body is the same as the first body.
    async fn first_order(
        &self,
        used: Placement,
        key: Option<&IdempotencyKey>,
    ) -> Result<OrderAnswer, Refusal> {
        match used {
            Placement::KeyUsed {
                order_id,
                fingerprint,
            } if key.is_some_and(|key| key.fingerprint == fingerprint) => {
                let first = self.orders.order(order_id).await?;
                let first = first.ok_or(Refusal::Contended)?;
                Ok(OrderAnswer::seen_by(Role::Customer, first, None))
            }
            _ => Err(Refusal::IdempotencyKeyReused),
        }
    }
}

/// A digest of a body's value. A body that a program writes with other spaces, or with its members in another order,
/// is the same body.
fn fingerprint(body: &Value) -> Result<String, Refusal> {
    let canonical = serde_json_canonicalizer::to_vec(body);
    let canonical = canonical.map_err(|error| Refusal::Broken(error.into()))?;
    Ok(sha256_hex(&canonical))
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}
