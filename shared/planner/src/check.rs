//! The oracle: it checks that a plan keeps the rules of its instance. It shares no code with the search, so that
//! neither can hide a mistake of the other.

use crate::instance::{Break, Instance, Order, PlannerStop, StopKind, TravelCost, Vehicle};
use crate::plan::{Plan, Route, TimedBreak};
use crate::violation::{Violation, ViolationKind as Kind};

/// Checks any plan, also one that was made elsewhere.
///
/// Each stop must happen as soon as possible. [`Plan::timed`] computes such times for a sequence of stops.
///
/// # Errors
///
/// All violations.
pub fn check(instance: &Instance, plan: &Plan) -> Result<(), Vec<Violation>> {
    let mut oracle = Oracle {
        instance,
        found: Vec::new(),
        seen: vec![Seen::default(); instance.orders().len()],
        totals: Totals::default(),
    };
    let mut has_route = vec![false; instance.vehicles().len()];
    for route in &plan.routes {
        match has_route.get_mut(route.vehicle) {
            None => oracle.add(Some(route.vehicle), None, Kind::NoSuchVehicle),
            Some(taken) => {
                if std::mem::replace(taken, true) {
                    oracle.add(Some(route.vehicle), None, Kind::SecondRoute);
                }
                oracle.route(route);
            }
        }
    }
    oracle.unserved(plan);
    oracle.totals(plan);
    if oracle.found.is_empty() {
        Ok(())
    } else {
        Err(oracle.found)
    }
}

/// Where an order was found in the plan.
#[derive(Clone, Copy, Default)]
struct Seen {
    pickup: Option<usize>,
    dropoff: Option<usize>,
    unserved: bool,
}

/// The sums over all routes, computed from their stops.
#[derive(Clone, Copy, Default)]
struct Totals {
    waiting_s: i64,
    moves: i64,
    cost_milli: i64,
}

struct Oracle<'a> {
    instance: &'a Instance,
    found: Vec<Violation>,
    seen: Vec<Seen>,
    totals: Totals,
}

