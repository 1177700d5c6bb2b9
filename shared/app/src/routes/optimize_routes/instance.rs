//! From the records of a zone to a planning instance.

use std::collections::HashMap;
use std::time::Duration;

use domain::breaks::{depart, drive};
use domain::route::{Departure, MOST_OPEN_ORDERS};
use domain::stop::StopDraft;
use domain::{
    AgentProfile, Break, Coordinates, DispatchRules, LegEstimate, Order, OrderStatus, Route,
    RouteStop, Skills, StopKind, TimeWindow, Timestamp, UnplacedReason, User,
};
use jiff::SignedDuration;

use crate::ports::{PlanAnswer, PlanRequest, PlannedRoute};

/// Ten years. A moment that is further off counts as this far: a window may end in the year 9999, and the planner does
/// not count so far.
const FURTHEST_S: i64 = 10 * 366 * 24 * 3600;

/// The breaks of a longer time ago are over.
const DAY_S: i64 = 24 * 3600;
/// The breaks of a later time are no matter of this plan.
const MONTH_S: i64 = 30 * DAY_S;
/// The place of who or what has none. No plan goes there.
const NOWHERE: Coordinates = Coordinates { lat: 0.0, lon: 0.0 };

/// An agent who takes part, with the open route and the orders that have a stop left on it.
#[derive(Debug, Clone)]
pub(super) struct Crew {
    pub(super) agent: User,
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

    /// An agent with an open route. `None` if the route and the orders do not fit together, because somebody changed
    /// them while they were read.
    pub(super) fn under_way(agent: User, route: Route, orders: Vec<Order>) -> Option<Self> {
        let open = route.open_orders();
        let fits = |order: &Order| {
            let fits = if is_aboard(&route, order) {
                order.status.is_aboard()
            } else {
                order.status == OrderStatus::Assigned
            };
            fits && order.assignment.is_some_and(|on| on.route_id == route.id)
        };
        let whole = route.status.is_open() && orders.len() == open.len() && orders.iter().all(fits);
        whole.then_some(Self {
            agent,
            under_way: Some((route, orders)),
        })
    }

    pub(super) fn route(&self) -> Option<&Route> {
        self.under_way.as_ref().map(|(route, _)| route)
    }

    pub(super) fn profile(&self) -> Option<&AgentProfile> {
        self.agent.agent.as_ref()
    }

    pub(super) fn position(&self) -> Option<Coordinates> {
        match self.route() {
            Some(route) => Some(route.position()),
            None => self.profile()?.position,
        }
    }

    /// The number of places that a plan has of the crew: its start, and two for each order.
    pub(super) fn points(&self) -> usize {
        1 + 2 * self.open_orders().len()
    }

    /// The number of further orders that the route may take.
    pub(super) fn room(&self) -> usize {
        self.route().map_or(MOST_OPEN_ORDERS, Route::room)
    }

    fn open_orders(&self) -> &[Order] {
        self.under_way.as_ref().map_or(&[], |(_, orders)| orders)
    }

    /// The next stop, if every plan of the route begins with it, because the agent may be on the way.
    fn frozen_stop(&self, rules: &DispatchRules, now: Timestamp) -> Option<&RouteStop> {
        self.route()?.frozen_stop(rules.freeze, now)
    }

    /// Whether another agent could take an order of the route.
    pub(super) fn has_movable_orders(&self, rules: &DispatchRules, now: Timestamp) -> bool {
        let fixed = self.fixed_stops(rules, now);
        let is_fixed = |order: &Order| fixed.iter().any(|stop| stop.order_id == order.id);
        self.open_orders().iter().any(|order| {
            order.status == OrderStatus::Assigned && !order.decided.pinned && !is_fixed(order)
        })
    }

    /// The stops with which every plan of the route begins: the frozen one, and those that a dispatcher has pinned.
    fn fixed_stops(&self, rules: &DispatchRules, now: Timestamp) -> Vec<&RouteStop> {
        let frozen = usize::from(self.frozen_stop(rules, now).is_some());
        let pinned = self.route().map_or(0, Route::pinned_through);
        let open = self.route().into_iter().flat_map(Route::open_stops);
        open.take(frozen.max(pinned)).collect()
    }
}

fn is_aboard(route: &Route, order: &Order) -> bool {
    let mut stops = route.open_stops().filter(|stop| stop.order_id == order.id);
    stops.all(|stop| stop.kind == StopKind::Dropoff)
}

