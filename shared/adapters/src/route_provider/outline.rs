//! A planning problem in the terms that the services outside have in common.
//!
//! What none of them can say is said otherwise here, or not at all:
//!
//! - Frozen stops are not planned: the vehicle starts at the last of them, once it is served. The legs between them are
//!   estimated.
//! - An order aboard, or picked up at a frozen stop, has a drop-off alone, and its place in the vehicle from the start
//!   on.
//! - A committed order whose window closes before its vehicle can set out has no closing time: it is late whatever
//!   happens.
//! - A pending order whose window is closed, or opens in a month only, is left over without being sent.
//! - A committed order whose vehicle may not serve it any more is the embedded planner's: it has to move.
//! - A break begins at the moment at which it is due. The service that is under way may delay it, but no service has to
//!   know that: a plan without such a delay is a plan by our rules too.
//! - A break before the last frozen stop is beyond them.
//! - A vehicle whose shift is over drives for nobody but its committed orders, and one that is overloaded takes nothing
//!   else: both are beyond them ([`FallbackReason::Unsupported`]).

use app::ports::{FallbackReason, PlanRequest};
use domain::{Coordinates, LegEstimate};
use planner::StopKind;

use super::draft::{Draft, DraftRoute, DraftStop};
use super::remote::Unusable;

/// No time is further off than a month: services count seconds in 32 bits, and a plan ends within days.
const FURTHEST_S: i64 = 30 * 24 * 3_600;

/// A problem as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outline {
    /// Who drives on.
    pub(super) vehicles: Vec<Start>,
    /// What there is to do, the frozen stops apart.
    pub(super) tasks: Vec<Task>,
    /// Pending orders that nobody is asked about: by index.
    left_over: Vec<usize>,
    /// The frozen stops of the vehicles that have some.
    frozen: Vec<FrozenStops>,
}

/// The frozen stops of a vehicle.
#[derive(Debug, Clone, PartialEq)]
struct FrozenStops {
    /// Index into the request's vehicles.
    vehicle: usize,
    /// The start of the vehicle and the places of its frozen stops, without the last one.
    before: Vec<Coordinates>,
    stops: Vec<DraftStop>,
}

/// A vehicle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Start {
    /// Index into the request's vehicles.
    pub(super) vehicle: usize,
    /// Where it is free to go elsewhere.
    pub(super) place: Coordinates,
    /// And when.
    pub(super) from_s: i64,
    /// When its shift ends.
    pub(super) until_s: i64,
    /// When its breaks begin and how long they are.
    pub(super) breaks: Vec<(i64, i64)>,
    /// Room for orders.
    pub(super) capacity: u32,
    /// How many tasks without a pickup are tied to it.
    pub(super) aboard: usize,
    /// How many orders it may have, those aboard included; `None` where the limit cannot be reached.
    pub(super) most_orders: Option<usize>,
}

/// An order, or what is left of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Task {
    /// Index into the request's orders.
    pub(super) order: usize,
    /// `None` if it is aboard.
    pub(super) pickup: Option<End>,
    pub(super) dropoff: End,
    pub(super) size: u32,
    /// The only vehicle that may take it, by its index in the request.
    pub(super) vehicle: Option<usize>,
    /// The vehicles that may take it, by their index in the request, if it is tied to none. Any may if `None`.
    pub(super) allowed: Option<Vec<usize>>,
    /// Whether it must not be left over.
    pub(super) committed: bool,
}

/// One end of an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct End {
    pub(super) place: Coordinates,
    pub(super) window: Option<Opening>,
    pub(super) service_s: i64,
}

/// When service may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// At 0 or later.
    pub(super) earliest_s: i64,
    /// `None` where it is too late already.
    pub(super) latest_s: Option<i64>,
}