impl Oracle<'_> {
    fn add(&mut self, vehicle: Option<usize>, order: Option<usize>, kind: Kind) {
        self.found.push(Violation {
            vehicle,
            order,
            kind,
        });
    }

    fn count(&mut self, vehicle: Option<usize>, what: &'static str, found: i64, expected: i64) {
        if found != expected {
            let kind = Kind::WrongNumber {
                what,
                found,
                expected,
            };
            self.add(vehicle, None, kind);
        }
    }

    fn route(&mut self, route: &Route) {
        let v = route.vehicle;
        if route.stops.is_empty() {
            self.add(Some(v), None, Kind::NoStops);
            return;
        }
        let mut known = true;
        for stop in &route.stops {
            if stop.order >= self.instance.orders().len() {
                self.add(Some(v), Some(stop.order), Kind::NoSuchOrder);
                known = false;
            }
        }
        if known {
            self.orders(route);
            self.loads(route);
            self.times(route);
        }
    }

    /// Checks the sequence of stops and the orders of a route.
    fn orders(&mut self, route: &Route) {
        let v = route.vehicle;
        let vehicle = &self.instance.vehicles()[v];
        let mut orders: Vec<usize> = Vec::new();
        for stop in &route.stops {
            let order = &self.instance.orders()[stop.order];
            let seen = &mut self.seen[stop.order];
            let slot = match stop.kind {
                StopKind::Pickup => &mut seen.pickup,
                StopKind::Dropoff => &mut seen.dropoff,
            };
            if slot.replace(v).is_some() {
                self.add(Some(v), Some(stop.order), Kind::Repeated(stop.kind));
                continue;
            }
            if stop.kind == StopKind::Pickup && order.pickup.is_none() {
                self.add(Some(v), Some(stop.order), Kind::PickedUpAgain);
            }
            if !self.allowed_on(stop.order, v) {
                self.add(Some(v), Some(stop.order), Kind::OnAnotherVehicle);
            }
            orders.push(stop.order);
        }
        orders.sort_unstable();
        orders.dedup();
        for &order in &orders {
            let position = |kind| {
                route
                    .stops
                    .iter()
                    .position(|stop| stop.order == order && stop.kind == kind)
            };
            let aboard = self.instance.orders()[order].pickup.is_none();
            match (position(StopKind::Pickup), position(StopKind::Dropoff)) {
                (_, None) => self.add(Some(v), Some(order), Kind::Missing(StopKind::Dropoff)),
                (None, Some(_)) if !aboard => {
                    self.add(Some(v), Some(order), Kind::Missing(StopKind::Pickup));
                }
                (Some(pickup), Some(dropoff)) if dropoff < pickup => {
                    self.add(Some(v), Some(order), Kind::DroppedOffFirst);
                }
                _ => {}
            }
        }
        let stops = route.stops.iter().map(|stop| (stop.order, stop.kind));
        let begin: Vec<_> = stops.take(vehicle.frozen.len()).collect();
        if begin != vehicle.frozen {
            self.add(Some(v), None, Kind::FrozenStopSkipped);
        }
        let limit = vehicle.max_orders.map_or(usize::MAX, |it| it as usize);
        let all_committed = orders.iter().all(|&it| self.instance.is_committed(it));
        if orders.len() > limit && !all_committed {
            let orders = orders.len();
            self.add(Some(v), None, Kind::TooManyOrders { orders, limit });
        }
    }

    /// Checks the load after each stop.
    fn loads(&mut self, route: &Route) {
        let v = route.vehicle;
        let vehicle = &self.instance.vehicles()[v];
        let orders = self.instance.orders();
        let all_committed = route
            .stops
            .iter()
            .all(|stop| self.instance.is_committed(stop.order));
        let mut capacity = u64::from(vehicle.capacity);
        if all_committed {
            capacity = capacity.max(self.inevitable(v, vehicle));
        }
        let mut load: u64 = self.aboard(v);
        for stop in &route.stops {
            let size = u64::from(orders[stop.order].size);
            load = match stop.kind {
                StopKind::Pickup => load.saturating_add(size),
                StopKind::Dropoff => load.saturating_sub(size),
            };
            if load > capacity && stop.kind == StopKind::Pickup {
                let kind = Kind::OverCapacity { load, capacity };
                self.add(Some(v), Some(stop.order), kind);
            }
            let (found, expected) = (stop.load.cast_signed(), load.cast_signed());
            self.count(Some(v), "load", found, expected);
        }
    }

    /// The load that a vehicle starts with.
    fn aboard(&self, v: usize) -> u64 {
        let orders = self.instance.orders().iter();
        orders
            .filter(|order| order.pickup.is_none() && order.pinned_to == Some(v))
            .map(|order| u64::from(order.size))
            .sum()
    }

    /// The load that the committed orders of a vehicle cause in any case.
    fn inevitable(&self, v: usize, vehicle: &Vehicle) -> u64 {
        let aboard = self.aboard(v);
        let mut load = aboard;
        for (index, order) in self.instance.orders().iter().enumerate() {
            if self.stays_on(index) == Some(v) && self.instance.is_committed(index) {
                load = load.max(u64::from(order.size));
            }
        }
        let mut frozen = aboard;
        for &(order, kind) in &vehicle.frozen {
            let size = u64::from(self.instance.orders()[order].size);
            match kind {
                StopKind::Pickup => frozen += size,
                StopKind::Dropoff => frozen -= size,
            }
            load = load.max(frozen);
        }
        load
    }

    /// The only vehicle that may serve an order: a committed order that fits nowhere stays where it is.
    fn stays_on(&self, order: usize) -> Option<usize> {
        let it = &self.instance.orders()[order];
        let mut vehicles = self.instance.vehicles().iter().enumerate();
        let fits = vehicles.any(|(v, vehicle)| vehicle.capacity >= it.size && is_listed(it, v));
        let committed = self.instance.is_committed(order);
        it.pinned_to
            .or(it.current_vehicle.filter(|_| committed && !fits))
    }

    /// Whether an order may be on the route of a vehicle.
    fn allowed_on(&self, order: usize, v: usize) -> bool {
        match self.stays_on(order) {
            Some(vehicle) => vehicle == v,
            None => is_listed(&self.instance.orders()[order], v),
        }
    }

    /// Checks the times at each stop and the sums of a route.
    fn times(&mut self, route: &Route) {
        let v = route.vehicle;
        let vehicle = &self.instance.vehicles()[v];
        let travel = self.instance.travel();
        let overtime = self.may_overrun(v);
        let mut day = Day::of(vehicle);
        let mut point = vehicle.start;
        let (mut metres, mut driving, mut lateness) = (0_i64, 0_i64, 0_i64);
        let mut deliveries = Vec::new();
        for (served, stop) in route.stops.iter().enumerate() {
            let order = &self.instance.orders()[stop.order];
            let place: PlannerStop = match (stop.kind, order.pickup) {
                (StopKind::Pickup, Some(pickup)) => pickup,
                _ => order.dropoff,
            };
            metres += i64::from(travel.distance_m(point, place.point));
            driving += i64::from(travel.duration_s(point, place.point));
            day.drive(travel.duration_s(point, place.point).into(), served);
            let arrival = day.now;
            let opens = place.window.map_or(arrival, |window| window.earliest_s);
            let (begin, end) = day.serve(opens, place.service_s, served);
            let late = place.window.map_or(0, |it| (begin - it.latest_s).max(0));
            point = place.point;
            if stop.kind == StopKind::Dropoff {
                deliveries.push((stop.order, begin));
            }
            self.count(Some(v), "arrival", stop.arrival_s, arrival);
            self.count(Some(v), "waiting", stop.waiting_s, begin - arrival);
            self.count(Some(v), "departure", stop.departure_s, end);
            if self.instance.is_committed(stop.order) {
                lateness += late;
                continue;
            }
            if late > 0 {
                let kind = Kind::AfterWindow { by_s: late };
                self.add(Some(v), Some(stop.order), kind);
            }
            if end > vehicle.shift.end_s {
                let by_s = end - vehicle.shift.end_s;
                self.add(Some(v), Some(stop.order), Kind::AfterShift { by_s });
            }
        }
        if let Some(end) = vehicle.end {
            metres += i64::from(travel.distance_m(point, end));
            driving += i64::from(travel.duration_s(point, end));
            day.drive(travel.duration_s(point, end).into(), route.stops.len());
        }
        let finish = day.now;
        if route.breaks != day.taken {
            self.add(Some(v), None, Kind::WrongBreaks);
        }
        let overrun = (finish - vehicle.shift.end_s).max(0);
        if overtime {
            lateness += overrun;
        } else if overrun > 0 {
            self.add(Some(v), None, Kind::AfterShift { by_s: overrun });
        }
        let travel = match self.instance.objective().travel {
            TravelCost::Distance => metres,
            TravelCost::Duration => driving,
        };
        self.price(v, travel, &deliveries);
        self.count(Some(v), "distance", route.distance_m, metres);
        self.count(Some(v), "duration", route.duration_s, driving);
        self.count(Some(v), "finish", route.finish_s, finish);
        self.count(Some(v), "lateness", route.lateness_s, lateness);
    }

    /// Whether a vehicle may exceed its shift: it might have to serve committed orders.
    fn may_overrun(&self, v: usize) -> bool {
        (0..self.instance.orders().len())
            .filter(|order| self.instance.is_committed(*order))
            .any(|order| self.allowed_on(order, v))
    }

    /// Checks the unserved orders.
    fn unserved(&mut self, plan: &Plan) {
        for left in &plan.unserved {
            let Some(seen) = self.seen.get_mut(left.order) else {
                self.add(None, Some(left.order), Kind::NoSuchOrder);
                continue;
            };
            let served = seen.pickup.is_some() || seen.dropoff.is_some();
            let again = std::mem::replace(&mut seen.unserved, true);
            if served || again {
                self.add(None, Some(left.order), Kind::ServedAndUnserved);
            }
            let order = &self.instance.orders()[left.order];
            let mut vehicles = self.instance.vehicles().iter().enumerate();
            let has_vehicle = self.stays_on(left.order).is_some()
                || vehicles.any(|(v, it)| it.capacity >= order.size && is_listed(order, v));
            if self.instance.is_committed(left.order) && has_vehicle {
                self.add(None, Some(left.order), Kind::CommittedUnserved);
            }
        }
        for order in 0..self.seen.len() {
            let seen = self.seen[order];
            if seen.pickup.is_none() && seen.dropoff.is_none() && !seen.unserved {
                self.add(None, Some(order), Kind::Lost);
            }
        }
    }

    /// Checks the sums of the plan.
    fn totals(&mut self, plan: &Plan) {
        let sum = |of: fn(&Route) -> i64| plan.routes.iter().map(of).sum::<i64>();
        let (metres, driving) = (sum(|it| it.distance_m), sum(|it| it.duration_s));
        self.count(None, "distance of all", plan.distance_m, metres);
        self.count(None, "duration of all", plan.duration_s, driving);
        let lateness = sum(|it| it.lateness_s);
        self.count(None, "lateness of all", plan.lateness_s, lateness);
        let totals = self.totals;
        self.count(None, "waiting of all", plan.waiting_s, totals.waiting_s);
        let moves = i64::try_from(plan.moves).unwrap_or(i64::MAX);
        self.count(None, "moves of all", moves, totals.moves);
        self.count(None, "cost of all", plan.cost_milli, totals.cost_milli);
    }

    /// Adds the cost of a route and of its deliveries, by the begin of service of each order.
    fn price(&mut self, v: usize, travel: i64, deliveries: &[(usize, i64)]) {
        let objective = self.instance.objective();
        let fixed = self.instance.vehicles()[v].fixed_cost;
        self.totals.cost_milli += 1000 * (travel + fixed);
        for &(order, delivery_s) in deliveries {
            let order = &self.instance.orders()[order];
            if order.current_vehicle.is_some_and(|it| it != v) {
                self.totals.moves += 1;
                self.totals.cost_milli += 1000 * objective.move_cost;
            }
            let (seconds, counted) = waited_for(order, delivery_s);
            self.totals.waiting_s += seconds;
            self.totals.cost_milli +=
                i64::from(objective.waiting_weight_milli) * i64::from(order.urgency) * counted;
        }
    }
}