/// A planning instance with the records that it was made from.
///
/// In the request, the orders that are on routes come first, crew by crew, and then the pending ones.
pub(super) struct ZoneInstance {
    /// The moment of planning, second 0 of the request.
    pub(super) now: Timestamp,
    pub(super) crews: Vec<Crew>,
    orders: Vec<Order>,
    /// The crews of the orders that are on routes. The other orders are pending.
    crew_of: Vec<usize>,
    rules: DispatchRules,
    estimate: LegEstimate,
}

impl ZoneInstance {
    /// An instance with these pending orders and crews.
    pub(super) fn of(
        mut pending: Vec<Order>,
        crews: Vec<Crew>,
        now: Timestamp,
        rules: DispatchRules,
        estimate: LegEstimate,
    ) -> Self {
        let (mut orders, mut crew_of) = (Vec::new(), Vec::new());
        for (index, crew) in crews.iter().enumerate() {
            orders.extend_from_slice(crew.open_orders());
            crew_of.resize(orders.len(), index);
        }
        orders.append(&mut pending);
        Self {
            // Legs and windows are counted in whole seconds, so the moment of planning is one too.
            now: next_full_second(now),
            crews,
            orders,
            crew_of,
            rules,
            estimate,
        }
    }

    /// An order of the request.
    pub(super) fn order(&self, index: usize) -> Option<&Order> {
        self.orders.get(index)
    }

    /// The crew that has the order now. `None` for a pending order.
    pub(super) fn crew_of(&self, order: usize) -> Option<usize> {
        self.crew_of.get(order).copied()
    }

    /// The number of orders in the request, those on routes first.
    pub(super) fn orders(&self) -> usize {
        self.orders.len()
    }

    /// The instance as the provider needs it.
    pub(super) fn request(&self, time_limit: Duration) -> PlanRequest {
        let mut places = Places::default();
        let mut orders: Vec<planner::Order> = (0..self.orders.len())
            .map(|index| self.planner_order(index, &mut places))
            .collect();
        let mut vehicles = Vec::with_capacity(self.crews.len());
        for (index, crew) in self.crews.iter().enumerate() {
            let vehicle = self.planner_vehicle(crew, &mut places);
            for (order, _) in &vehicle.frozen {
                orders[*order].pinned_to = Some(index);
            }
            vehicles.push(vehicle);
        }
        PlanRequest {
            at: self.now,
            places: places.listed,
            vehicles,
            orders,
            objective: planner::Objective {
                waiting_weight_milli: self.rules.waiting_weight_milli,
                move_cost: self.rules.move_s.into(),
                ..planner::Objective::duration()
            },
            time_limit,
        }
    }

    fn planner_order(&self, index: usize, places: &mut Places) -> planner::Order {
        let order = &self.orders[index];
        let pickup = self.planner_stop(&order.pickup, places);
        let dropoff = self.planner_stop(&order.hand_over(), places);
        let mut planned = planner::Order::new(pickup, dropoff, order.size);
        planned.waiting_since_s = self.second_from(order.created_at);
        planned.urgency = order.priority.urgency();
        planned.promise_s = Some(self.rules.promise.as_secs());
        let mut allowed = self.crews_with(&order.requires);
        let refused = &order.decided.refused_agents;
        if !refused.is_empty() {
            let all = || (0..self.crews.len()).collect();
            let candidates: &mut Vec<usize> = allowed.get_or_insert_with(all);
            candidates.retain(|crew| !refused.contains(&self.crews[*crew].agent.id));
        }
        if order.zone.is_none() {
            // Nobody reads such an order for a plan. If somebody does, no vehicle takes it.
            allowed = Some(Vec::new());
        }
        planned.allowed_vehicles = allowed;
        if order.was_late_on_a_route() {
            // Late is better than never.
            let ends = [planned.pickup.as_mut(), Some(&mut planned.dropoff)];
            for window in ends
                .into_iter()
                .flatten()
                .filter_map(|it| it.window.as_mut())
            {
                window.latest_s = FURTHEST_S;
            }
        }
        if let Some(crew) = self.crew_of(index) {
            planned.committed = true;
            planned.current_vehicle = Some(crew);
            if order.status.is_aboard() {
                planned.pickup = None;
            }
            if order.status.is_aboard() || order.decided.pinned {
                planned.pinned_to = Some(crew);
            }
        }
        planned
    }