impl Outline {
    /// What is to be sent of a request, or why it cannot be said.
    pub(super) fn of(request: &PlanRequest, estimate: LegEstimate) -> Result<Self, Unusable> {
        let mut outline = Self {
            vehicles: Vec::with_capacity(request.vehicles.len()),
            tasks: Vec::with_capacity(request.orders.len()),
            left_over: Vec::new(),
            frozen: Vec::new(),
        };
        let mut free_from_s = Vec::with_capacity(request.vehicles.len());
        for vehicle in 0..request.vehicles.len() {
            let start = outline.set_out(request, vehicle, estimate)?;
            free_from_s.push(start.from_s);
            outline.vehicles.push(start);
        }
        for order in 0..request.orders.len() {
            outline.add_task(request, order, &free_from_s)?;
        }
        outline.let_go_home()?;
        outline.limit_orders(request);
        Ok(outline)
    }

    /// Whether a service has anything to decide.
    pub(super) fn has_work(&self) -> bool {
        !self.tasks.is_empty() && !self.vehicles.is_empty()
    }

    /// Stops that are to be planned.
    pub(super) fn stops(&self) -> usize {
        let tasks = self.tasks.iter();
        tasks
            .map(|task| 1 + usize::from(task.pickup.is_some()))
            .sum()
    }

    /// A service's routes with what it was not asked about.
    pub(super) fn completed(&self, mut draft: Draft) -> Draft {
        for frozen in &self.frozen {
            let routes = &mut draft.routes;
            match routes
                .iter_mut()
                .find(|route| route.vehicle == frozen.vehicle)
            {
                Some(route) => {
                    route.stops.splice(0..0, frozen.stops.iter().copied());
                    route.geometry = route
                        .geometry
                        .take()
                        .and_then(|way| from(&frozen.before, &way));
                }
                None => routes.push(DraftRoute {
                    vehicle: frozen.vehicle,
                    stops: frozen.stops.clone(),
                    geometry: None,
                }),
            }
        }
        draft.left_over.extend(&self.left_over);
        if self.vehicles.is_empty() {
            draft
                .left_over
                .extend(self.tasks.iter().map(|task| task.order));
        }
        draft
    }

    fn set_out(
        &mut self,
        request: &PlanRequest,
        vehicle: usize,
        estimate: LegEstimate,
    ) -> Result<Start, Unusable> {
        let it = &request.vehicles[vehicle];
        let place = place(request, it.start)?;
        let mut start = Start {
            vehicle,
            place,
            from_s: it.shift.start_s,
            until_s: it.shift.end_s.min(FURTHEST_S),
            breaks: Vec::new(),
            capacity: it.capacity,
            aboard: 0,
            most_orders: None,
        };
        let mut frozen = FrozenStops {
            vehicle,
            before: Vec::with_capacity(it.frozen.len()),
            stops: Vec::with_capacity(it.frozen.len()),
        };
        for &(order, kind) in &it.frozen {
            let next = order_at(request, order)?;
            let stop = match (kind, next.pickup) {
                (StopKind::Pickup, Some(pickup)) => pickup,
                (StopKind::Pickup, None) | (StopKind::Dropoff, _) => next.dropoff,
            };
            let there = self::place(request, stop.point)?;
            let leg = estimate.leg(start.place, there);
            let arrival_s = start.from_s + i64::from(leg.duration_s);
            let opens_s = stop.window.map_or(arrival_s, |window| window.earliest_s);
            start.from_s = arrival_s.max(opens_s) + stop.service_s;
            frozen.before.push(start.place);
            frozen.stops.push(DraftStop { order, kind, leg });
            start.place = there;
        }
        // An agent who is under way has departed before second 0, and reaches the frozen stop after it.
        start.from_s = start.from_s.max(0);
        if !frozen.stops.is_empty() {
            self.frozen.push(frozen);
        }
        if start.from_s > FURTHEST_S {
            return Err(unsupported(format!(
                "vehicle {vehicle} sets out in a month"
            )));
        }
        let is_over = |pause: &&planner::Break| {
            pause.window.earliest_s + pause.duration_s <= it.shift.start_s
        };
        for pause in it.breaks.iter().skip_while(is_over) {
            if pause.window.earliest_s <= start.from_s && !it.frozen.is_empty() {
                return Err(unsupported(format!(
                    "vehicle {vehicle} rests before it is free"
                )));
            }
            // Whatever comes first, the break or the start: the planner lets it begin as soon as it is due.
            let begin_s = pause.window.earliest_s.max(start.from_s);
            start.breaks.push((begin_s, pause.duration_s));
        }
        if start_load(request, vehicle) > u64::from(it.capacity) {
            return Err(unsupported(format!("vehicle {vehicle} is overloaded")));
        }
        Ok(start)
    }

