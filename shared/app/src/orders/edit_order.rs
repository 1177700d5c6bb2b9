//! `PATCH /orders/{order_id}`: changes an order after it was placed.

use std::sync::Arc;

use domain::order::OrderDraft;
use domain::stop::StopDraft;
use domain::{
    EditRefused, LegEstimate, LongestLeg, Order, OrderEdit, OrderField, OrderId, OrderStatus,
    RequiredProof, Role, Route, ServiceArea, Timestamp, User, Zone, ZoneGrid,
};
use futures::future::try_join;
use intake::{AddressAlone, Faults, read_order_edit};
use serde_json::Value;

use crate::addresses::PlaceAddresses;
use crate::answers::OrderAnswer;
use crate::caller::Caller;
use crate::if_match::IfMatch;
use crate::orders::places::check_places;
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::set_free;

/// `PATCH /orders/{order_id}`
pub struct EditOrder {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Changes that must agree.
    pub ledger: Arc<dyn DispatchLedger>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For legs to a new place, and over stops that fall away.
    pub estimate: LegEstimate,
    /// The area in which the company picks up and hands over.
    pub service_area: ServiceArea,
    /// The longest way from a pickup to its drop-off.
    pub longest_leg: LongestLeg,
    /// The proof that stops require whose proof becomes `null`.
    pub required_proof: RequiredProof,
    /// Finds the locations of addresses; `None` if each stop must have its location.
    pub addresses: Option<PlaceAddresses>,
}

/// An order after an edit, and the fields that the edit changes.
struct Edited {
    order: Order,
    changes: Vec<OrderField>,
}

