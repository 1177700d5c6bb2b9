//! Routes as dispatchers decide them: what the four calls have in common.

mod check;
mod insertion;

use std::collections::HashMap;
use std::sync::Arc;

use domain::route::{Departure, OpenPart};
use domain::{
    Break, Decision, DispatchRules, LegEstimate, Order, OrderId, OrderStatus, Route, RouteStop,
    Timestamp, User, UserId, ZoneGrid,
};
use serde::Serialize;

use crate::answers::{OrderAnswer, RouteAnswer};
use crate::caller::Caller;
use crate::ports::{
    AgentPart, Changeset, Clock, DispatchLedger, Ids, Jitter, OrderStore, RouteStore, StoreError,
    UserStore,
};
use crate::refusal::Refusal;
use crate::retry::Attempts;
use crate::routes::after_change::set_free;
pub use check::{DecisionFault, DecisionFaultCode, Warning, WarningCode};
pub(crate) use check::{refuse_agent, refuse_broken_windows, refuse_load, refuse_sequence};
pub(crate) use insertion::{Insertion, Slots};

/// The provider of a route that began with a decision.
pub(crate) const BY_HAND: &str = "dispatcher";

/// The ports of the calls with which dispatchers decide about routes.
///
/// Each call reads records, decides, and commits one transaction on the condition of every version that it relied on.
/// If it loses a race, it reads again and decides again.
#[derive(Clone)]
pub struct DispatchDesk {
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
    /// New ids.
    pub ids: Arc<dyn Ids>,
    /// Chance, between attempts.
    pub jitter: Arc<dyn Jitter>,
    /// The zones.
    pub grid: ZoneGrid,
    /// For the legs between stops that follow each other for the first time.
    pub estimate: LegEstimate,
    /// What a good place in a route weighs, and when a stop is frozen.
    pub rules: DispatchRules,
}

/// An agent with the open route and the orders that have a stop left on it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) agent: User,
    pub(crate) route: Option<Route>,
    pub(crate) orders: Vec<Order>,
}

/// The result of putting an order on a route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssignmentAnswer {
    /// The order.
    pub order: OrderAnswer,
    /// The route.
    pub route: RouteAnswer,
    /// What is late on the route.
    pub warnings: Vec<Warning>,
}

/// A route after a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SequenceAnswer {
    /// The route.
    pub route: RouteAnswer,
    /// What is late on the route.
    pub warnings: Vec<Warning>,
}

/// The result of moving the orders of a route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TransferAnswer {
    /// The orders that left the route.
    pub moved: Vec<OrderId>,
    /// The orders that are aboard. They stay, and somebody must fetch them or deliver them.
    pub aboard: Vec<OrderId>,
    /// The route that the orders left.
    pub from: RouteAnswer,
    /// The route of the other agent. `None` if the optimizer distributes the orders.
    pub to: Option<RouteAnswer>,
    /// What is late on the route of the other agent.
    pub warnings: Vec<Warning>,
}

