//! From the news that waits for a person to the letters that tell it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    AgentProfile, Order, OrderId, OrderStatus, Route, RouteId, RouteStatus, Timestamp, User, UserId,
};
use jiff::SignedDuration;

use super::emails::{Letterhead, OrderNews, RouteChange, Told};
use super::letter::Letter;
use crate::messages::{Event, News};

/// After this time, the second step of a plan is made, or its run has died.
pub(crate) const SECOND_STEP: SignedDuration = SignedDuration::from_secs(60);

/// A customer is told a new delivery time if it differs by more than this from the time that the customer knows.
pub(crate) const PROMISE_HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// The records that the news is about, as they are now.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) orders: HashMap<OrderId, Order>,
    pub(super) routes: HashMap<RouteId, Route>,
    /// The delivery times that the customer was told.
    pub(super) promises: HashMap<OrderId, Timestamp>,
}

/// The letters to one person, and what becomes of the news.
#[derive(Debug, Default)]
pub(super) struct Digest {
    pub(super) letters: Vec<Letter>,
    /// The news is told by the letters, or it is out of date for good.
    pub(super) over: Vec<News>,
    /// The news is not true at the moment. If it becomes true again, a new message says so.
    pub(super) untrue: Vec<News>,
    /// It is too early to tell this news. It stays in the outbox, and a message comes for it later.
    pub(super) early: Vec<News>,
    /// The delivery times that the letters tell.
    pub(super) promised: Vec<(OrderId, Timestamp)>,
}

/// The orders that news is about.
pub(super) fn orders_in(news: &[News]) -> Vec<OrderId> {
    let ids: BTreeSet<OrderId> = news
        .iter()
        .filter_map(|it| match it.event {
            Event::OrderChanged { order_id, .. }
            | Event::TimeChanged { order_id, .. }
            | Event::OrderTakenOff { order_id, .. } => Some(order_id),
            Event::RoutePlanned { .. } => None,
        })
        .collect();
    ids.into_iter().collect()
}

/// The orders that are expected at another time, as the news says.
pub(super) fn moved_in(news: &[News]) -> Vec<OrderId> {
    let ids: BTreeSet<OrderId> = news
        .iter()
        .filter_map(|it| match it.event {
            Event::TimeChanged { order_id, .. } => Some(order_id),
            Event::OrderChanged { .. }
            | Event::RoutePlanned { .. }
            | Event::OrderTakenOff { .. } => None,
        })
        .collect();
    ids.into_iter().collect()
}

/// The routes that news is about, and those that the orders are on.
pub(super) fn routes_in(news: &[News], orders: &HashMap<OrderId, Order>) -> Vec<(UserId, RouteId)> {
    let named = news.iter().filter_map(|it| route_of(&it.event));
    let on_route = orders.values().filter(|order| order.status.is_on_route());
    let on_route = on_route.filter_map(|order| order.assignment);
    let on_route = on_route.map(|on| (on.agent_id, on.route_id));
    let all: BTreeSet<(UserId, RouteId)> = named.chain(on_route).collect();
    all.into_iter().collect()
}

fn route_of(event: &Event) -> Option<(UserId, RouteId)> {
    match *event {
        Event::RoutePlanned {
            agent_id, route_id, ..
        }
        | Event::OrderTakenOff {
            agent_id, route_id, ..
        } => Some((agent_id, route_id)),
        Event::OrderChanged { .. } | Event::TimeChanged { .. } => None,
    }
}

