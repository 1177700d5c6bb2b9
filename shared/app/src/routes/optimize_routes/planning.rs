//! Makes the plan of a zone, and writes nothing. A run commits the plan, and a preview shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{
    DispatchRules, LegEstimate, Order, OrderId, Route, Timestamp, UnplacedReason, UserId,
    UserStatus, Zone, ZoneGrid,
};
use jiff::SignedDuration;

use super::changes::Changes;
use super::crews::CrewReader;
use super::instance::{Crew, ZoneInstance};
use super::selection::{Selection, take_turns};
use super::unplaced::opens_within;
use crate::ports::{
    Ids, Jitter, OrderStore, PlanAnswer, ProviderError, RouteProvider, RouteStore, UserStore,
};
use crate::refusal::Refusal;

/// How many places a plan may have: with more, the travel matrix outgrows the function's memory and the
/// planner its time.
const MOST_POINTS: usize = 1_500;
/// How many pending orders are read for one plan: two places each.
pub(super) const MOST_PENDING: usize = MOST_POINTS / 2;
/// A clock may be ahead of another by so much.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// Everything that a plan is made from.
pub(crate) struct Planning<'a> {
    pub(crate) users: &'a dyn UserStore,
    pub(crate) orders: &'a dyn OrderStore,
    pub(crate) routes: &'a dyn RouteStore,
    pub(crate) jitter: &'a dyn Jitter,
    pub(crate) provider: &'a dyn RouteProvider,
    pub(crate) rules: DispatchRules,
    pub(crate) estimate: LegEstimate,
    /// Orders whose windows open later than this from now wait.
    pub(crate) horizon: SignedDuration,
    /// How long the provider may plan.
    pub(crate) time_limit: Duration,
}

/// The pending orders of a zone that are due.
pub(super) struct Due {
    /// Those that a plan may take, in their turn.
    pub(super) orders: Vec<Order>,
    /// Those whose customers are suspended.
    pub(super) suspended: Vec<Order>,
    /// Those that can no longer be on time, as failed.
    pub(super) expired: Vec<Order>,
    /// Those whose time windows open later.
    pub(super) early: Vec<Order>,
    /// Whether there may be more of them than are read for one plan.
    pub(super) unread: bool,
}

/// A plan, with what it was made from.
pub(super) struct Made {
    pub(super) instance: ZoneInstance,
    pub(super) answer: PlanAnswer,
    /// The number of pending orders that are left for the next plan.
    pub(super) left_for_next: usize,
    /// The number of agents that are left out.
    pub(super) left_out: usize,
}

/// What the next plan of a zone would change.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// The routes that would change, with their stops as they are now. `None` for a route that would be new.
    pub(crate) routes: Vec<(Option<Route>, Route)>,
    /// The orders that would find no place.
    pub(crate) unplaced: Vec<(OrderId, UnplacedReason)>,
    /// The orders that would fail, because a time window has ended.
    pub(crate) expired: Vec<OrderId>,
    /// The number of pending orders for which the plan would have no room.
    pub(crate) left_for_next: usize,
}