/// Whether an order names a vehicle among those that may serve it, or names none at all.
fn is_listed(order: &Order, v: usize) -> bool {
    match &order.allowed_vehicles {
        Some(listed) => listed.contains(&v),
        None => true,
    }
}

/// The seconds that an order waits, and the same with five for each second after the promise.
fn waited_for(order: &Order, delivery_s: i64) -> (i64, i64) {
    let most = 1_000_000_000;
    let mut since = order.waiting_since_s;
    if let Some(window) = order.pickup.and_then(|pickup| pickup.window) {
        since = since.max(window.earliest_s);
    }
    let seconds = (delivery_s - since).max(0).min(most);
    let promised = match order.dropoff.window {
        Some(window) => Some(since.max(window.latest_s)),
        None => order.promise_s.map(|promise| since + promise),
    };
    let late = promised.map_or(0, |promised| (delivery_s - promised).max(0).min(most));
    (seconds, seconds + 4 * late)
}

/// The day of a vehicle, told from its start on: it drives, waits and serves, and rests when a break is due.
struct Day<'a> {
    now: i64,
    /// The breaks to come.
    breaks: &'a [Break],
    taken: Vec<TimedBreak>,
}

impl<'a> Day<'a> {
    fn of(vehicle: &'a Vehicle) -> Self {
        let now = vehicle.shift.start_s;
        let is_over = |it: &&Break| it.window.earliest_s + it.duration_s <= now;
        let over = vehicle.breaks.iter().take_while(is_over).count();
        let mut day = Self {
            now,
            breaks: &vehicle.breaks[over..],
            taken: Vec::new(),
        };
        day.rest_if_due(0);
        day
    }