impl Digest {
    /// The letters with a person's news.
    pub(super) fn of(
        news: Vec<News>,
        person: &User,
        records: &Records,
        letterhead: &Letterhead,
        now: Timestamp,
    ) -> Self {
        let mut digest = Self::default();
        let (routes, orders): (Vec<News>, Vec<News>) = news
            .into_iter()
            .partition(|it| route_of(&it.event).is_some());
        digest.tell_of_orders(orders, person, records, letterhead);
        let mut by_route: BTreeMap<RouteId, Vec<News>> = BTreeMap::new();
        for news in routes {
            match route_of(&news.event) {
                Some((agent_id, route_id)) if agent_id == person.id => {
                    by_route.entry(route_id).or_default().push(news);
                }
                _ => digest.over.push(news),
            }
        }
        for (route_id, news) in by_route {
            let route = records.routes.get(&route_id);
            match route.zip(person.active_agent()) {
                Some((route, agent)) => {
                    let letter = digest.about_route(news, route, agent, records, letterhead, now);
                    digest.letters.extend(letter);
                }
                None => digest.over.extend(news),
            }
        }
        digest
    }

    fn tell_of_orders(
        &mut self,
        news: Vec<News>,
        person: &User,
        records: &Records,
        letterhead: &Letterhead,
    ) {
        // The customer has not read of a first assignment that is in the same email.
        let untold = |order: &Order, releases: usize| {
            let earlier = |it: &News| {
                matches!(it.event, Event::OrderChanged { order_id, status: OrderStatus::Assigned, releases: before }
                    if order_id == order.id && before < releases)
            };
            releases == 0 || news.iter().any(earlier)
        };
        let mut lines = Vec::new();
        for it in &news {
            let Event::OrderChanged {
                order_id,
                status,
                releases,
            } = it.event
            else {
                continue;
            };
            let order = records.orders.get(&order_id);
            let Some(order) = order.filter(|order| order.customer_id == person.id) else {
                self.over.push(it.clone());
                continue;
            };
            let route = order.assignment.map(|on| on.route_id);
            let mut line = |told| {
                lines.push(OrderNews {
                    told,
                    order,
                    route: route.and_then(|id| records.routes.get(&id)),
                    before: None,
                });
            };
            match status {
                // It is assigned, and on its way or not: who is told "delivered" needs no agent any more.
                OrderStatus::Assigned => match order.status {
                    OrderStatus::Assigned | OrderStatus::InProgress
                        if order.releases() == releases =>
                    {
                        line(if untold(order, releases) {
                            Told::Assigned
                        } else {
                            Told::AssignedAgain
                        });
                        self.over.push(it.clone());
                    }
                    OrderStatus::Pending if order.releases() == releases => {
                        self.untrue.push(it.clone());
                    }
                    OrderStatus::Pending
                    | OrderStatus::Assigned
                    | OrderStatus::InProgress
                    | OrderStatus::Delivered
                    | OrderStatus::Failed
                    | OrderStatus::Cancelled
                    | OrderStatus::Undelivered
                    | OrderStatus::Returning
                    | OrderStatus::Returned => self.over.push(it.clone()),
                },
                OrderStatus::Delivered
                | OrderStatus::Failed
                | OrderStatus::Cancelled
                | OrderStatus::Undelivered
                | OrderStatus::Returning
                | OrderStatus::Returned => {
                    if order.status == status {
                        line(match status {
                            OrderStatus::Delivered => Told::Delivered,
                            OrderStatus::Failed => Told::Failed,
                            OrderStatus::Undelivered => Told::Undelivered,
                            OrderStatus::Returning => Told::Returning,
                            OrderStatus::Returned => Told::Returned,
                            OrderStatus::Pending
                            | OrderStatus::Assigned
                            | OrderStatus::InProgress
                            | OrderStatus::Cancelled => Told::Cancelled,
                        });
                    }
                    self.over.push(it.clone());
                }
                OrderStatus::Pending | OrderStatus::InProgress => self.over.push(it.clone()),
            }
        }
        self.tell_of_times(&news, person, records, &mut lines);
        lines.sort_by_key(|line| (line.told, line.order.id));
        self.promised.extend(lines.iter().filter_map(|line| {
            let delivery = line.delivery()?;
            Some((line.order.id, delivery))
        }));
        self.letters.extend(letterhead.to_customer(&lines));
    }

