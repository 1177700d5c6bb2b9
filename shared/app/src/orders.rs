//! Placing orders and looking at them.

use std::sync::Arc;

use domain::{Order, OrderDraft, OrderId, OrderStatus, Role, Timestamp, User, ZoneGrid};
use intake::Faults;
use jiff::SignedDuration;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::addresses::PlaceAddresses;
use crate::answers::{OrderAnswer, OrdersAnswer};
use crate::caller::Caller;
use crate::paging::{Page, PageQuery, cursor_after};
use crate::ports::{
    Clock, IdempotencyKey, Ids, OrderListing, OrderStore, Placement, RouteStore, UserStore,
};
use crate::refusal::Refusal;

/// For so long an `Idempotency-Key` is remembered.
const KEY_REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_KEY: usize = 255;

/// `POST /orders`
pub struct PlaceOrder {
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// The zones.
    pub grid: ZoneGrid,
    /// Who places addresses; none where stops must have their location.
    pub addresses: Option<PlaceAddresses>,
}

impl PlaceOrder {
    /// Stores a new order, pending. The stored order is the event: the stream tells the optimizer of it.
    ///
    /// With an `Idempotency-Key`, a repetition answers with the order of the first time, as it is now. Nothing is stored of an
    /// order whose address cannot be placed.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for bad input, [`Refusal::IdempotencyKeyReused`] for a key that came with another body,
    /// [`Refusal::Unplaceable`] for addresses that are unknown or may be several places.
    pub async fn run(
        &self,
        caller: &Caller,
        raw_body: &[u8],
        body: &Value,
        idempotency_key: Option<&str>,
    ) -> Result<OrderAnswer, Refusal> {
        caller.acting_as(&[Role::Customer])?;
        let now = self.clock.now();
        let read = if self.addresses.is_some() {
            OrderDraft::read(body, now)
        } else {
            OrderDraft::read_located(body, now)
        };
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
                fingerprint: fingerprint(raw_body),
                expires_at: now + KEY_REMEMBERED,
            }),
            None => None,
        };
        let draft = match (read, &key) {
            (Ok(draft), _) => draft,
            (Err(faults), None) => return Err(faults.into()),
            (Err(faults), Some(key)) => return self.placed_before(key, faults, now).await,
        };
        let new = match &self.addresses {
            Some(addresses) if draft.is_to_be_placed() => {
                // A repetition does not ask the geocoder again, nor does it need the geocoder to be there.
                if let Some(key) = &key
                    && let Some(used) = self.orders.key_used(key, now).await?
                {
                    return self.first_order(used, Some(key)).await;
                }
                addresses.locate(draft, now).await?
            }
            _ => draft.located(None, None)?,
        };
        let zone = self.grid.zone_of(new.pickup.location);
        let zone = zone.ok_or_else(|| Faults::one("#/pickup/location", "is no place on earth"))?;
        let order = Order::placed(self.ids.order_id(), caller.user_id, new, zone, now);
        match self.orders.place(&order, key.as_ref()).await? {
            Placement::Placed => Ok(order.into()),
            used @ Placement::KeyUsed { .. } => self.first_order(used, key.as_ref()).await,
        }
    }

    /// A body that was good once may be bad when it is repeated: its window has passed meanwhile. If its order was placed
    /// then, that is the answer.
    async fn placed_before(
        &self,
        key: &IdempotencyKey,
        faults: Faults,
        now: Timestamp,
    ) -> Result<OrderAnswer, Refusal> {
        match self.orders.key_used(key, now).await? {
            Some(used) => self.first_order(used, Some(key)).await,
            None => Err(faults.into()),
        }
    }

    /// The order of the first time, if the body is that of the first time too.
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
                first.map(OrderAnswer::from).ok_or(Refusal::Contended)
            }
            _ => Err(Refusal::IdempotencyKeyReused),
        }
    }
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// SHA-256 of a body, in hexadecimal.
fn fingerprint(raw_body: &[u8]) -> String {
    let digest = Sha256::digest(raw_body);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /orders`
pub struct ListOrders {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
}

impl ListOrders {
    /// Orders, newest first: a dispatcher sees all, a customer their own, an agent those on the open route.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a query that cannot be understood; [`Refusal::AgentNotActive`].
    pub async fn run(&self, caller: &Caller, query: &PageQuery) -> Result<OrdersAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer, Role::Agent])?;
        let page = query.read(&OrderStatus::ALL.map(|status| (status.name(), status)))?;
        match role {
            Role::Dispatcher => self.listed(OrderListing::All, page).await,
            Role::Customer => {
                self.listed(OrderListing::Customer(caller.user_id), page)
                    .await
            }
            Role::Agent => self.on_open_route(caller, page).await,
        }
    }

    async fn listed(
        &self,
        listing: OrderListing,
        page: Page<OrderStatus, OrderId>,
    ) -> Result<OrdersAnswer, Refusal> {
        let found = self
            .orders
            .list_orders(listing, page.status, page.after, page.limit)
            .await?;
        let mut orders = self.orders.orders(&found.ids).await?;
        // The index is a hint: an order may have moved on since.
        orders.retain(|order| page.status.is_none_or(|status| order.status == status));
        Ok(answer(orders, found.next.map(cursor_after)))
    }

    async fn on_open_route(
        &self,
        caller: &Caller,
        page: Page<OrderStatus, OrderId>,
    ) -> Result<OrdersAnswer, Refusal> {
        let user = self.users.user(caller.user_id).await?;
        let profile = user.as_ref().and_then(User::active_agent);
        let profile = profile.ok_or(Refusal::AgentNotActive)?;
        let Some(route_id) = profile.open_route_id else {
            return Ok(answer(Vec::new(), None));
        };
        let route = self.routes.route(caller.user_id, route_id).await?;
        let on_route: Vec<OrderId> = route
            .iter()
            .flat_map(|route| route.stops.iter().map(|stop| stop.order_id))
            .collect();
        let mut ids = on_route;
        ids.sort_unstable();
        ids.dedup();
        let mut orders = self.orders.orders(&ids).await?;
        orders.retain(|order| {
            page.status.is_none_or(|status| order.status == status)
                && page.after.is_none_or(|after| order.id < after)
                && order.is_on_route_of(caller.user_id)
        });
        orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id));
        let more = orders.len() > page.limit;
        orders.truncate(page.limit);
        let next = orders
            .last()
            .filter(|_| more)
            .map(|order| cursor_after(order.id));
        Ok(answer(orders, next))
    }
}

fn answer(mut orders: Vec<Order>, next_cursor: Option<String>) -> OrdersAnswer {
    orders.sort_unstable_by_key(|order| std::cmp::Reverse(order.id));
    OrdersAnswer {
        orders: orders.into_iter().map(OrderAnswer::from).collect(),
        next_cursor,
    }
}

/// `GET /orders/{order_id}`
pub struct ShowOrder {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
}

impl ShowOrder {
    /// One order, to those who would find it in their list.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if it is not there or not the caller's; [`Refusal::AgentNotActive`].
    pub async fn run(&self, caller: &Caller, order_id: &str) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer, Role::Agent])?;
        let agent = match role {
            Role::Agent => self.users.user(caller.user_id).await?,
            Role::Dispatcher | Role::Customer => None,
        };
        let open_route_id = match role {
            Role::Agent => {
                let profile = agent.as_ref().and_then(User::active_agent);
                profile.ok_or(Refusal::AgentNotActive)?.open_route_id
            }
            Role::Dispatcher | Role::Customer => None,
        };
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
        let seen = match role {
            Role::Dispatcher => true,
            Role::Customer => order.customer_id == caller.user_id,
            Role::Agent => {
                open_route_id.is_some()
                    && order.assignment.map(|on| (on.agent_id, Some(on.route_id)))
                        == Some((caller.user_id, open_route_id))
            }
        };
        seen.then(|| order.into()).ok_or(Refusal::NotFound)
    }
}
