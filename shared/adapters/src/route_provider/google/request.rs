//! A problem in Google's format.
//!
//! Google compares costs. Placed orders count most, then the lateness of committed orders, then driving: an hour of
//! driving costs 1, an hour of lateness 50, a pending order that is not served as much as 1,000 hours of driving, and a
//! committed one as much as 1,000,000.

use std::time::Duration;

use domain::{Coordinates, Timestamp};
use jiff::SignedDuration;

use super::wire::{
    BreakRequest, BreakRule, LatLng, Load, LoadLimit, Loads, Model, OptimizeTours, Shipment,
    TimeWindow, Vehicle, VisitRequest,
};
use crate::route_provider::outline::{End, Opening, Outline, Start, Task};

const DRIVING_HOUR: f64 = 1.0;
const LATE_HOUR: f64 = 50.0;
const PENDING_LEFT_OVER: f64 = 1_000.0;
const COMMITTED_LEFT_OVER: f64 = 1_000_000.0;
/// All times of a model lie between its start and its end. Late orders may be served until the end.
const SOME_TIME_MORE_S: i64 = 24 * 3_600;

/// `None` if a time is beyond the range of a timestamp.
pub(super) fn tours(
    outline: &Outline,
    at: Timestamp,
    time: Duration,
    traffic: bool,
) -> Option<OptimizeTours> {
    let latest_s = outline.vehicles.iter().map(|start| start.until_s).max()?;
    let clock = Clock {
        at,
        last_s: latest_s + SOME_TIME_MORE_S,
    };
    let counts_orders = outline.vehicles.iter().any(|it| it.most_orders.is_some());
    let shipments = outline.tasks.iter();
    let shipments = shipments.map(|task| shipment(task, outline, clock, counts_orders));
    let vehicles = outline.vehicles.iter().map(|start| vehicle(start, clock));
    Some(OptimizeTours {
        timeout: format!("{}s", time.as_secs().max(1)),
        model: Model {
            global_start_time: clock.time(0)?,
            global_end_time: clock.time(clock.last_s)?,
            shipments: shipments.collect::<Option<_>>()?,
            vehicles: vehicles.collect::<Option<_>>()?,
        },
        consider_road_traffic: traffic,
        populate_polylines: true,
    })
}

/// The labels that identify visits in an answer.
pub(super) fn order_label(order: usize) -> String {
    format!("order {order}")
}

/// See [`order_label`].
pub(super) fn vehicle_label(vehicle: usize) -> String {
    format!("vehicle {vehicle}")
}

/// The time of a second of the plan. A time after the end of the model becomes the end, because Google refuses later
/// times.
#[derive(Clone, Copy)]
struct Clock {
    at: Timestamp,
    last_s: i64,
}

impl Clock {
    fn time(self, second: i64) -> Option<String> {
        let second = SignedDuration::from_secs(second.min(self.last_s));
        let time = self.at.checked_add(second).ok()?;
        Some(format!("{time:.0}"))
    }
}

fn shipment(task: &Task, outline: &Outline, clock: Clock, counts_orders: bool) -> Option<Shipment> {
    let pickup = task.pickup.map(|pickup| {
        let mut visit = visit(task, pickup, clock)?;
        // On the visit and not on the shipment: the load limit counts orders, and a drop-off does not give it back.
        visit.load_demands.orders = counts_orders.then_some(Load { amount: 1 });
        Some(visit)
    });
    let position = |vehicle: usize| {
        let mut vehicles = outline.vehicles.iter();
        vehicles.position(|start| start.vehicle == vehicle)
    };
    // An empty list stands for any vehicle. The outline has no order that no vehicle may take.
    let allowed: Vec<usize> = match (task.vehicle, &task.allowed) {
        (Some(vehicle), _) => position(vehicle).into_iter().collect(),
        (None, Some(allowed)) => allowed.iter().copied().filter_map(position).collect(),
        (None, None) => Vec::new(),
    };
    Some(Shipment {
        label: order_label(task.order),
        pickups: match pickup {
            Some(pickup) => vec![pickup?],
            None => Vec::new(),
        },
        deliveries: vec![visit(task, task.dropoff, clock)?],
        load_demands: Loads {
            size: Some(Load {
                amount: task.size.into(),
            }),
            orders: None,
        },
        allowed_vehicle_indices: allowed,
        penalty_cost: if task.committed {
            COMMITTED_LEFT_OVER
        } else {
            PENDING_LEFT_OVER
        },
    })
}

fn visit(task: &Task, end: End, clock: Clock) -> Option<VisitRequest> {
    let window = end.window.map(|window| {
        if task.committed {
            may_be_late(window, clock)
        } else {
            on_time(window, clock)
        }
    });
    Some(VisitRequest {
        arrival_location: lat_lng(end.place),
        duration: format!("{}s", end.service_s),
        time_windows: match window {
            Some(window) => vec![window?],
            None => Vec::new(),
        },
        load_demands: Loads {
            size: None,
            orders: None,
        },
    })
}

fn on_time(window: Opening, clock: Clock) -> Option<TimeWindow> {
    Some(TimeWindow {
        start_time: Some(clock.time(window.earliest_s)?),
        end_time: match window.latest_s {
            Some(latest_s) => Some(clock.time(latest_s)?),
            None => None,
        },
        ..TimeWindow::default()
    })
}

/// A stop that is already late gets late costs from its opening on.
fn may_be_late(window: Opening, clock: Clock) -> Option<TimeWindow> {
    let due_s = window.latest_s.unwrap_or(window.earliest_s);
    Some(TimeWindow {
        start_time: Some(clock.time(window.earliest_s)?),
        end_time: None,
        soft_end_time: Some(clock.time(due_s)?),
        cost_per_hour_after_soft_end_time: Some(LATE_HOUR),
    })
}

fn vehicle(start: &Start, clock: Clock) -> Option<Vehicle> {
    let most_orders = start
        .most_orders
        .map(|most| most.saturating_sub(start.aboard) as u64);
    Some(Vehicle {
        label: vehicle_label(start.vehicle),
        start_location: lat_lng(start.place),
        start_time_windows: vec![TimeWindow {
            start_time: Some(clock.time(start.from_s)?),
            ..TimeWindow::default()
        }],
        end_time_windows: vec![TimeWindow {
            end_time: Some(clock.time(start.until_s)?),
            ..TimeWindow::default()
        }],
        load_limits: Loads {
            size: Some(LoadLimit {
                max_load: start.capacity.into(),
            }),
            orders: most_orders.map(|max_load| LoadLimit { max_load }),
        },
        cost_per_traveled_hour: DRIVING_HOUR,
        break_rule: break_rule(start, clock)?,
    })
}

/// A break that would end after the shift lies behind every route. The outer `None` is for a time beyond all clocks.
fn break_rule(start: &Start, clock: Clock) -> Option<Option<BreakRule>> {
    let within = start
        .breaks
        .iter()
        .filter(|(begin_s, length_s)| begin_s + length_s <= start.until_s);
    let requests = within.map(|(begin_s, length_s)| {
        let begin = clock.time(*begin_s)?;
        Some(BreakRequest {
            earliest_start_time: begin.clone(),
            latest_start_time: begin,
            min_duration: format!("{length_s}s"),
        })
    });
    let break_requests: Vec<BreakRequest> = requests.collect::<Option<_>>()?;
    Some((!break_requests.is_empty()).then_some(BreakRule { break_requests }))
}

fn lat_lng(place: Coordinates) -> LatLng {
    LatLng {
        latitude: place.lat,
        longitude: place.lon,
    }
}