    /// Adds the orders that are expected at another time than the customer was told. The promise and the route say it
    /// as they are now, so repeated news of a promise that was replaced is not told.
    fn tell_of_times<'a>(
        &mut self,
        news: &[News],
        person: &User,
        records: &'a Records,
        lines: &mut Vec<OrderNews<'a>>,
    ) {
        for it in news {
            let Event::TimeChanged { order_id, .. } = it.event else {
                continue;
            };
            let order = records.orders.get(&order_id);
            let order = order.filter(|it| it.customer_id == person.id && it.is_expected_at_door());
            // The other line of this email has the new time.
            let is_told = lines.iter().any(|line| line.order.id == order_id);
            let promised = records.promises.get(&order_id);
            let (Some(order), Some(promised), false) = (order, promised, is_told) else {
                self.untrue.push(it.clone());
                continue;
            };
            let route = order.assignment.map(|on| on.route_id);
            let line = OrderNews {
                told: Told::NewTime,
                order,
                route: route.and_then(|id| records.routes.get(&id)),
                before: Some(*promised),
            };
            let differs = |at: Timestamp| at.duration_since(*promised).abs() > PROMISE_HOLDS;
            if line.delivery().is_some_and(differs) {
                lines.push(line);
                self.over.push(it.clone());
            } else {
                self.untrue.push(it.clone());
            }
        }
    }

    /// The letter to an agent about all that happened to a route. `None` if the news is out of date: the route has
    /// ended otherwise, or the agent went off duty and gave the orders back.
    fn about_route(
        &mut self,
        news: Vec<News>,
        route: &Route,
        agent: &AgentProfile,
        records: &Records,
        letterhead: &Letterhead,
        now: Timestamp,
    ) -> Option<Letter> {
        let mut change = RouteChange::default();
        let (mut planned_version, mut taken_off_at) = (None, None);
        for it in news {
            match it.event {
                Event::RoutePlanned {
                    version,
                    gained_orders,
                    lost_orders,
                    new,
                    resequenced,
                    first_step,
                    ..
                } => {
                    // The news of the second step reports both steps.
                    let second_step_was_made =
                        route.version > version && route.left_in_first_step == 0;
                    if first_step && !second_step_was_made && now < it.at + SECOND_STEP {
                        self.early.push(it);
                        continue;
                    }
                    if !(first_step && second_step_was_made) {
                        change.new |= new;
                        change.resequenced |= resequenced;
                        change.gained_orders += gained_orders;
                        change.lost_orders += lost_orders;
                        planned_version = planned_version.max(Some(version));
                    }
                }
                Event::OrderTakenOff {
                    order_id,
                    cancelled,
                    ..
                } => {
                    if let Some(order) = records.orders.get(&order_id) {
                        if cancelled {
                            change.cancelled.push(order);
                        } else {
                            change.taken_off.push(order);
                        }
                        taken_off_at = taken_off_at.max(Some(it.at));
                    }
                }
                Event::OrderChanged { .. } | Event::TimeChanged { .. } => {}
            }
            self.over.push(it);
        }
        // The change of the route counts these too.
        change.lost_orders = change.lost_orders.saturating_sub(change.taken_off.len());
        let others_count = change.lost_orders > 0 || change.resequenced;
        let plan_counts = change.gained_orders > 0 || (others_count && agent.on_duty);
        // An agent whose route ended because all its orders went to others must hear of it, unless the next route has
        // its own email.
        let lost_all = plan_counts
            && change.gained_orders == 0
            && route.status == RouteStatus::Cancelled
            && planned_version == Some(route.version)
            && agent.open_route_id.is_none();
        // A route that ended later ended in another way.
        let ended_by_this = taken_off_at.is_some_and(|at| route.updated_at <= at);
        let tells = if route.status.is_open() {
            plan_counts || taken_off_at.is_some()
        } else {
            lost_all || ended_by_this
        };
        tells.then(|| letterhead.to_agent(route, &change))
    }
}