    fn add_task(
        &mut self,
        request: &PlanRequest,
        order: usize,
        free_from_s: &[i64],
    ) -> Result<(), Unusable> {
        let it = order_at(request, order)?;
        let stops = self.frozen.iter().flat_map(|frozen| &frozen.stops);
        let mut own = stops
            .filter(|stop| stop.order == order)
            .map(|stop| stop.kind);
        let frozen = own.next_back();
        if frozen == Some(StopKind::Dropoff) {
            return Ok(());
        }
        let pickup = it.pickup.filter(|_| frozen.is_none());
        let committed = it.committed || pickup.is_none();
        let sets_out_s = vehicle_of(it).and_then(|vehicle| free_from_s.get(vehicle));
        let sets_out_s = sets_out_s.copied().unwrap_or_default();
        let (mut too_late, mut too_far_off) = (false, false);
        let mut end = |stop: planner::PlannerStop| -> Result<End, Unusable> {
            let window = stop.window.map(|window| {
                let closed = window.latest_s < sets_out_s;
                too_late |= closed;
                Opening {
                    earliest_s: window.earliest_s.max(0),
                    latest_s: (!closed).then_some(window.latest_s.min(FURTHEST_S)),
                }
            });
            too_far_off |= window.is_some_and(|window| window.earliest_s > FURTHEST_S);
            Ok(End {
                place: place(request, stop.point)?,
                window,
                service_s: stop.service_s,
            })
        };
        let pickup = pickup.map(&mut end).transpose()?;
        let dropoff = end(it.dropoff)?;
        if (too_late || too_far_off) && !committed {
            self.left_over.push(order);
            return Ok(());
        }
        if too_far_off {
            return Err(unsupported(format!("order {order} is due in a month")));
        }
        let capacity = vehicle_of(it).and_then(|vehicle| request.vehicles.get(vehicle));
        if committed && capacity.is_some_and(|vehicle| it.size > vehicle.capacity) {
            return Err(unsupported(format!("order {order} overloads its vehicle")));
        }
        // Nobody else is offered an order on a route, and this vehicle may not keep it.
        let has_to_go = |vehicle| it.pinned_to.is_none() && !it.allows(vehicle);
        if vehicle_of(it).is_some_and(has_to_go) {
            return Err(unsupported(format!(
                "order {order} has to leave its vehicle"
            )));
        }
        self.tasks.push(Task {
            order,
            pickup,
            dropoff,
            size: it.size,
            vehicle: vehicle_of(it),
            allowed: it
                .allowed_vehicles
                .clone()
                .filter(|_| vehicle_of(it).is_none()),
            committed,
        });
        Ok(())
    }