    /// Takes the breaks that are due.
    fn rest_if_due(&mut self, served: usize) {
        while let Some((next, rest)) = self.breaks.split_first() {
            if next.window.earliest_s > self.now {
                return;
            }
            self.taken.push(TimedBreak {
                after: served,
                begin_s: self.now,
                end_s: self.now + next.duration_s,
            });
            self.now += next.duration_s;
            self.breaks = rest;
        }
    }

    /// Lets time pass until a moment, unless a break is due by then. Returns whether the moment was reached.
    fn pass_until(&mut self, moment: i64, served: usize) -> bool {
        let due = self.breaks.first().map(|it| it.window.earliest_s);
        if let Some(due) = due.filter(|due| *due <= moment) {
            self.now = self.now.max(due);
            self.rest_if_due(served);
            false
        } else {
            self.now = self.now.max(moment);
            true
        }
    }

    fn drive(&mut self, mut seconds: i64, served: usize) {
        loop {
            let due = self.breaks.first().map(|it| it.window.earliest_s);
            let (now, there) = (self.now, self.now + seconds);
            if self.pass_until(there, served) {
                return;
            }
            // What was driven until the break.
            seconds -= due.unwrap_or(now) - now;
        }
    }

    /// Serves as soon as the window is open. Returns the begin and the end of the service.
    fn serve(&mut self, opens: i64, seconds: i64, served: usize) -> (i64, i64) {
        while self.now < opens && !self.pass_until(opens, served) {}
        // A service that would end after the last begin of the next break has to wait for that break.
        while let Some(next) = self.breaks.first() {
            if self.now + seconds <= next.window.latest_s {
                break;
            }
            let due = next.window.earliest_s;
            self.pass_until(due, served);
        }
        let begin = self.now;
        self.now += seconds;
        let end = self.now;
        self.rest_if_due(served + 1);
        (begin, end)
    }
}