    /// The crews whose agents have all these skills. `None` if no skill is required, so any crew will do.
    fn crews_with(&self, required: &Skills) -> Option<Vec<usize>> {
        if required.is_empty() {
            return None;
        }
        let has_all = |crew: &Crew| {
            let profile = crew.profile();
            profile.is_some_and(|profile| profile.skills.is_superset(required))
        };
        let crews = self.crews.iter().enumerate();
        Some(
            crews
                .filter(|(_, crew)| has_all(crew))
                .map(|it| it.0)
                .collect(),
        )
    }

    /// Whether a crew has the skills for the order, refused or not.
    fn has_skilled_crew(&self, order: &Order) -> bool {
        let skilled = self.crews_with(&order.requires);
        skilled.is_none_or(|skilled| !skilled.is_empty())
    }

    fn planner_stop(&self, stop: &StopDraft, places: &mut Places) -> planner::PlannerStop {
        planner::PlannerStop {
            point: places.index_of(stop.location.unwrap_or(NOWHERE)),
            window: stop.window.map(|window| self.planner_window(window)),
            service_s: stop.service_s.into(),
        }
    }

    fn planner_vehicle(&self, crew: &Crew, places: &mut Places) -> planner::Vehicle {
        let shift = crew.profile().and_then(|profile| profile.shift);
        let capacity = crew.profile().map_or(0, |profile| profile.capacity);
        // An agent who is available has a position; without one there is nothing to plan from.
        let start = crew.position().unwrap_or(NOWHERE);
        let shift = planner::Shift {
            start_s: shift.map_or(0, |shift| self.second_from(shift.start).max(0)),
            // Without a shift, an agent works as long as needed.
            end_s: shift.map_or(FURTHEST_S, |shift| self.second_until(shift.end)),
        };
        let mut vehicle = planner::Vehicle::new(places.index_of(start), capacity, shift);
        vehicle.breaks = breaks_of(crew)
            .iter()
            .map(|pause| planner::Break {
                window: self.planner_window(pause.window),
                duration_s: pause.duration_s.into(),
            })
            // Moments that are far off are not told apart, so such breaks would overlap.
            .filter(|pause| pause.window.earliest_s > -DAY_S && pause.window.latest_s < MONTH_S)
            .collect();
        if let Some(rested) = resting_until(breaks_of(crew), self.time_of(vehicle.shift.start_s)) {
            vehicle.shift.start_s = self.second_from(rested);
        }
        vehicle.max_orders = u32::try_from(crew.open_orders().len() + crew.room()).ok();
        let fixed = crew.fixed_stops(&self.rules, self.now);
        if let Some(departure) = self.under_way_since(crew) {
            vehicle.shift.start_s = self.second_from(departure.at);
        }
        let open = crew.route().into_iter().flat_map(Route::open_stops);
        vehicle.planned = open
            .skip(fixed.len())
            .filter_map(|stop| self.planner_visit(stop))
            .collect();
        vehicle.frozen = fixed
            .into_iter()
            .filter_map(|stop| self.planner_visit(stop))
            .collect();
        vehicle
    }

    /// A stop of an open route as the planner names it.
    fn planner_visit(&self, stop: &RouteStop) -> Option<(usize, planner::StopKind)> {
        let on_routes = &self.orders[..self.crew_of.len()];
        let index = on_routes.iter().position(|it| it.id == stop.order_id)?;
        Some((index, planner_kind(stop.kind)))
    }

    /// Seconds from the moment of planning to the first full second that is not before `time`.
    fn second_from(&self, time: Timestamp) -> i64 {
        let early = time.duration_since(self.now);
        let second = early.as_secs() + i64::from(early.subsec_nanos() > 0);
        second.clamp(-FURTHEST_S, FURTHEST_S)
    }

    /// Seconds from the moment of planning to the last full second that is not after `time`.
    fn second_until(&self, time: Timestamp) -> i64 {
        let late = time.duration_since(self.now);
        let second = late.as_secs() - i64::from(late.subsec_nanos() < 0);
        second.clamp(-FURTHEST_S, FURTHEST_S)
    }

    /// A window in whole seconds. A window that lies within a single second is that second.
    fn planner_window(&self, window: TimeWindow) -> planner::Window {
        let earliest_s = self.second_from(window.start);
        planner::Window {
            earliest_s,
            latest_s: self.second_until(window.end).max(earliest_s),
        }
    }

    /// The moment that is this number of seconds from the moment of planning.
    pub(super) fn time_of(&self, second: i64) -> Timestamp {
        self.now
            .saturating_add(SignedDuration::from_secs(second))
            .unwrap_or(self.now)
    }

