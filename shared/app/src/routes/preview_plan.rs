//! `GET /plans/preview`: what the next plan of a zone would change.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{
    DispatchRules, LegEstimate, OrderId, Role, Route, RouteId, StopKind, Timestamp, UnplacedReason,
    UserId, Zone, ZoneGrid,
};
use intake::Faults;
use jiff::SignedDuration;
use serde::Serialize;

use super::optimize_routes::{Planning, Preview};
use crate::answers::StopAnswer;
use crate::caller::Caller;
use crate::ports::{Clock, Ids, Jitter, OrderStore, RouteProvider, RouteStore, UserStore};
use crate::refusal::Refusal;

/// `GET /plans/preview`
pub struct PreviewPlan {
    /// The records of people.
    pub users: Arc<dyn UserStore>,
    /// The orders.
    pub orders: Arc<dyn OrderStore>,
    /// The routes.
    pub routes: Arc<dyn RouteStore>,
    /// Plans. The caller waits, so it is the embedded planner.
    pub provider: Arc<dyn RouteProvider>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids for routes that would be new. They are not shown.
    pub ids: Arc<dyn Ids>,
    /// Randomness for the pauses.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs of a route that orders leave.
    pub estimate: LegEstimate,
    /// What a plan weighs, and what it may change.
    pub rules: DispatchRules,
    /// Orders whose windows open later than this from now wait.
    pub horizon: SignedDuration,
    /// How long the planner may search.
    pub time_limit: Duration,
}

/// The query of a preview, as the caller sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviewQuery {
    /// `?zone`
    pub zone: Option<String>,
    /// `?agent_id`
    pub agent_id: Option<String>,
}

/// What the next plan would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewAnswer {
    zone: Zone,
    /// Pending orders that would get an agent.
    assigned: Vec<AssignedAnswer>,
    /// Orders that would change their agent.
    moved: Vec<MovedAnswer>,
    /// Pending orders that would find no place.
    unplaced: Vec<UnplacedAnswer>,
    /// Pending orders that would fail, because a time window has ended.
    expired: Vec<OrderId>,
    /// Pending orders for which the plan would have no room. The plan after it would take them.
    left_for_next: usize,
    /// The routes that would change.
    routes: Vec<RouteChangeAnswer>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct AssignedAnswer {
    order_id: OrderId,
    agent_id: UserId,
    pickup_eta: Option<Timestamp>,
    dropoff_eta: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct MovedAnswer {
    order_id: OrderId,
    from: UserId,
    to: UserId,
    pickup_eta: Option<Timestamp>,
    dropoff_eta: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct UnplacedAnswer {
    order_id: OrderId,
    reason: UnplacedReason,
}

/// The open stops of a route, now and after the plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct RouteChangeAnswer {
    agent_id: UserId,
    /// `None` for a route that would be new.
    #[serde(skip_serializing_if = "Option::is_none")]
    route_id: Option<RouteId>,
    before: Vec<StopAnswer>,
    after: Vec<StopAnswer>,
}

impl PreviewPlan {
    /// Makes the next plan of a zone, or of the zone in which an agent is, and shows what it would change. Nothing is
    /// written, and no lease is taken. So a plan that is committed meanwhile, or a tap, may change what is shown.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for other roles; [`Refusal::Invalid`] for a wrong query; [`Refusal::NotFound`] if there
    /// is no such agent.
    pub async fn run(
        &self,
        caller: &Caller,
        query: &PreviewQuery,
    ) -> Result<PreviewAnswer, Refusal> {
        caller.acting_as(&[Role::Dispatcher])?;
        let zone = self.zone_of(query).await?;
        let planning = Planning {
            users: self.users.as_ref(),
            orders: self.orders.as_ref(),
            routes: self.routes.as_ref(),
            jitter: self.jitter.as_ref(),
            provider: self.provider.as_ref(),
            rules: self.rules,
            estimate: self.estimate,
            horizon: self.horizon,
            time_limit: self.time_limit,
        };
        let places = (self.ids.as_ref(), self.grid);
        let preview = planning.preview(zone, places, self.clock.now()).await?;
        Ok(answer(zone, preview))
    }

    async fn zone_of(&self, query: &PreviewQuery) -> Result<Zone, Refusal> {
        match (&query.zone, &query.agent_id) {
            (Some(zone), None) => {
                let zone = zone.parse::<Zone>().ok();
                let zone = zone.filter(|zone| self.grid.has(*zone));
                let fault = || Faults::one("?zone", "is not a zone of this stack");
                Ok(zone.ok_or_else(fault)?)
            }
            (None, Some(agent)) => {
                let id: UserId = agent.parse().map_err(|_| Refusal::NotFound)?;
                let user = self.users.users(&[id]).await?.pop();
                let agent = user.and_then(|user| user.agent).ok_or(Refusal::NotFound)?;
                let fault = || Faults::one("?agent_id", "is an agent whose place is not known yet");
                Ok(agent.zone.ok_or_else(fault)?)
            }
            (None, None) => Err(Faults::one("?zone", "is missing, or else ?agent_id").into()),
            (Some(_), Some(_)) => {
                let detail = "cannot be combined with ?zone";
                Err(Faults::one("?agent_id", detail).into())
            }
        }
    }
}

fn answer(zone: Zone, preview: Preview) -> PreviewAnswer {
    let agents_now: HashMap<OrderId, UserId> = preview
        .routes
        .iter()
        .filter_map(|(before, _)| before.as_ref())
        .flat_map(|route| {
            let orders = route.open_orders().into_iter();
            orders.map(|order| (order, route.agent_id))
        })
        .collect();
    let (mut assigned, mut moved) = (Vec::new(), Vec::new());
    for (_, route) in &preview.routes {
        let to = route.agent_id;
        for order_id in route.open_orders() {
            let pickup_eta = eta(route, order_id, StopKind::Pickup);
            let dropoff_eta = eta(route, order_id, StopKind::Dropoff);
            match agents_now.get(&order_id) {
                None => assigned.push(AssignedAnswer {
                    order_id,
                    agent_id: to,
                    pickup_eta,
                    dropoff_eta,
                }),
                Some(from) if *from != to => moved.push(MovedAnswer {
                    order_id,
                    from: *from,
                    to,
                    pickup_eta,
                    dropoff_eta,
                }),
                Some(_) => {}
            }
        }
    }
    let routes = preview.routes.into_iter();
    let routes = routes.map(|(before, after)| RouteChangeAnswer {
        agent_id: after.agent_id,
        route_id: before.as_ref().map(|route| route.id),
        before: before.map_or_else(Vec::new, StopAnswer::open_of),
        after: StopAnswer::open_of(after),
    });
    let unplaced = preview.unplaced.into_iter();
    let unplaced = unplaced.map(|(order_id, reason)| UnplacedAnswer { order_id, reason });
    PreviewAnswer {
        zone,
        assigned,
        moved,
        unplaced: unplaced.collect(),
        expired: preview.expired,
        left_for_next: preview.left_for_next,
        routes: routes.collect(),
    }
}

fn eta(route: &Route, order: OrderId, kind: StopKind) -> Option<Timestamp> {
    let mut stops = route.open_stops();
    let stop = stops.find(|stop| stop.order_id == order && stop.kind == kind);
    stop.map(|stop| stop.eta)
}
