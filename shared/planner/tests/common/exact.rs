//! Finds the best plan for up to 4 orders by trying all plans. It shares no code with the planner's exact solver.

use planner::{Instance, Order, Plan, StopKind, TravelCost};

/// The value of a plan: unserved committed orders, unserved orders, unserved urgency, lateness, vehicles (0 unless the
/// instance minimises them), cost in thousandths.
pub type Value = (usize, usize, u64, i64, usize, i64);

/// The value of a plan.
pub fn value(instance: &Instance, plan: &Plan) -> Value {
    let unserved: Vec<usize> = plan.unserved.iter().map(|it| it.order).collect();
    let (committed, urgency) = weigh(instance, &unserved);
    let vehicles = if instance.objective().minimise_vehicles {
        plan.routes.len()
    } else {
        0
    };
    (
        committed,
        unserved.len(),
        urgency,
        plan.lateness_s,
        vehicles,
        plan.cost_milli,
    )
}

/// The number of committed orders among some orders, and the sum of their urgencies.
fn weigh(instance: &Instance, orders: &[usize]) -> (usize, u64) {
    let committed = orders.iter().filter(|it| instance.is_committed(**it));
    let urgencies = orders.iter().map(|&it| instance.orders()[it].urgency);
    (committed.count(), urgencies.map(u64::from).sum())
}

/// The value of the best plan.
pub fn best(instance: &Instance) -> Value {
    let orders = instance.orders().len();
    assert!(orders <= 4, "too many to try");
    let subsets = 1_usize << orders;
    let not_reached = |_: usize| None::<(i64, usize, i64)>;
    let mut reached: Vec<Option<(i64, usize, i64)>> = (0..subsets).map(not_reached).collect();
    reached[0] = Some((0, 0, 0));
    for vehicle in 0..instance.vehicles().len() {
        let before = reached.clone();
        for subset in 1..subsets {
            let Some((lateness, cost)) = best_route(instance, vehicle, subset) else {
                continue;
            };
            for (served, value) in before.iter().enumerate() {
                let Some(value) = value.filter(|_| served & subset == 0) else {
                    continue;
                };
                let first = usize::from(instance.objective().minimise_vehicles);
                let sum = (value.0 + lateness, value.1 + first, value.2 + cost);
                let slot = &mut reached[served | subset];
                if slot.is_none_or(|old| sum < old) {
                    *slot = Some(sum);
                }
            }
        }
    }
    let plans = reached.iter().enumerate().filter_map(|(served, value)| {
        let (lateness, vehicles, cost) = (*value)?;
        let unserved: Vec<usize> = (0..orders).filter(|it| served & (1 << it) == 0).collect();
        let (committed, urgency) = weigh(instance, &unserved);
        Some((committed, unserved.len(), urgency, lateness, vehicles, cost))
    });
    plans.min().expect("a plan may serve nothing")
}

/// The only vehicle that may serve an order. A committed order that fits nowhere stays where it is.
fn pinned_to(instance: &Instance, order: usize) -> Option<usize> {
    let it = &instance.orders()[order];
    let listed = |vehicle: usize| match &it.allowed_vehicles {
        Some(list) => list.contains(&vehicle),
        None => true,
    };
    let too_large = instance
        .vehicles()
        .iter()
        .enumerate()
        .all(|(index, vehicle)| vehicle.capacity < it.size || !listed(index));
    if it.pinned_to.is_none() && too_large && instance.is_committed(order) {
        it.current_vehicle
    } else {
        it.pinned_to
    }
}

/// Whether a vehicle may serve an order.
fn may_serve(instance: &Instance, vehicle: usize, order: usize) -> bool {
    match (
        pinned_to(instance, order),
        &instance.orders()[order].allowed_vehicles,
    ) {
        (Some(pinned), _) => pinned == vehicle,
        (None, Some(list)) => list.contains(&vehicle),
        (None, None) => true,
    }
}

