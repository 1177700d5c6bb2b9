//! From records to a planning problem, and from a plan back to records.

use std::collections::HashMap;
use std::time::Duration;

use domain::route::{Departure, MOST_ORDERS};
use domain::{
    AgentProfile, Coordinates, Leg, Order, OrderStatus, OrderStop, Route, RouteStatus, RouteStop,
    StopKind, StopStatus, TimeWindow, Timestamp, UnplacedReason, User,
};
use jiff::SignedDuration;

use crate::ports::{
    AgentPart, Changeset, Ids, PlanAnswer, PlanRequest, PlannedRoute, PlannedVisit,
};

/// Ten years: to a plan, whatever lies further off than that lies at that distance. A window may end in the year 9999,
/// and the planner does not count that far.
const FURTHEST_S: i64 = 10 * 366 * 24 * 3600;

/// An agent who takes part, with the open route and the orders that have a stop left on it.
#[derive(Debug, Clone)]
pub(super) struct Crew {
    agent: User,
    under_way: Option<(Route, Vec<Order>)>,
}

impl Crew {
    /// An agent without a route.
    pub(super) fn free(agent: User) -> Self {
        Self {
            agent,
            under_way: None,
        }
    }

    /// An agent with an open route; none if route and orders do not fit together, because somebody changed them
    /// while they were read.
    pub(super) fn under_way(agent: User, route: Route, orders: Vec<Order>) -> Option<Self> {
        let open = route.open_orders();
        let fits = |order: &Order| {
            let status = if is_aboard(&route, order) {
                OrderStatus::InProgress
            } else {
                OrderStatus::Assigned
            };
            order.status == status && order.assignment.is_some_and(|on| on.route_id == route.id)
        };
        let whole = route.status.is_open() && orders.len() == open.len() && orders.iter().all(fits);
        whole.then_some(Self {
            agent,
            under_way: Some((route, orders)),
        })
    }

    fn profile(&self) -> Option<&AgentProfile> {
        self.agent.agent.as_ref()
    }

    fn position(&self) -> Option<Coordinates> {
        match &self.under_way {
            Some((route, _)) => Some(route.position()),
            None => self.profile()?.position,
        }
    }

    /// The places that a plan has of it: where it starts, and two for each order.
    fn points(&self) -> usize {
        1 + 2 * self.open_orders().len()
    }

    /// How many more orders the route may take in its life.
    fn orders_left(&self) -> usize {
        let had = self
            .under_way
            .as_ref()
            .map_or(0, |(route, _)| route.lifetime_orders());
        MOST_ORDERS.saturating_sub(had)
    }

    fn open_orders(&self) -> &[Order] {
        self.under_way.as_ref().map_or(&[], |(_, orders)| orders)
    }
}

/// The crews that can take another order, those with the shortest routes first, as many as make up at most so many
/// points; and how many are left out. Whatever routes there are, a plan has room for orders.
pub(super) fn with_room(mut crews: Vec<Crew>, most_points: usize) -> (Vec<Crew>, usize) {
    let all = crews.len();
    crews.retain(|crew| crew.orders_left() > 0);
    crews.sort_by_key(|crew| crew.points());
    let mut points = 0;
    crews.retain(|crew| {
        points += crew.points();
        points <= most_points
    });
    let left_out = all - crews.len();
    (crews, left_out)
}

fn is_aboard(route: &Route, order: &Order) -> bool {
    let mut stops = route.open_stops().filter(|stop| stop.order_id == order.id);
    stops.all(|stop| stop.kind == StopKind::Dropoff)
}

/// A planning problem with the records that it was made from.
///
/// In the request, the orders that are on routes come first, crew by crew, then the pending ones.
pub(super) struct Problem {
    now: Timestamp,
    horizon: SignedDuration,
    crews: Vec<Crew>,
    pending: Vec<Order>,
    left_for_next: usize,
}

impl Problem {
    /// Takes as many of the pending orders, in their order, as a plan of so many points has room for.
    pub(super) fn of(
        mut pending: Vec<Order>,
        crews: Vec<Crew>,
        now: Timestamp,
        horizon: SignedDuration,
        most_points: usize,
    ) -> Self {
        // Legs and windows are counted in whole seconds, so the moment of planning is one too.
        let now = next_full_second(now);
        let taken: usize = crews.iter().map(Crew::points).sum();
        let room = most_points.saturating_sub(taken) / 2;
        let left_for_next = pending.len().saturating_sub(room);
        pending.truncate(room);
        Self {
            now,
            horizon,
            crews,
            pending,
            left_for_next,
        }
    }

    pub(super) fn left_for_next(&self) -> usize {
        self.left_for_next
    }

    fn committed(&self) -> usize {
        self.crews.iter().map(|crew| crew.open_orders().len()).sum()
    }