impl Planning<'_> {
    /// The zone's pending orders that are due; with `everything` also those that wait out a pause. `named` orders are
    /// read even if the index does not show them yet.
    pub(super) async fn due_orders(
        &self,
        zone: Zone,
        named: &[OrderId],
        everything: bool,
        now: Timestamp,
    ) -> Result<Due, Refusal> {
        let due_by = now + CLOCK_SKEW;
        let by_index = self
            .orders
            .pending_in(zone, (!everything).then_some(due_by), MOST_PENDING);
        let by_index = by_index.await?;
        let unread = by_index.len() >= MOST_PENDING;
        let ids: BTreeSet<OrderId> = by_index.into_iter().chain(named.iter().copied()).collect();
        let ids: Vec<OrderId> = ids.into_iter().collect();
        let mut orders = self.orders.orders(&ids).await?;
        orders.retain(|order| {
            let due = order
                .waiting
                .is_some_and(|waiting| everything || waiting.retry_at <= due_by);
            order.may_be_planned() && order.zone == Some(zone) && due
        });
        take_turns(&mut orders);
        let customers = self.suspended_among(&orders).await?;
        let mut due = Due {
            orders: Vec::new(),
            suspended: Vec::new(),
            expired: Vec::new(),
            early: Vec::new(),
            unread,
        };
        for order in orders {
            if customers.contains(&order.customer_id) {
                due.suspended.push(order);
            } else if let Some(expired) = order.expired(now) {
                due.expired.push(expired);
            } else if opens_within(&order, now + self.horizon) {
                due.orders.push(order);
            } else {
                due.early.push(order);
            }
        }
        Ok(due)
    }

    /// The suspended ones among the customers of these orders.
    async fn suspended_among(&self, orders: &[Order]) -> Result<BTreeSet<UserId>, Refusal> {
        let customers: BTreeSet<UserId> = orders.iter().map(|order| order.customer_id).collect();
        if customers.is_empty() {
            return Ok(customers);
        }
        let customers: Vec<UserId> = customers.into_iter().collect();
        let customers = self.users.users(&customers).await?.into_iter();
        let suspended = customers.filter(|user| user.status == UserStatus::Suspended);
        Ok(suspended.map(|user| user.id).collect())
    }

    /// A plan for these orders and agents.
    pub(super) async fn plan(
        &self,
        orders: Vec<Order>,
        crews: Vec<Crew>,
        now: Timestamp,
    ) -> Result<Made, Refusal> {
        let selection = Selection::of(orders, crews, MOST_POINTS);
        let (orders, crews) = (selection.orders, selection.crews);
        let instance = ZoneInstance::of(orders, crews, now, self.rules, self.estimate);
        let answer = answered(self.provider, &instance, self.time_limit).await?;
        Ok(Made {
            instance,
            answer,
            left_for_next: selection.left_for_next,
            left_out: selection.left_out,
        })
    }

    /// What the next plan of the zone would change. Orders that wait out a pause take part, as if an agent had come on
    /// duty.
    pub(crate) async fn preview(
        &self,
        zone: Zone,
        (ids, grid): (&dyn Ids, ZoneGrid),
        now: Timestamp,
    ) -> Result<Preview, Refusal> {
        let due = self.due_orders(zone, &[], true, now).await?;
        let reader = CrewReader {
            users: self.users,
            orders: self.orders,
            routes: self.routes,
            jitter: self.jitter,
        };
        let crews = reader.near_or_far(zone, now).await?.ready;
        let preview = Preview {
            expired: due.expired.iter().map(|order| order.id).collect(),
            ..Preview::default()
        };
        // Without a new order, only an idle agent is a reason to share the orders on routes anew.
        let is_idle = |crew: &Crew| {
            let there = crew.profile().is_some_and(|it| it.zone == Some(zone));
            there && crew.route().is_none()
        };
        let movable = |crew: &Crew| crew.has_movable_orders(&self.rules, now);
        let shared_anew = crews.iter().any(is_idle) && crews.iter().any(movable);
        if due.orders.is_empty() && !shared_anew {
            return Ok(preview);
        }
        let made = self.plan(due.orders, crews, now).await?;
        let changes = Changes {
            instance: &made.instance,
            ids,
            grid,
            estimate: self.estimate,
            now: made.instance.now,
        };
        let groups = changes.of(&made.answer);
        let unplaced = made.instance.unplaced(&made.answer, made.left_out > 0);
        // A large group has two steps. The last one has the route as it would be.
        let mut after: BTreeMap<UserId, Route> = BTreeMap::new();
        for step in groups.into_iter().flatten() {
            let routes = step.change.routes.into_iter();
            after.extend(routes.map(|route| (route.agent_id, route)));
        }
        let before = |agent: UserId| {
            let mut crews = made.instance.crews.iter();
            let crew = crews.find(|crew| crew.agent.id == agent)?;
            Some(crew.route()?.clone().expected_at(now))
        };
        Ok(Preview {
            routes: after
                .into_values()
                .map(|route| (before(route.agent_id), route))
                .collect(),
            unplaced: unplaced
                .into_iter()
                .map(|(order, reason)| (order.id, reason))
                .collect(),
            left_for_next: made.left_for_next,
            ..preview
        })
    }
}

/// The provider's plan for an instance.
///
/// # Errors
/// [`Refusal::Unavailable`] if the provider is away; [`Refusal::Broken`] if it cannot read the instance.
pub(super) async fn answered(
    provider: &dyn RouteProvider,
    instance: &ZoneInstance,
    time_limit: Duration,
) -> Result<PlanAnswer, Refusal> {
    let answer = provider.plan(instance.request(time_limit)).await;
    answer.map_err(|error| match error {
        ProviderError::Unavailable(cause) => Refusal::Unavailable(cause),
        ProviderError::InvalidProblem(_) => Refusal::Broken(error.into()),
    })
}
