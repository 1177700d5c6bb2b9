//! Routes: the stops that one agent makes, in driving order.

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::breaks::{Break, depart, drive, drives_on, serve};
use crate::decision::{Decision, MOST_ROUTE_DECISIONS, RouteDecision};
use crate::geo::Coordinates;
use crate::ids::{OrderId, RouteId, UserId};
use crate::order::{Order, OrderStatus};
use crate::travel::{Leg, LegEstimate};

/// A route has at most this many orders with an open stop.
pub const MOST_OPEN_ORDERS: usize = 40;

/// A route has at most this many stops over its whole life. With addresses of the full length, 300 stops stay below
/// 400 KB, the largest item of DynamoDB.
pub const MOST_STOPS: usize = 300;

/// The status of a route.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RouteStatus {
    /// The agent has the route and has made no stop yet.
    Assigned,
    /// The agent has made a stop.
    InProgress,
    /// No open stop is left, and at least one order was delivered.
    Completed,
    /// No open stop is left, and nothing was delivered.
    Cancelled,
}

impl RouteStatus {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the agent still has stops to make.
    pub fn is_open(self) -> bool {
        match self {
            Self::Assigned | Self::InProgress => true,
            Self::Completed | Self::Cancelled => false,
        }
    }
}

/// The kind of a stop.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StopKind {
    /// The agent picks the order up.
    Pickup,
    /// The agent hands the order over.
    Dropoff,
}

impl StopKind {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The status of a stop of a route.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StopStatus {
    /// The agent still has to make the stop.
    Pending,
    /// The agent has made the stop.
    Done,
    /// The stop is not needed any more: the order was cancelled, failed, or left the route.
    Skipped,
}

impl StopStatus {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One stop of a route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RouteStop {
    /// The kind of the stop.
    pub kind: StopKind,
    /// The order.
    pub order_id: OrderId,
    /// The location.
    pub location: Coordinates,
    /// The address, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The expected begin of the service.
    pub eta: Timestamp,
    /// The service begins at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The service should begin at this time or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// The service time, in seconds.
    pub service_s: u32,
    /// The leg to this stop. It is zero for a stop that was skipped.
    #[serde(flatten)]
    pub leg: Leg,
    /// The status.
    pub status: StopStatus,
    /// The time at which the agent made the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// Whether a dispatcher has fixed the place of the stop in the route. All open stops before a pinned stop stay too:
    /// see [`Route::pinned_through`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// Whether the agent takes the parcel back here: the kind is a drop-off, and the place is the pickup.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns: bool,
}

impl RouteStop {
    /// A stop of an order that the agent still has to make. Its leg and its time are not known yet. `None` if the stop
    /// has no location: no agent can drive there.
    pub fn open(order: &Order, kind: StopKind) -> Option<Self> {
        let stop = match kind {
            StopKind::Pickup => order.pickup.clone(),
            StopKind::Dropoff => order.hand_over(),
        };
        Some(Self {
            kind,
            order_id: order.id,
            location: stop.location?,
            address: stop.address,
            eta: order.updated_at,
            not_before: stop.window.map(|window| window.start),
            not_after: stop.window.map(|window| window.end),
            service_s: stop.service_s,
            leg: Leg::default(),
            status: StopStatus::Pending,
            done_at: None,
            pinned: false,
            returns: kind == StopKind::Dropoff && order.status == OrderStatus::Returning,
        })
    }

    /// The order and the kind of stop: two open stops of a route never have the same.
    pub fn visit(&self) -> (OrderId, StopKind) {
        (self.order_id, self.kind)
    }

    /// The time by which the service begins after the time window. Zero if it is on time.
    pub fn lateness(&self) -> SignedDuration {
        let late = self.not_after.map(|end| self.eta.duration_since(end));
        late.unwrap_or_default().max(SignedDuration::ZERO)
    }
}

/// A route: the stops of one agent, in driving order.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The id.
    pub id: RouteId,
    /// The agent.
    pub agent_id: UserId,
    /// The status.
    pub status: RouteStatus,
    /// The place and the time at which the last plan begins. See [`Route::departure`].
    pub from: Departure,
    /// The agent's breaks, as the last plan knows them, in the sequence of time.
    pub breaks: Vec<Break>,
    /// The stops that were made or skipped, then the open ones, in driving order.
    pub stops: Vec<RouteStop>,
    /// The planner: `embedded`, or the name of a remote provider.
    pub provider: String,
    /// The path as an encoded polyline of precision 5. In a write, `None` keeps the stored path, and an empty text
    /// removes it.
    pub geometry: Option<String>,
    /// A plan may change a route in two steps. After the first step, this is the number of orders that have left. After
    /// the second step it is 0.
    pub left_in_first_step: usize,
    /// The last decisions of dispatchers about the route, oldest first.
    pub decisions: Vec<RouteDecision>,
    /// The time at which the route was made.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes. A write succeeds only if the stored version is the one that was read.
    pub version: u64,
}

/// The part of a route that a plan decides: all that is not made yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenPart {
    /// The place and the time at which the plan starts.
    pub from: Departure,
    /// The agent's breaks, in the sequence of time.
    pub breaks: Vec<Break>,
    /// The open stops, in driving order.
    pub stops: Vec<RouteStop>,
    /// The planner.
    pub provider: String,
    /// The path, if the planner knows it.
    pub geometry: Option<String>,
}