    /// Where and when a planned route of the crew starts.
    pub(super) fn departure(&self, crew: usize) -> Option<Departure> {
        let crew = self.crews.get(crew)?;
        if let Some(departure) = self.under_way_since(crew) {
            return Some(departure);
        }
        let shift_start = crew.profile()?.shift.map_or(self.now, |shift| shift.start);
        let at = self.now.max(shift_start);
        Some(Departure {
            location: crew.position()?,
            at: resting_until(breaks_of(crew), at).unwrap_or(at),
        })
    }

    /// The breaks of a crew.
    pub(super) fn breaks(&self, crew: usize) -> Vec<Break> {
        let crew = self.crews.get(crew);
        crew.map_or(&[][..], breaks_of).to_vec()
    }

    /// The departure of an agent who drives to a frozen stop. It is in the past. An agent who should be at the stop
    /// already arrives now.
    fn under_way_since(&self, crew: &Crew) -> Option<Departure> {
        let next = crew.frozen_stop(&self.rules, self.now)?;
        let departure = crew.route()?.departure();
        // The route knows the leg from its planner, and the next planner may know another one. With the shorter of the
        // two, the arrival is never in the past.
        let estimated = self.estimate.leg(departure.location, next.location);
        let known_s = next.leg.duration_s;
        let leg_s = known_s.min(estimated.duration_s);
        let breaks = breaks_of(crew);
        let later_s = SignedDuration::from_secs((known_s - leg_s).into());
        let ready = departure.at + later_s;
        let arrival = drive(breaks, depart(breaks, ready), leg_s);
        let latest = self
            .now
            .saturating_sub(SignedDuration::from_secs(leg_s.into()));
        Some(Departure {
            at: if arrival < self.now {
                latest.unwrap_or(self.now)
            } else {
                ready
            },
            ..departure
        })
    }

    /// The planned route of each crew. `None` if the crew does not drive.
    pub(super) fn planned_routes<'a>(
        &self,
        answer: &'a PlanAnswer,
    ) -> Vec<Option<&'a PlannedRoute>> {
        let mut routes = vec![None; self.crews.len()];
        for route in &answer.routes {
            if let Some(planned) = routes.get_mut(route.vehicle) {
                *planned = Some(route);
            }
        }
        routes
    }

    /// Why an order without a time window found no place, although the vehicles have room for it.
    fn without_a_window(&self) -> UnplacedReason {
        let mut profiles = self.crews.iter().filter_map(Crew::profile);
        if profiles.any(|profile| profile.shift.is_some()) {
            UnplacedReason::OutsideShifts
        } else {
            // Somebody could take it. The search has not found that in its time.
            UnplacedReason::OverCapacity
        }
    }

    /// The pending orders that found no place, with the reason. `others` says whether crews were left out.
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
            .filter(|left| self.crew_of(left.order).is_none());
        left_over
            .filter_map(|left| {
                let order = self.order(left.order)?.clone();
                let reason = match for_all.unwrap_or(left.reason) {
                    // The crews that were left out may have the skills.
                    UnplacedReason::NoAgentWithSkills if others => UnplacedReason::OverCapacity,
                    UnplacedReason::NoAgentWithSkills if self.has_skilled_crew(&order) => {
                        UnplacedReason::OnlyRefusedAgents
                    }
                    UnplacedReason::OutsideTimeWindows if order.last_chance().is_none() => {
                        self.without_a_window()
                    }
                    reason => reason,
                };
                Some((order, reason))
            })
            .collect()
    }
}

fn breaks_of(crew: &Crew) -> &[Break] {
    crew.profile().map_or(&[], |profile| &profile.breaks)
}

/// The end of the break that an idle agent has at this time. Such an agent rests since the break is due.
fn resting_until(breaks: &[Break], at: Timestamp) -> Option<Timestamp> {
    let pause = breaks.iter().find(|pause| pause.is_under_way(at))?;
    let length = SignedDuration::from_secs(pause.duration_s.into());
    pause.window.start.saturating_add(length).ok()
}

/// The time itself if it is on a full second, or else the next one.
fn next_full_second(time: Timestamp) -> Timestamp {
    let rest = SignedDuration::from_nanos(time.subsec_nanosecond().into());
    let second = SignedDuration::from_secs(i64::from(!rest.is_zero()));
    time.saturating_add(second - rest).unwrap_or(time)
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