impl DispatchDesk {
    /// The attempts of one call.
    pub(crate) fn attempts(&self) -> Attempts<'_> {
        Attempts::on_route(self.jitter.as_ref())
    }

    /// Commits a change that the caller's request makes. Answers whether the call must read again, because it lost a
    /// race.
    pub(crate) async fn lost_the_race(
        &self,
        mut change: Changeset,
        caller: &Caller,
        attempts: &mut Attempts<'_>,
    ) -> Result<bool, Refusal> {
        for order in &mut change.orders {
            order.request_id.clone_from(&caller.request_id);
        }
        match self.ledger.commit(&change).await {
            Ok(()) => Ok(false),
            Err(StoreError::Conflict) => {
                attempts.pause().await?;
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An agent with the open route. `None` if there is no such agent.
    ///
    /// The records are read one after the other. If one of them changes meanwhile, the commit loses the race: each
    /// change of an order on a route also changes the route.
    pub(crate) async fn run_of(&self, agent_id: UserId) -> Result<Option<Run>, Refusal> {
        let agent = self.users.user(agent_id).await?;
        let Some(agent) = agent.filter(|user| user.agent.is_some()) else {
            return Ok(None);
        };
        let open = agent.agent.as_ref().and_then(|it| it.open_route_id);
        let route = match open {
            Some(route_id) => self.routes.route(agent_id, route_id).await?,
            None => None,
        };
        // A route that ended after the agent was read: the commit shall find the agent changed.
        let route = route.filter(|route| route.status.is_open());
        let orders = match &route {
            Some(route) => self.orders.orders(&route.open_orders()).await?,
            None => Vec::new(),
        };
        Ok(Some(Run {
            agent,
            route,
            orders,
        }))
    }

    /// The run of an agent whose route has an open stop of this order. `None` if the order has left the route since
    /// it was read: then the call must read it again.
    pub(crate) async fn run_with(
        &self,
        order: OrderId,
        agent_id: UserId,
    ) -> Result<Option<Run>, Refusal> {
        let run = self.run_of(agent_id).await?;
        Ok(run.filter(|run| {
            let mut open = run.route.iter().flat_map(Route::open_stops);
            open.any(|stop| stop.order_id == order)
        }))
    }

    /// Adds to a change that orders leave the run's route. Returns the route.
    pub(crate) fn leave(
        &self,
        change: &mut Changeset,
        run: &Run,
        orders: &[OrderId],
        decision: Decision,
        now: Timestamp,
    ) -> Option<Route> {
        let route = run.route.as_ref()?;
        let mut route = route.with_orders_given_back(orders, &self.estimate, now);
        route.geometry = route.geometry.filter(String::is_empty);
        route.left_in_first_step = 0;
        route.note(decision, now);
        self.add(change, run, route.clone(), now);
        Some(route)
    }

    /// The run's route with these open stops. An agent without a route gets a new one.
    pub(crate) fn route_with(
        &self,
        run: &Run,
        open: Vec<RouteStop>,
        now: Timestamp,
    ) -> Option<Route> {
        let departs = self.departure(run, now)?;
        let old = run.route.clone().unwrap_or_else(|| {
            let plan = OpenPart {
                from: departs,
                breaks: breaks_of(&run.agent),
                stops: Vec::new(),
                provider: BY_HAND.to_owned(),
                geometry: None,
            };
            let route = Route::planned(self.ids.route_id(), run.agent.id, plan, now);
            // The change below makes version 1 of it.
            Route {
                version: 0,
                ..route
            }
        });
        let mut route = old.sequenced(open, departs.at, &self.estimate, now);
        // The path was read apart from the route, so it may be an older one. The store keeps what it has.
        route.geometry = route.geometry.filter(String::is_empty);
        Some(route)
    }

    /// Where and when the agent departs to a stop that nobody drives to yet.
    pub(crate) fn departure(&self, run: &Run, now: Timestamp) -> Option<Departure> {
        let profile = run.agent.agent.as_ref()?;
        let location = match &run.route {
            Some(route) => route.position(),
            None => profile.position?,
        };
        let begins = profile.shift.map_or(now, |shift| shift.start);
        Some(Departure {
            location,
            at: begins.max(now),
        })
    }

    /// Adds a route and its agent to a change. A new route takes the agent, and a route that ends sets the agent free.
    pub(crate) fn add(&self, change: &mut Changeset, run: &Run, route: Route, now: Timestamp) {
        let mut agent = run.agent.changed(now);
        let is_changed = if run.route.is_none() {
            if let Some(profile) = &mut agent.agent {
                profile.open_route_id = Some(route.id);
            }
            true
        } else {
            set_free(&mut agent, &route, self.grid)
        };
        change.routes.push(route);
        change.agents.push(if is_changed {
            AgentPart::Changed(agent)
        } else {
            AgentPart::Unchanged(run.agent.clone())
        });
    }
}

impl Run {
    pub(crate) fn capacity(&self) -> u32 {
        self.agent.agent.as_ref().map_or(0, |it| it.capacity)
    }

    /// The open stops.
    pub(crate) fn open_stops(&self) -> Vec<RouteStop> {
        let open = self.route.iter().flat_map(Route::open_stops);
        open.cloned().collect()
    }

    /// The sizes of the orders.
    pub(crate) fn sizes(&self) -> HashMap<OrderId, u32> {
        self.orders
            .iter()
            .map(|order| (order.id, order.size))
            .collect()
    }

    /// The number of further orders that the route may take.
    pub(crate) fn room(&self) -> usize {
        let most = domain::route::MOST_OPEN_ORDERS;
        self.route.as_ref().map_or(most, Route::room)
    }

    /// The orders of the route, in driving order: those that are not aboard, and those that are.
    pub(crate) fn movable_and_aboard(&self) -> (Vec<&Order>, Vec<&Order>) {
        let ids = self
            .route
            .as_ref()
            .map(Route::open_orders)
            .unwrap_or_default();
        let found = |id: &OrderId| self.orders.iter().find(|order| order.id == *id);
        ids.iter()
            .filter_map(found)
            .partition(|order| order.status == OrderStatus::Assigned)
    }
}

/// The breaks in the shift of an agent.
fn breaks_of(agent: &User) -> Vec<Break> {
    let profile = agent.agent.as_ref();
    profile.map_or_else(Vec::new, |profile| profile.breaks.clone())
}
