//! What a plan would do with an order that is not placed.

use std::time::Duration;

use domain::{DispatchRules, LegEstimate, Order, StopKind, Timestamp, UnplacedReason, Zone};
use futures::future::try_join;

use super::crews::CrewReader;
use super::instance::ZoneInstance;
use super::planning::answered;
use super::selection::Selection;
use crate::ports::{Jitter, OrderStore, RouteProvider, RouteStore, UserStore};
use crate::refusal::Refusal;

/// A forecast has at most this many points: one for each agent and two for each order. More would take too long.
const MOST_POINTS: usize = 700;
/// At most this many pending orders are in the forecast. They are likely to be in the next plan.
const MOST_PENDING: usize = 50;

/// What a plan would do with the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forecast {
    /// It would be on a route.
    Planned {
        /// When the service at the pickup begins.
        pickup: Timestamp,
        /// When the service at the drop-off begins.
        dropoff: Timestamp,
    },
    /// It would find no place.
    Unplaced(UnplacedReason),
}

/// Everything that a forecast reads. It writes nothing.
pub(crate) struct Quoting<'a> {
    pub(crate) users: &'a dyn UserStore,
    pub(crate) orders: &'a dyn OrderStore,
    pub(crate) routes: &'a dyn RouteStore,
    pub(crate) jitter: &'a dyn Jitter,
    pub(crate) provider: &'a dyn RouteProvider,
    pub(crate) rules: DispatchRules,
    pub(crate) estimate: LegEstimate,
    pub(crate) time_limit: Duration,
}

impl Quoting<'_> {
    /// What the next plan would do with the order in this zone.
    pub(crate) async fn forecast(
        &self,
        order: Order,
        zone: Zone,
        now: Timestamp,
    ) -> Result<Forecast, Refusal> {
        let id = order.id;
        let reader = CrewReader {
            users: self.users,
            orders: self.orders,
            routes: self.routes,
            jitter: self.jitter,
        };
        let pending = async {
            let ids = self.orders.pending_in(zone, Some(now), MOST_PENDING);
            Ok(self.orders.orders(&ids.await?).await?)
        };
        let (pending, crews) = try_join(pending, reader.near_or_far(zone, now)).await?;
        let crews = crews.ready;
        if crews.is_empty() {
            return Ok(Forecast::Unplaced(UnplacedReason::NoAgentOnDuty));
        }
        let others = pending
            .into_iter()
            .filter(|other| other.may_be_planned() && other.zone == Some(zone));
        // The order comes first, so that a full forecast is about the surroundings of its pickup.
        let orders: Vec<Order> = std::iter::once(order.clone()).chain(others).collect();
        let selection = Selection::of(orders, crews, MOST_POINTS);
        let instance = ZoneInstance::of(
            selection.orders,
            selection.crews,
            now,
            self.rules,
            self.estimate,
        );
        let answer = answered(self.provider, &instance, self.time_limit).await?;
        let is_it = |index: usize| instance.order(index).is_some_and(|it| it.id == id);
        let visits = answer.routes.iter().flat_map(|route| &route.visits);
        let (mut pickup, mut dropoff) = (None, None);
        for visit in visits.filter(|visit| is_it(visit.order)) {
            let at = Some(instance.time_of(visit.begin_s));
            match visit.kind {
                StopKind::Pickup => pickup = at,
                StopKind::Dropoff => dropoff = at,
            }
        }
        if let (Some(pickup), Some(dropoff)) = (pickup, dropoff) {
            return Ok(Forecast::Planned { pickup, dropoff });
        }
        let unplaced = instance.unplaced(&answer, false);
        let mut reasons = unplaced.into_iter().filter(|(order, _)| order.id == id);
        let reason = reasons.next().map(|(_, reason)| reason);
        Ok(Forecast::Unplaced(
            reason.unwrap_or(UnplacedReason::OverCapacity),
        ))
    }
}