    fn order(&self, index: usize) -> Option<&Order> {
        let on_routes = self.crews.iter().flat_map(Crew::open_orders);
        on_routes.chain(&self.pending).nth(index)
    }

    /// The problem as the provider needs it.
    pub(super) fn request(&self, time_limit: Duration) -> PlanRequest {
        let mut places = Places::default();
        let mut orders = Vec::with_capacity(self.committed() + self.pending.len());
        let mut vehicles = Vec::with_capacity(self.crews.len());
        for (vehicle, crew) in self.crews.iter().enumerate() {
            let first = orders.len();
            for order in crew.open_orders() {
                let aboard = crew
                    .under_way
                    .as_ref()
                    .is_some_and(|(route, _)| is_aboard(route, order));
                let mut planned = self.planner_order(order, &mut places);
                planned.pinned_to = Some(vehicle);
                planned.committed = true;
                if aboard {
                    planned.pickup = None;
                }
                orders.push(planned);
            }
            vehicles.push(self.planner_vehicle(crew, first, &mut places));
        }
        for order in &self.pending {
            orders.push(self.planner_order(order, &mut places));
        }
        PlanRequest {
            at: self.now,
            places: places.listed,
            vehicles,
            orders,
            time_limit,
        }
    }

    fn planner_order(&self, order: &Order, places: &mut Places) -> planner::Order {
        let pickup = self.planner_stop(&order.pickup, places);
        let dropoff = self.planner_stop(&order.dropoff, places);
        planner::Order::new(pickup, dropoff, order.size)
    }

    fn planner_stop(&self, stop: &OrderStop, places: &mut Places) -> planner::PlannerStop {
        planner::PlannerStop {
            point: places.index_of(stop.location),
            window: stop.window.map(|window| self.planner_window(window)),
            service_s: stop.service_s.into(),
        }
    }

    fn planner_vehicle(
        &self,
        crew: &Crew,
        first_order: usize,
        places: &mut Places,
    ) -> planner::Vehicle {
        let shift = crew.profile().and_then(|profile| profile.shift);
        let capacity = crew.profile().map_or(0, |profile| profile.capacity);
        // Who is available has a position; without one there is nothing to plan from.
        let start = crew
            .position()
            .unwrap_or(Coordinates { lat: 0.0, lon: 0.0 });
        let shift = planner::Shift {
            start_s: shift.map_or(0, |shift| self.second_from(shift.start).max(0)),
            end_s: shift.map_or(self.horizon.as_secs(), |shift| self.second_until(shift.end)),
        };
        let mut vehicle = planner::Vehicle::new(places.index_of(start), capacity, shift);
        let most = crew.open_orders().len() + crew.orders_left();
        vehicle.max_orders = u32::try_from(most).ok();
        if let Some((route, orders)) = &crew.under_way
            && route.status == RouteStatus::InProgress
            && let Some(next) = route.open_stops().next()
            && let Some(index) = orders.iter().position(|order| order.id == next.order_id)
        {
            vehicle.frozen = vec![(first_order + index, planner_kind(next.kind))];
        }
        vehicle
    }

    /// Seconds from the moment of planning to the first full one that is not before `time`.
    fn second_from(&self, time: Timestamp) -> i64 {
        let early = time.duration_since(self.now);
        let second = early.as_secs() + i64::from(early.subsec_nanos() > 0);
        second.clamp(-FURTHEST_S, FURTHEST_S)
    }

    /// Seconds from the moment of planning to the last full one that is not after `time`.
    fn second_until(&self, time: Timestamp) -> i64 {
        let late = time.duration_since(self.now);
        let second = late.as_secs() - i64::from(late.subsec_nanos() < 0);
        second.clamp(-FURTHEST_S, FURTHEST_S)
    }

    /// A window in whole seconds; one that lies within a single second is that second.
    fn planner_window(&self, window: TimeWindow) -> planner::Window {
        let earliest_s = self.second_from(window.start);
        planner::Window {
            earliest_s,
            latest_s: self.second_until(window.end).max(earliest_s),
        }
    }

    /// The moment that is so many seconds from that of planning.
    fn time_of(&self, second: i64) -> Timestamp {
        self.now
            .saturating_add(SignedDuration::from_secs(second))
            .unwrap_or(self.now)
    }

    /// What is to be committed: a change for each route that gains orders. A route that gains nothing stays as it is:
    /// nobody wants their next stops moved about for nothing.
    pub(super) fn changes(&self, answer: &PlanAnswer, ids: &dyn Ids) -> Vec<Changeset> {
        let gains = |route: &&PlannedRoute| {
            route
                .visits
                .iter()
                .any(|visit| visit.order >= self.committed())
        };
        let gaining = answer.routes.iter().filter(gains);
        gaining
            .filter_map(|planned| self.change(planned, answer.provider, ids))
            .collect()
    }