impl EditOrder {
    /// Edits an order in one transaction with its route. The body is a merge patch (RFC 7396).
    ///
    /// If a plan depends on a changed field, an assigned order leaves its route and is planned again. A changed stop of
    /// an order that stays on its route changes in the route too. An edit that changes nothing is not written, so a
    /// repeated request is answered with the order as it is.
    ///
    /// An edit that loses a race reads the order again and decides again: meanwhile the order may be aboard.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for an order that is not the caller's; [`Refusal::Invalid`] for bad input and for fields
    /// that cannot change any more; [`Refusal::OrderEnded`]; [`Refusal::AccountSuspended`];
    /// [`Refusal::PreconditionFailed`] for an order that has another version than the expected one;
    /// [`Refusal::Unplaceable`] for an address that is unknown or may be several places.
    pub async fn run(
        &self,
        caller: &Caller,
        order_id: &str,
        body: &Value,
        if_match: Option<&IfMatch>,
    ) -> Result<OrderAnswer, Refusal> {
        let role = caller.acting_as(&[Role::Dispatcher, Role::Customer])?;
        if role == Role::Customer {
            caller.as_customer(self.users.as_ref()).await?;
        }
        let id: OrderId = order_id.parse().map_err(|_| Refusal::NotFound)?;
        let mut attempts = Attempts::on_route(self.jitter.as_ref());
        loop {
            let order = self.orders.order(id).await?.ok_or(Refusal::NotFound)?;
            if role != Role::Dispatcher && order.customer_id != caller.user_id {
                return Err(Refusal::NotFound);
            }
            let now = self.clock.now();
            let edited = self.edited(&order, role, body, if_match, now).await?;
            let on_route = self.on_route(&order).await?;
            let Some(mut edited) = edited else {
                let route = on_route.map(|(route, _)| route.expected_at(now));
                return Ok(OrderAnswer::seen_by(role, order, route.as_ref()));
            };
            edited.order.request_id.clone_from(&caller.request_id);
            let (changeset, route) = self.changeset(&edited, on_route, now);
            match self.ledger.commit(&changeset).await {
                Ok(()) => {
                    let route = route.map(|route| route.expected_at(now));
                    return Ok(OrderAnswer::seen_by(role, edited.order, route.as_ref()));
                }
                Err(StoreError::Conflict) => attempts.pause().await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The order after the edit. `None` if the edit changes nothing.
    async fn edited(
        &self,
        order: &Order,
        role: Role,
        body: &Value,
        if_match: Option<&IfMatch>,
        now: Timestamp,
    ) -> Result<Option<Edited>, Refusal> {
        let address_alone = match self.addresses {
            Some(_) => AddressAlone::Allowed,
            None => AddressAlone::Refused,
        };
        let (draft, held) = read_order_edit(body, order, role, address_alone, now)?;
        // The addresses of an import's order go on waiting for their turn, unless the edit is about the places.
        let waits = order.awaits_places() && !has_other_places(order, &draft);
        let new = match &self.addresses {
            Some(addresses) if draft.has_address_to_place() && !waits => {
                addresses.locate(draft, now).await?.into()
            }
            _ => draft,
        };
        let new = OrderDraft {
            requires_proof: new.requires_proof.or(&self.required_proof),
            ..new
        };
        let edit = OrderEdit { new, held };
        let changes = edit.changes(order);
        if changes.is_empty() {
            return Ok(None);
        }
        IfMatch::check(if_match, order.version)?;
        let zone = self.zone(order, &edit, &changes)?;
        match order.edited(&edit, zone, role, now) {
            Ok(order) => Ok(Some(Edited { order, changes })),
            Err(EditRefused::Ended(status)) => Err(Refusal::OrderEnded { status }),
            Err(EditRefused::Aboard(fields)) => {
                let faults = Faults::new();
                for field in fields {
                    let detail = aboard(field, role, order.status);
                    faults.note(format!("#/{}", field.name()), detail);
                }
                Err(faults.into())
            }
        }
    }

    /// The zone of the pickup. `None` if a stop still has no location. New places must be within the company's limits.
    fn zone(
        &self,
        order: &Order,
        edit: &OrderEdit,
        changes: &[OrderField],
    ) -> Result<Option<Zone>, Faults> {
        let places = [OrderField::PickupLocation, OrderField::DropoffLocation];
        if !changes.iter().any(|field| places.contains(field)) {
            return Ok(order.zone);
        }
        let Some(new) = edit.new.clone().located(None, None) else {
            return Ok(None);
        };
        check_places(&new, &self.service_area, &self.longest_leg)?;
        let zone = self.grid.zone_of(new.pickup.location);
        let zone = zone.ok_or_else(|| Faults::one("#/pickup/location", "is not a place on earth"));
        Ok(Some(zone?))
    }

    /// The route that the order is on, and its agent.
    async fn on_route(&self, order: &Order) -> Result<Option<(Route, User)>, Refusal> {
        let Some(on) = order.assignment.filter(|_| order.status.is_on_route()) else {
            return Ok(None);
        };
        let route = self.routes.route(on.agent_id, on.route_id);
        let (route, agent) = try_join(route, self.users.user(on.agent_id)).await?;
        let both = route.zip(agent);
        let both =
            both.ok_or_else(|| Refusal::Broken("an order names a route that is not there".into()))?;
        Ok(Some(both))
    }

    /// What is written, and the route that the order is on afterwards.
    fn changeset(
        &self,
        edited: &Edited,
        on_route: Option<(Route, User)>,
        now: Timestamp,
    ) -> (Changeset, Option<Route>) {
        let order = &edited.order;
        let mut changeset = Changeset {
            orders: vec![order.clone()],
            ..Changeset::default()
        };
        let Some((route, agent)) = on_route else {
            return (changeset, None);
        };
        let leaves = order.status == OrderStatus::Pending;
        if !leaves && !edited.changes.iter().any(|field| field.is_in_stops()) {
            return (changeset, Some(route));
        }
        let mut route = if leaves {
            route.with_orders_given_back(&[order.id], &self.estimate, now)
        } else {
            route.with_order_edited(order, &self.estimate, now)
        };
        // The path was read apart from the route, so it may be an older one. The store keeps what it has.
        route.geometry = route.geometry.filter(String::is_empty);
        let mut freed = agent.changed(now);
        if set_free(&mut freed, &route, self.grid) {
            changeset.agents = vec![AgentPart::Changed(freed)];
        }
        changeset.routes = vec![route.clone()];
        (changeset, Some(route).filter(|_| !leaves))
    }
}

/// Whether a stop has another address or location in the draft.
fn has_other_places(order: &Order, draft: &OrderDraft) -> bool {
    let stops = [
        (&order.pickup, &draft.pickup),
        (&order.dropoff, &draft.dropoff),
    ];
    let differ = |(old, new): &(&StopDraft, &StopDraft)| {
        (old.location, &old.address) != (new.location, &new.address)
    };
    stops.iter().any(differ)
}

fn aboard(field: OrderField, role: Role, status: OrderStatus) -> &'static str {
    if field == OrderField::OnFailure {
        "cannot change any more, since a drop-off has failed"
    } else if field == OrderField::DropoffProof && status == OrderStatus::Returning {
        "cannot change any more, since the parcel goes back"
    } else if field == OrderField::DropoffProof {
        "can only ask for more, since the order is aboard; dispatchers can ask for less"
    } else if role != Role::Dispatcher && field.may_change_aboard(Role::Dispatcher) {
        "is for dispatchers to change, since the order is aboard"
    } else {
        "cannot change any more, since the order is aboard"
    }
}