/// The lateness and cost of the best route of a vehicle with exactly these orders.
fn best_route(instance: &Instance, vehicle: usize, subset: usize) -> Option<(i64, i64)> {
    let it = &instance.vehicles()[vehicle];
    let orders = instance.orders();
    let chosen: Vec<usize> = (0..orders.len())
        .filter(|o| subset & (1 << o) != 0)
        .collect();
    if chosen.iter().any(|&o| !may_serve(instance, vehicle, o)) {
        return None;
    }
    if it.frozen.iter().any(|(o, _)| !chosen.contains(o)) {
        return None;
    }
    let pure = chosen.iter().all(|&o| instance.is_committed(o));
    let limit = it.max_orders.map_or(usize::MAX, |limit| limit as usize);
    if chosen.len() > limit && !pure {
        return None;
    }
    let aboard: i64 = orders
        .iter()
        .filter(|order| order.pickup.is_none() && order.pinned_to == Some(vehicle))
        .map(|order| i64::from(order.size))
        .sum();
    let own_committed = (0..orders.len())
        .filter(|&o| pinned_to(instance, o) == Some(vehicle) && instance.is_committed(o));
    let mut inevitable = own_committed
        .map(|o| i64::from(orders[o].size))
        .fold(aboard, i64::max);
    let mut frozen = aboard;
    for &(o, kind) in &it.frozen {
        let size = i64::from(orders[o].size);
        frozen += if kind == StopKind::Pickup {
            size
        } else {
            -size
        };
        inevitable = inevitable.max(frozen);
    }
    let capacity = i64::from(it.capacity);
    if !pure && inevitable > capacity {
        return None;
    }
    let overtime =
        (0..orders.len()).any(|o| instance.is_committed(o) && may_serve(instance, vehicle, o));
    let moves = chosen.iter().filter(|&&o| {
        orders[o]
            .current_vehicle
            .is_some_and(|current| current != vehicle)
    });
    let moves = i64::try_from(moves.count()).expect("few orders");
    let mut search = Route {
        instance,
        vehicle,
        chosen,
        capacity: capacity.max(if pure { inevitable } else { 0 }),
        overtime,
        best: None,
    };
    let over = |b: &&planner::Break| b.window.earliest_s + b.duration_s <= it.shift.start_s;
    let mut clock = it.shift.start_s;
    let mut rested = it.breaks.iter().take_while(over).count();
    rest(&mut clock, &mut rested, &it.breaks);
    search.extend(&Partial {
        stops: 0,
        point: it.start,
        clock,
        rested,
        load: aboard,
        lateness: 0,
        cost: 1000 * (it.fixed_cost + moves * instance.objective().move_cost),
        picked: 0,
        dropped: 0,
    });
    search.best
}

struct Route<'a> {
    instance: &'a Instance,
    vehicle: usize,
    chosen: Vec<usize>,
    capacity: i64,
    overtime: bool,
    best: Option<(i64, i64)>,
}

struct Partial {
    stops: usize,
    point: usize,
    clock: i64,
    /// The number of breaks that are over.
    rested: usize,
    load: i64,
    lateness: i64,
    cost: i64,
    picked: usize,
    dropped: usize,
}