    fn change(
        &self,
        planned: &PlannedRoute,
        provider: &'static str,
        ids: &dyn Ids,
    ) -> Option<Changeset> {
        let crew = self.crews.get(planned.vehicle)?;
        let shift_start = crew.profile()?.shift.map_or(self.now, |shift| shift.start);
        let from = Departure {
            location: crew.position()?,
            at: self.now.max(shift_start),
        };
        let open: Option<Vec<RouteStop>> = planned.visits.iter().map(|v| self.stop(v)).collect();
        let open = open?;
        let route = match &crew.under_way {
            Some((route, _)) => {
                let mut changed = route.changed(self.now);
                changed
                    .stops
                    .retain(|stop| stop.status != StopStatus::Pending);
                changed.stops.extend(open);
                changed.from = from;
                // Where this planner has none, that of the plan before leads elsewhere.
                let none = changed.geometry.map(|_| String::new());
                changed.geometry = planned.geometry.clone().or(none);
                changed.provider = provider.to_owned();
                changed
            }
            None => Route {
                id: ids.route_id(),
                agent_id: crew.agent.id,
                status: RouteStatus::Assigned,
                from,
                stops: open,
                provider: provider.to_owned(),
                geometry: planned.geometry.clone(),
                created_at: self.now,
                updated_at: self.now,
                version: 1,
            },
        };
        let gained = planned
            .visits
            .iter()
            .filter(|visit| visit.kind == StopKind::Pickup && visit.order >= self.committed());
        let orders: Vec<Order> = gained
            .filter_map(|visit| {
                let order = self.order(visit.order)?;
                order.assigned(crew.agent.id, route.id, self.now).ok()
            })
            .collect();
        Some(Changeset {
            orders,
            agent: Some(agent_with_route(&crew.agent, &route, self.now)),
            route: Some(route),
        })
    }

    fn stop(&self, visit: &PlannedVisit) -> Option<RouteStop> {
        let order = self.order(visit.order)?;
        let stop = match visit.kind {
            StopKind::Pickup => &order.pickup,
            StopKind::Dropoff => &order.dropoff,
        };
        Some(RouteStop {
            kind: visit.kind,
            order_id: order.id,
            location: stop.location,
            address: stop.address.clone(),
            eta: self.time_of(visit.begin_s),
            not_before: stop.window.map(|window: TimeWindow| window.start),
            service_s: stop.service_s,
            leg: Leg {
                distance_m: visit.distance_m,
                duration_s: visit.duration_s,
            },
            status: StopStatus::Pending,
            done_at: None,
        })
    }

    /// The pending orders that found no place, with the reason; `others` says whether agents were left out who have no
    /// room.
    pub(super) fn unplaced(
        &self,
        answer: &PlanAnswer,
        others: bool,
    ) -> Vec<(Order, UnplacedReason)> {
        let for_all = match (self.crews.is_empty(), others) {
            (true, false) => Some(UnplacedReason::NoAgentOnDuty),
            (true, true) => Some(UnplacedReason::OverCapacity),
            (false, _) => None,
        };
        let left_over = answer
            .unplaced
            .iter()
            .filter(|u| u.order >= self.committed());
        left_over
            .filter_map(|left| {
                let reason = for_all.unwrap_or(left.reason);
                Some((self.order(left.order)?.clone(), reason))
            })
            .collect()
    }
}

/// The time itself if it is on a full second, or else the next one.
fn next_full_second(time: Timestamp) -> Timestamp {
    let rest = SignedDuration::from_nanos(time.subsec_nanosecond().into());
    let second = SignedDuration::from_secs(i64::from(!rest.is_zero()));
    time.saturating_add(second - rest).unwrap_or(time)
}

/// A new route takes the agent; on an open one, the agent only has to be as read: active and on duty.
fn agent_with_route(agent: &User, route: &Route, now: Timestamp) -> AgentPart {
    if route.version > 1 {
        return AgentPart::Unchanged(agent.clone());
    }
    let mut changed = agent.changed(now);
    if let Some(profile) = &mut changed.agent {
        profile.open_route_id = Some(route.id);
    }
    AgentPart::Changed(changed)
}

fn planner_kind(kind: StopKind) -> planner::StopKind {
    match kind {
        StopKind::Pickup => planner::StopKind::Pickup,
        StopKind::Dropoff => planner::StopKind::Dropoff,
    }
}

/// Places, each listed once: a shop with fifty orders is one row of the travel matrix.
#[derive(Default)]
struct Places {
    listed: Vec<Coordinates>,
    index: HashMap<(u64, u64), usize>,
}

impl Places {
    fn index_of(&mut self, place: Coordinates) -> usize {
        let key = (place.lat.to_bits(), place.lon.to_bits());
        *self.index.entry(key).or_insert_with(|| {
            self.listed.push(place);
            self.listed.len() - 1
        })
    }
}
