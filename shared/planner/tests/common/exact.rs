//! Finds the best plan for up to 4 orders by trying all plans. It shares no code with the planner's exact solver.

use planner::{Instance, Objective, Plan, StopKind};

/// The value of a plan: unserved committed orders, unserved orders, lateness, vehicles (0 unless the instance minimises
/// them), travel plus fixed costs.
pub type Value = (usize, usize, i64, usize, i64);

/// The value of a plan.
pub fn value(instance: &Instance, plan: &Plan) -> Value {
    let unserved_committed = plan
        .unserved
        .iter()
        .filter(|it| instance.is_committed(it.order))
        .count();
    let fixed: i64 = plan
        .routes
        .iter()
        .map(|route| instance.vehicles()[route.vehicle].fixed_cost)
        .sum();
    let travel = match instance.objective() {
        Objective::Distance => plan.distance_m,
        Objective::Duration => plan.duration_s,
    };
    let vehicles = if instance.minimises_vehicles() {
        plan.routes.len()
    } else {
        0
    };
    (
        unserved_committed,
        plan.unserved.len(),
        plan.lateness_s,
        vehicles,
        travel + fixed,
    )
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
        let routes: Vec<_> = (0..subsets)
            .map(|subset| best_route(instance, vehicle, subset))
            .collect();
        let before = reached.clone();
        for (served, value) in before.iter().enumerate() {
            let Some(value) = value else { continue };
            for (subset, route) in routes.iter().enumerate().skip(1) {
                if served & subset != 0 {
                    continue;
                }
                let Some((lateness, travel)) = route else {
                    continue;
                };
                let first = usize::from(instance.minimises_vehicles());
                let sum = (value.0 + lateness, value.1 + first, value.2 + travel);
                let slot = &mut reached[served | subset];
                if slot.is_none_or(|old| sum < old) {
                    *slot = Some(sum);
                }
            }
        }
    }
    let unserved = |served: usize, committed: bool| {
        (0..orders)
            .filter(|&it| served & (1 << it) == 0 && (!committed || instance.is_committed(it)))
            .count()
    };
    let plans = reached.iter().enumerate().filter_map(|(served, value)| {
        let (lateness, vehicles, travel) = (*value)?;
        Some((
            unserved(served, true),
            unserved(served, false),
            lateness,
            vehicles,
            travel,
        ))
    });
    plans.min().expect("a plan may serve nothing")
}

/// The lateness and travel of the best route of a vehicle with exactly these orders.
fn best_route(instance: &Instance, vehicle: usize, subset: usize) -> Option<(i64, i64)> {
    let it = &instance.vehicles()[vehicle];
    let orders = instance.orders();
    let chosen: Vec<usize> = (0..orders.len())
        .filter(|o| subset & (1 << o) != 0)
        .collect();
    if chosen
        .iter()
        .any(|&o| orders[o].vehicle.is_some_and(|tied| tied != vehicle))
    {
        return None;
    }
    let pure = chosen.iter().all(|&o| instance.is_committed(o));
    let limit = it.max_orders.map_or(usize::MAX, |limit| limit as usize);
    if chosen.len() > limit && !pure {
        return None;
    }
    let aboard: i64 = orders
        .iter()
        .filter(|order| order.pickup.is_none() && order.vehicle == Some(vehicle))
        .map(|order| i64::from(order.size))
        .sum();
    let tied_committed = (0..orders.len())
        .filter(|&o| orders[o].vehicle == Some(vehicle) && instance.is_committed(o));
    let mut inevitable = tied_committed
        .map(|o| i64::from(orders[o].size))
        .fold(aboard, i64::max);
    if let Some((next, StopKind::Pickup)) = it.next_stop {
        inevitable = inevitable.max(aboard + i64::from(orders[next].size));
    }
    let capacity = i64::from(it.capacity);
    if !pure && inevitable > capacity {
        return None;
    }
    let overtime = (0..orders.len())
        .any(|o| instance.is_committed(o) && orders[o].vehicle.is_none_or(|v| v == vehicle));
    let mut search = Route {
        instance,
        vehicle,
        chosen,
        capacity: capacity.max(if pure { inevitable } else { 0 }),
        overtime,
        best: None,
    };
    search.extend(&Partial {
        point: it.start,
        clock: it.shift.start_s,
        load: aboard,
        lateness: 0,
        travel: it.fixed_cost,
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
    point: usize,
    clock: i64,
    load: i64,
    lateness: i64,
    travel: i64,
    picked: usize,
    dropped: usize,
}

impl Route<'_> {
    fn cost(&self, from: usize, to: usize) -> i64 {
        let travel = self.instance.travel();
        i64::from(match self.instance.objective() {
            Objective::Distance => travel.distance_m(from, to),
            Objective::Duration => travel.duration_s(from, to),
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
            let first = so_far.picked == 0 && so_far.dropped == 0;
            if first && vehicle.next_stop.is_some_and(|next| next != (o, kind)) {
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
            let arrival = so_far.clock + i64::from(drive);
            let begin = stop.window.map_or(arrival, |it| arrival.max(it.earliest_s));
            let late = stop.window.map_or(0, |it| (begin - it.latest_s).max(0));
            let clock = begin + stop.service_s;
            let committed = self.instance.is_committed(o);
            if !committed && (late > 0 || clock > vehicle.shift.end_s) {
                continue;
            }
            self.extend(&Partial {
                point: stop.point,
                clock,
                load,
                lateness: so_far.lateness + if committed { late } else { 0 },
                travel: so_far.travel + self.cost(so_far.point, stop.point),
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
        let (mut clock, mut travel) = (so_far.clock, so_far.travel);
        if let Some(end) = vehicle.end {
            clock += i64::from(self.instance.travel().duration_s(so_far.point, end));
            travel += self.cost(so_far.point, end);
        }
        let overrun = (clock - vehicle.shift.end_s).max(0);
        if overrun > 0 && !self.overtime {
            return;
        }
        let found = (so_far.lateness + overrun, travel);
        if self.best.is_none_or(|best| found < best) {
            self.best = Some(found);
        }
    }
}