/// The place and the time at which an agent departs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Departure {
    /// The place.
    pub location: Coordinates,
    /// The time.
    pub at: Timestamp,
}

impl Route {
    /// A new route as planned at `now`.
    pub fn planned(id: RouteId, agent_id: UserId, plan: OpenPart, now: Timestamp) -> Self {
        Self {
            id,
            agent_id,
            status: RouteStatus::Assigned,
            from: plan.from,
            breaks: plan.breaks,
            stops: plan.stops,
            provider: plan.provider,
            geometry: plan.geometry,
            left_in_first_step: 0,
            decisions: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The route with the open stops of a new plan in place of its own. The stops that were made or skipped stay. A
    /// route without an open stop has ended. Stops that were pinned stay pinned.
    #[must_use]
    pub fn planned_anew(&self, mut plan: OpenPart, now: Timestamp) -> Self {
        let mut changed = self.changed(now);
        for stop in &mut plan.stops {
            let mut pinned = self.open_stops().filter(|old| old.pinned);
            stop.pinned = pinned.any(|old| old.visit() == stop.visit());
        }
        changed
            .stops
            .retain(|stop| stop.status != StopStatus::Pending);
        changed.stops.extend(plan.stops);
        changed.from = plan.from;
        changed.breaks = plan.breaks;
        // If the new planner knows no path, the path of the old plan leads elsewhere.
        let none = changed.geometry.map(|_| String::new());
        changed.geometry = plan.geometry.or(none);
        changed.provider = plan.provider;
        changed.left_in_first_step = 0;
        changed.settle();
        changed
    }

    /// The open stops, in driving order.
    pub fn open_stops(&self) -> impl Iterator<Item = &RouteStop> {
        self.stops
            .iter()
            .filter(|stop| stop.status == StopStatus::Pending)
    }

    /// The number of open stops at the beginning of the route that keep their agent and their sequence.
    pub fn pinned_through(&self) -> usize {
        let pinned = self.open_stops().zip(1..).filter(|(stop, _)| stop.pinned);
        pinned.map(|(_, place)| place).last().unwrap_or_default()
    }

    /// The next stop, if the agent may be on the way to it. An agent who has made a stop is always on the way to the
    /// next one. An agent who has made no stop may be on the way if the first stop is expected within `freeze`, or if
    /// the departure was that long ago. A drop-off that is tried again later is not frozen before its time.
    pub fn frozen_stop(&self, freeze: SignedDuration, now: Timestamp) -> Option<&RouteStop> {
        let next = self.open_stops().next()?;
        // Until the next attempt, the agent can make other stops.
        let opens_later = next.not_before.is_some_and(|start| start > now + freeze);
        if opens_later && self.is_next_attempt(next) {
            return None;
        }
        let is_frozen = match self.status {
            RouteStatus::InProgress => true,
            RouteStatus::Assigned => {
                next.eta <= now + freeze || self.departure().at + freeze <= now
            }
            RouteStatus::Completed | RouteStatus::Cancelled => false,
        };
        is_frozen.then_some(next)
    }

    /// The orders with an open stop, each once.
    pub fn open_orders(&self) -> Vec<OrderId> {
        once_each(self.open_stops())
    }

    /// The number of further orders that the route may take: see [`MOST_OPEN_ORDERS`] and [`MOST_STOPS`].
    pub fn room(&self) -> usize {
        let open = MOST_OPEN_ORDERS.saturating_sub(self.open_orders().len());
        open.min(MOST_STOPS.saturating_sub(self.stops.len()) / 2)
    }

    /// The agent's position: the last stop that was made, or else the start of the route.
    pub fn position(&self) -> Coordinates {
        self.stops
            .iter()
            .filter_map(|stop| stop.done_at.map(|at| (at, stop.location)))
            .max_by_key(|(at, _)| *at)
            .map_or(self.from.location, |(_, location)| location)
    }

    /// The place and the time from which the agent drives to the first open stop.
    pub fn departure(&self) -> Departure {
        let made = self.made_stops().filter_map(|stop| stop.done_at).max();
        Departure {
            location: self.position(),
            at: made.map_or(self.from.at, |made| made.max(self.from.at)),
        }
    }

    /// The distance and the driving time of all legs together.
    pub fn total(&self) -> Leg {
        self.stops.iter().fold(Leg::default(), |sum, stop| Leg {
            distance_m: sum.distance_m.saturating_add(stop.leg.distance_m),
            duration_s: sum.duration_s.saturating_add(stop.leg.duration_s),
        })
    }

    /// The time by which the open stop that is most late begins after its time window. Zero if all are on time.
    pub fn lateness(&self) -> SignedDuration {
        let most = self.open_stops().map(RouteStop::lateness).max();
        most.unwrap_or_default()
    }

    /// When the order's next stop is expected. An answer reads this from a route as it is expected now:
    /// [`Route::expected_at`].
    pub fn eta_of(&self, order_id: OrderId) -> Option<Timestamp> {
        self.open_stops()
            .find(|stop| stop.order_id == order_id)
            .map(|stop| stop.eta)
    }

    /// A copy with the next version. The caller then makes the change.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// The route after an order's stop of this kind was made at `now`. A drop-off makes the pickup as well. The open
    /// stops are timed anew from here.
    #[must_use]
    pub fn with_stop_made(
        &self,
        order_id: OrderId,
        kind: StopKind,
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        self.with_stop_made_at(now, (order_id, kind), estimate, now)
    }

    /// The same, for a stop that was made at `made_at` and is reported at `now`.
    #[must_use]
    pub fn with_stop_made_at(
        &self,
        made_at: Timestamp,
        (order_id, kind): (OrderId, StopKind),
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        self.with_stops_changed(estimate, now, |stops| {
            for stop in stops {
                let made = stop.kind == kind || kind == StopKind::Dropoff;
                if stop.order_id == order_id && stop.status == StopStatus::Pending && made {
                    stop.status = StopStatus::Done;
                    stop.done_at = Some(made_at);
                }
            }
        })
    }

    /// The route after a late tap tells of a pickup that was made at `made_at`, before the hand-over that is known
    /// already. The stop was made along with the drop-off, or it was skipped with it.
    #[must_use]
    pub fn with_pickup_made_late(
        &self,
        order_id: OrderId,
        made_at: Timestamp,
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        self.with_stops_changed(estimate, now, |stops| {
            let is_it = |stop: &&mut RouteStop| {
                let here = stop.order_id == order_id && stop.kind == StopKind::Pickup;
                here && stop.status != StopStatus::Pending
            };
            if let Some(stop) = stops.iter_mut().rfind(is_it) {
                stop.status = StopStatus::Done;
                stop.done_at = Some(made_at);
            }
        })
    }

    /// The route without the open stops of orders that ended: these stops are skipped, and the route still shows them.
    /// The other open stops are timed anew.
    #[must_use]
    pub fn with_orders_skipped(
        &self,
        orders: &[OrderId],
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        self.with_stops_changed(estimate, now, |stops| {
            for stop in stops {
                if orders.contains(&stop.order_id) && stop.status == StopStatus::Pending {
                    stop.status = StopStatus::Skipped;
                    stop.leg = Leg::default();
                }
            }
        })
    }

    /// The route after a drop-off has failed and the parcel stays aboard: the open stops of the order are skipped, and
    /// the next hand-over of the order is the last stop. A plan may give it another place.
    #[must_use]
    pub fn with_next_hand_over(
        &self,
        order: &Order,
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        let mut next = RouteStop::open(order, StopKind::Dropoff);
        let before = self.open_stops().filter(|stop| stop.order_id != order.id);
        let origin = before.last().map(|stop| stop.location);
        let origin = origin.unwrap_or_else(|| self.position());
        if let Some(next) = &mut next {
            next.leg = estimate.leg(origin, next.location);
        }
        let mut changed = self.with_stops_changed(estimate, now, |stops| {
            for stop in stops.iter_mut() {
                if stop.order_id == order.id && stop.status == StopStatus::Pending {
                    stop.status = StopStatus::Skipped;
                    stop.leg = Leg::default();
                }
            }
            stops.extend(next);
        });
        // The path leads by the door first.
        changed.geometry = changed.geometry.map(|_| String::new());
        changed
    }

    /// Whether the agent was at this drop-off before, and comes again later.
    fn is_next_attempt(&self, next: &RouteStop) -> bool {
        let at_door = |stop: &&RouteStop| stop.kind == StopKind::Dropoff && !stop.returns;
        let failed = self.stops.iter().filter(at_door);
        let mut failed = failed.filter(|stop| stop.status == StopStatus::Skipped);
        !next.returns && failed.any(|stop| stop.order_id == next.order_id)
    }

    /// The route without the open stops of orders that another route may take. These stops are removed: a route that
    /// gave orders back again and again would otherwise grow without end. The other open stops are timed anew.
    #[must_use]
    pub fn with_orders_given_back(
        &self,
        orders: &[OrderId],
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        self.with_stops_changed(estimate, now, |stops| {
            stops.retain(|stop| {
                stop.status != StopStatus::Pending || !orders.contains(&stop.order_id)
            });
        })
    }

    /// The route with other open stops, in the sequence that a dispatcher has decided. A stop that stays keeps its leg
    /// if the agent still comes from the same place. If the first stop is another one, the agent departs at
    /// `departs_at`.
    #[must_use]
    pub fn sequenced(
        &self,
        open: Vec<RouteStop>,
        departs_at: Timestamp,
        estimate: &LegEstimate,
        now: Timestamp,
    ) -> Self {
        let visits = |stops: &[RouteStop]| -> Vec<_> {
            let open = stops.iter().filter(|it| it.status == StopStatus::Pending);
            open.map(RouteStop::visit).collect()
        };
        let (before, after) = (visits(&self.stops), visits(&open));
        let mut read = self.clone();
        if before.first() != after.first() {
            read.from = Departure {
                location: self.position(),
                at: departs_at,
            };
        }
        let mut changed = read.with_stops_changed(estimate, now, |stops| {
            stops.retain(|stop| stop.status != StopStatus::Pending);
            stops.extend(open);
        });
        if before != after {
            changed.geometry = changed.geometry.map(|_| String::new());
        }
        changed.left_in_first_step = 0;
        changed
    }

    /// Adds a decision to the history. The oldest ones make room.
    pub fn note(&mut self, decision: Decision, now: Timestamp) {
        self.decisions.push(RouteDecision { at: now, decision });
        let over = self.decisions.len().saturating_sub(MOST_ROUTE_DECISIONS);
        self.decisions.drain(..over);
    }

    /// The route with the open stops of an order as the order has them now. The stops keep their sequence and are timed
    /// anew.
    #[must_use]
    pub fn with_order_edited(&self, order: &Order, estimate: &LegEstimate, now: Timestamp) -> Self {
        self.with_stops_changed(estimate, now, |stops| {
            for stop in stops {
                if stop.order_id != order.id || stop.status != StopStatus::Pending {
                    continue;
                }
                let edited = match stop.kind {
                    StopKind::Pickup => order.pickup.clone(),
                    StopKind::Dropoff => order.hand_over(),
                };
                // An order on a route has its locations.
                stop.location = edited.location.unwrap_or(stop.location);
                stop.address = edited.address;
                stop.not_before = edited.window.map(|window| window.start);
                stop.not_after = edited.window.map(|window| window.end);
                stop.service_s = edited.service_s;
            }
        })
    }

    /// The route with its stops changed. An open stop keeps its leg, which may come from a road network, as long as
    /// it stays at its place and the agent comes from the same place; otherwise the leg is estimated. A geometry that
    /// leads by a stop without need, or to another place, is gone.
    fn with_stops_changed(
        &self,
        estimate: &LegEstimate,
        now: Timestamp,
        change: impl FnOnce(&mut Vec<RouteStop>),
    ) -> Self {
        let open_before = self.open_stops().count();
        let made_before = self.made_stops().count();
        let origins: Vec<_> = self
            .origins()
            .zip(self.open_stops())
            .map(|(origin, stop)| (stop.order_id, stop.kind, (origin, stop.location)))
            .collect();
        let mut changed = self.changed(now);
        change(&mut changed.stops);
        let way_before = |stop: &RouteStop| {
            let same = |(order_id, kind, _): &&(OrderId, StopKind, (Coordinates, Coordinates))| {
                (*order_id, *kind) == (stop.order_id, stop.kind)
            };
            origins.iter().find(same).map(|(_, _, way)| *way)
        };
        let mut origin = changed.position();
        let mut leads_elsewhere = false;
        for stop in &mut changed.stops {
            if stop.status != StopStatus::Pending {
                continue;
            }
            let before = way_before(stop);
            leads_elsewhere |= before.is_some_and(|(_, to)| to != stop.location);
            if before != Some((origin, stop.location)) {
                stop.leg = estimate.leg(origin, stop.location);
            }
            origin = stop.location;
        }
        let taken_off = open_before.saturating_sub(changed.open_stops().count());
        if leads_elsewhere || taken_off > changed.made_stops().count() - made_before {
            changed.geometry = changed.geometry.map(|_| String::new());
        }
        changed.time_open_stops(now);
        changed.settle();
        changed
    }

    /// Times the open stops anew, from the stop that was made last. No open stop is expected before `now`.
    fn time_open_stops(&mut self, now: Timestamp) {
        let departs_at = depart(&self.breaks, self.departure().at);
        self.time_open_stops_from(departs_at, None, now);
    }

    /// Times the open stops anew. The first leg may take another time than the leg of the plan.
    fn time_open_stops_from(
        &mut self,
        departs_at: Timestamp,
        mut first_leg_s: Option<u32>,
        now: Timestamp,
    ) {
        let mut at = departs_at;
        for stop in &mut self.stops {
            if stop.status == StopStatus::Pending {
                let leg_s = first_leg_s.take().unwrap_or(stop.leg.duration_s);
                let arrival = drive(&self.breaks, at, leg_s).max(now);
                (stop.eta, at) = serve(&self.breaks, arrival, stop.not_before, stop.service_s);
            }
        }
    }

    /// The route with its open stops timed from the place where the agent was seen. A stop that was made later says
    /// more, and then the route stays as it is. An agent who has made no stop does not start before the plan says so.
    #[must_use]
    pub fn timed_from(mut self, seen: Departure, estimate: &LegEstimate) -> Self {
        let made = self.made_stops().filter_map(|stop| stop.done_at).max();
        let Some(next) = self.open_stops().next() else {
            return self;
        };
        if made.is_some_and(|made| seen.at < made) {
            return self;
        }
        let way = (self.position(), next.location);
        let left_s = estimate.rest_of_leg(next.leg.duration_s, way, seen.location);
        let ready = match made {
            Some(_) => seen.at,
            None => seen.at.max(self.from.at),
        };
        self.time_open_stops_from(drives_on(&self.breaks, ready), Some(left_s), ready);
        self
    }

    /// The route as it is expected to go on at `now`. An open stop that is overdue is expected now, and it pushes the
    /// stops after it back: no open stop is in the past.
    #[must_use]
    pub fn expected_at(mut self, now: Timestamp) -> Self {
        let full_second = TimestampRound::new()
            .smallest(Unit::Second)
            .mode(RoundMode::Ceil);
        let now = now.round(full_second).unwrap_or(now);
        let mut free_at = None;
        for stop in &mut self.stops {
            if stop.status == StopStatus::Pending {
                let earliest =
                    free_at.map_or(now, |at| drive(&self.breaks, at, stop.leg.duration_s));
                let arrival = stop.eta.max(earliest);
                let (begin, free) = serve(&self.breaks, arrival, None, stop.service_s);
                (stop.eta, free_at) = (begin, Some(free));
            }
        }
        self
    }

    fn made_stops(&self) -> impl Iterator<Item = &RouteStop> {
        self.stops
            .iter()
            .filter(|stop| stop.status == StopStatus::Done)
    }

    /// Where the agent comes from to each open stop, in driving order.
    fn origins(&self) -> impl Iterator<Item = Coordinates> {
        let before = self.open_stops().map(|stop| stop.location);
        std::iter::once(self.position()).chain(before)
    }

    /// Sets the status of the route from the status of its stops.
    fn settle(&mut self) {
        let any = |status| self.stops.iter().any(|stop| stop.status == status);
        let delivered = self.stops.iter().any(|stop| {
            stop.kind == StopKind::Dropoff && stop.status == StopStatus::Done && !stop.returns
        });
        self.status = match (any(StopStatus::Pending), any(StopStatus::Done)) {
            (true, false) => RouteStatus::Assigned,
            (true, true) => RouteStatus::InProgress,
            (false, _) if delivered => RouteStatus::Completed,
            (false, _) => RouteStatus::Cancelled,
        };
    }
}

fn once_each<'a>(stops: impl Iterator<Item = &'a RouteStop>) -> Vec<OrderId> {
    let mut orders = Vec::new();
    for stop in stops {
        if !orders.contains(&stop.order_id) {
            orders.push(stop.order_id);
        }
    }
    orders
}