    /// Takes out vehicles whose shift is over, and pending orders that no other may take.
    fn let_go_home(&mut self) -> Result<(), Unusable> {
        let tasks = &self.tasks;
        let late = |start: &Start| start.until_s <= start.from_s;
        let bound = |start: &Start| {
            let mut tied = tasks
                .iter()
                .filter(|task| task.vehicle == Some(start.vehicle));
            tied.any(|task| task.committed)
        };
        if let Some(start) = self
            .vehicles
            .iter()
            .find(|start| late(start) && bound(start))
        {
            let vehicle = start.vehicle;
            return Err(unsupported(format!("vehicle {vehicle} works overtime")));
        }
        self.vehicles.retain(|start| !late(start));
        let drives = |vehicle: usize| self.vehicles.iter().any(|it| it.vehicle == vehicle);
        let (tasks, stranded) =
            std::mem::take(&mut self.tasks)
                .into_iter()
                .partition(|task| match (task.vehicle, &task.allowed) {
                    (Some(vehicle), _) => drives(vehicle),
                    // A format may read an empty list as any vehicle.
                    (None, Some(allowed)) => allowed.iter().any(|vehicle| drives(*vehicle)),
                    (None, None) => true,
                });
        self.tasks = tasks;
        let stranded: Vec<Task> = stranded;
        self.left_over
            .extend(stranded.iter().map(|task| task.order));
        Ok(())
    }

    /// A limit that cannot be reached is not sent: fewer words that a service may not know.
    fn limit_orders(&mut self, request: &PlanRequest) {
        for start in &mut self.vehicles {
            let vehicle = start.vehicle;
            let tied = |task: &&Task| task.vehicle == Some(vehicle);
            let tied: Vec<&Task> = self.tasks.iter().filter(tied).collect();
            start.aboard = tied.iter().filter(|task| task.pickup.is_none()).count();
            let committed = tied.iter().filter(|task| task.committed).count();
            let untied = self.tasks.iter().filter(|task| task.vehicle.is_none());
            let reachable = tied.len() + untied.count();
            let Some(most) = request.vehicles[vehicle].max_orders else {
                continue;
            };
            let frozen = self
                .frozen
                .iter()
                .filter(|frozen| frozen.vehicle == vehicle);
            let delivered = frozen
                .flat_map(|frozen| &frozen.stops)
                .filter(|stop| stop.kind == StopKind::Dropoff);
            // Whatever the limit is, what is committed is kept.
            let most = (most as usize)
                .saturating_sub(delivered.count())
                .max(committed);
            start.most_orders = (reachable > most).then_some(most);
        }
    }
}

/// The only vehicle that a service may give the order to. No service has a price for moves: it would move orders for
/// the sake of a metre. So each order on a route stays with its vehicle.
fn vehicle_of(order: &planner::Order) -> Option<usize> {
    order.pinned_to.or(order.current_vehicle)
}

/// The largest load of a vehicle from its start to its last frozen stop.
fn start_load(request: &PlanRequest, vehicle: usize) -> u64 {
    let aboard = request
        .orders
        .iter()
        .filter(|order| order.pickup.is_none() && order.pinned_to == Some(vehicle));
    let mut load: u64 = aboard.map(|order| u64::from(order.size)).sum();
    let mut largest = load;
    for &(order, kind) in &request.vehicles[vehicle].frozen {
        let size = request
            .orders
            .get(order)
            .map_or(0, |order| u64::from(order.size));
        load = match kind {
            StopKind::Pickup => load + size,
            StopKind::Dropoff => load.saturating_sub(size),
        };
        largest = largest.max(load);
    }
    largest
}

/// A way with more places before its first point.
fn from(places: &[Coordinates], way: &str) -> Option<String> {
    let way = polyline::decode_polyline(way, super::embedded::PRECISION).ok()?;
    let first = places.iter().map(|place| (place.lon, place.lat).into());
    polyline::encode_coordinates(first.chain(way.into_inner()), super::embedded::PRECISION).ok()
}

// A request that contradicts itself is the embedded planner's to name.
fn place(request: &PlanRequest, point: usize) -> Result<Coordinates, Unusable> {
    let place = request.places.get(point).copied();
    place.ok_or_else(|| unsupported(format!("there is no place {point}")))
}

fn order_at(request: &PlanRequest, order: usize) -> Result<&planner::Order, Unusable> {
    let found = request.orders.get(order);
    found.ok_or_else(|| unsupported(format!("there is no order {order}")))
}

fn unsupported(detail: impl Into<String>) -> Unusable {
    Unusable::new(FallbackReason::Unsupported, detail)
}