impl Route<'_> {
    fn cost(&self, from: usize, to: usize) -> i64 {
        let travel = self.instance.travel();
        1000 * i64::from(match self.instance.objective().travel {
            TravelCost::Distance => travel.distance_m(from, to),
            TravelCost::Duration => travel.duration_s(from, to),
        })
    }

    fn extend(&mut self, so_far: &Partial) {
        let vehicle = &self.instance.vehicles()[self.vehicle];
        let mut complete = true;
        for o in self.chosen.clone() {
            let order = &self.instance.orders()[o];
            let bit = 1 << o;
            if so_far.dropped & bit != 0 {
                continue;
            }
            complete = false;
            let aboard = order.pickup.is_none() || so_far.picked & bit != 0;
            let (kind, stop) = match order.pickup {
                Some(pickup) if !aboard => (StopKind::Pickup, pickup),
                _ => (StopKind::Dropoff, order.dropoff),
            };
            let frozen = vehicle.frozen.get(so_far.stops);
            if frozen.is_some_and(|frozen| *frozen != (o, kind)) {
                continue;
            }
            let size = i64::from(order.size);
            let load = match kind {
                StopKind::Pickup => so_far.load + size,
                StopKind::Dropoff => so_far.load - size,
            };
            if kind == StopKind::Pickup && load > self.capacity {
                continue;
            }
            let drive = self.instance.travel().duration_s(so_far.point, stop.point);
            let (mut clock, mut rested) = (so_far.clock, so_far.rested);
            drive_for(i64::from(drive), &mut clock, &mut rested, &vehicle.breaks);
            while stop.window.is_some_and(|it| clock < it.earliest_s) {
                clock += 1;
                rest(&mut clock, &mut rested, &vehicle.breaks);
            }
            while vehicle
                .breaks
                .get(rested)
                .is_some_and(|it| clock + stop.service_s > it.window.latest_s)
            {
                clock += 1;
                rest(&mut clock, &mut rested, &vehicle.breaks);
            }
            let begin = clock;
            let late = stop.window.map_or(0, |it| (begin - it.latest_s).max(0));
            clock += stop.service_s;
            let committed = self.instance.is_committed(o);
            if !committed && (late > 0 || clock > vehicle.shift.end_s) {
                continue;
            }
            rest(&mut clock, &mut rested, &vehicle.breaks);
            let waited = match kind {
                StopKind::Pickup => 0,
                StopKind::Dropoff => waiting(order, begin),
            };
            let weight = i64::from(self.instance.objective().waiting_weight_milli);
            self.extend(&Partial {
                stops: so_far.stops + 1,
                point: stop.point,
                clock,
                rested,
                load,
                lateness: so_far.lateness + if committed { late } else { 0 },
                cost: so_far.cost + self.cost(so_far.point, stop.point) + weight * waited,
                picked: so_far.picked | if kind == StopKind::Pickup { bit } else { 0 },
                dropped: so_far.dropped | if kind == StopKind::Dropoff { bit } else { 0 },
            });
        }
        if complete {
            self.finish(so_far);
        }
    }

    fn finish(&mut self, so_far: &Partial) {
        let vehicle = &self.instance.vehicles()[self.vehicle];
        let (mut clock, mut cost) = (so_far.clock, so_far.cost);
        if let Some(end) = vehicle.end {
            let seconds = self.instance.travel().duration_s(so_far.point, end);
            let mut rested = so_far.rested;
            drive_for(i64::from(seconds), &mut clock, &mut rested, &vehicle.breaks);
            cost += self.cost(so_far.point, end);
        }
        let overrun = (clock - vehicle.shift.end_s).max(0);
        if overrun > 0 && !self.overtime {
            return;
        }
        let found = (so_far.lateness + overrun, cost);
        if self.best.is_none_or(|best| found < best) {
            self.best = Some(found);
        }
    }
}

/// Takes the breaks that are due.
fn rest(clock: &mut i64, rested: &mut usize, breaks: &[planner::Break]) {
    while breaks
        .get(*rested)
        .is_some_and(|it| it.window.earliest_s <= *clock)
    {
        *clock += breaks[*rested].duration_s;
        *rested += 1;
    }
}

/// Drives second by second.
fn drive_for(seconds: i64, clock: &mut i64, rested: &mut usize, breaks: &[planner::Break]) {
    for _ in 0..seconds {
        *clock += 1;
        rest(clock, rested, breaks);
    }
}

/// The weighted seconds that an order waits.
fn waiting(order: &Order, delivery: i64) -> i64 {
    let opens = order
        .pickup
        .and_then(|it| it.window)
        .map(|it| it.earliest_s);
    let since = order.waiting_since_s.max(opens.unwrap_or(i64::MIN));
    let promised = order
        .dropoff
        .window
        .map(|it| it.latest_s)
        .or(order.promise_s.map(|it| since + it));
    let mut seconds = 0;
    for second in since..delivery {
        let broken = promised.is_some_and(|promised| second >= promised);
        seconds += if broken { 5 } else { 1 };
    }
    seconds * i64::from(order.urgency)
}
