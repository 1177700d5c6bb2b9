//! Instances as JSON: `travel`, `locations`, `vehicles`, `orders`.
//!
//! The code walks through the values itself, because a deserializer stops at the first fault and this reports all of
//! them.

mod travel;
mod walk;

use std::collections::BTreeMap;

use planner::{Break, Order, PlannerStop, Shift, StopKind, Vehicle, Window};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::input::{FileFault, Measures, Name, Names, Parts};
use walk::{Faults, Walk, unknown};

const TOP: [&str; 4] = ["travel", "locations", "vehicles", "orders"];
const LOCATION: [&str; 2] = ["lat", "lon"];
const VEHICLE: [&str; 11] = [
    "id",
    "start",
    "end",
    "capacity",
    "shift",
    "breaks",
    "max_orders",
    "fixed_cost",
    "frozen",
    "next_stop",
    "planned",
];
const ORDER: [&str; 11] = [
    "id",
    "size",
    "pickup",
    "dropoff",
    "vehicle",
    "vehicles",
    "current_vehicle",
    "committed",
    "urgency",
    "waiting_since_s",
    "promise_s",
];
const STOP: [&str; 3] = ["location", "window", "service_s"];
const BREAK: [&str; 2] = ["window", "duration_s"];
const VISIT: [&str; 2] = ["order", "kind"];

/// Reads a file.
pub(crate) fn read(text: &str) -> Result<Parts, Vec<FileFault>> {
    let top: BTreeMap<String, &RawValue> =
        serde_json::from_str(text).map_err(|error| vec![FileFault::new("", error.to_string())])?;
    let mut faults = Faults::default();
    for key in top.keys().filter(|key| !TOP.contains(&key.as_str())) {
        faults.add(key, unknown(&TOP, "a file"));
    }
    let coordinates = locations(&top, &mut faults);
    let travel = if let Some(raw) = top.get("travel") {
        travel::read(raw, &coordinates, &mut faults)
    } else {
        faults.add("travel", "is missing");
        None
    };
    let vehicles = list(&top, "vehicles", &mut faults);
    let orders = list(&top, "orders", &mut faults);
    let vehicle_names = names("vehicles", &vehicles, &mut faults);
    let order_names = names("orders", &orders, &mut faults);
    let vehicles: Vec<Vehicle> = vehicles
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let mut walk = Walk::new(format!("vehicles[{index}]"), it, &mut faults);
            vehicle(&mut walk, &order_names)
        })
        .collect();
    let orders: Vec<Order> = orders
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let mut walk = Walk::new(format!("orders[{index}]"), it, &mut faults);
            order(&mut walk, &vehicle_names)
        })
        .collect();
    let points = match &travel {
        Some((travel, _)) => travel.points(),
        None => coordinates.len(),
    };
    check_locations(points, &vehicles, &orders, &mut faults);
    match (travel, faults.found.is_empty()) {
        (Some((travel, has_distances)), true) => Ok(Parts {
            travel,
            has_distances,
            vehicles,
            orders,
            names: Names {
                vehicles: vehicle_names,
                orders: order_names,
                coordinates,
            },
            measures: if has_distances {
                Measures::Metric
            } else {
                Measures::Seconds
            },
        }),
        _ => Err(faults.found),
    }
}

fn list(top: &BTreeMap<String, &RawValue>, key: &str, faults: &mut Faults) -> Vec<Value> {
    match top.get(key).map(|raw| serde_json::from_str(raw.get())) {
        Some(Ok(Value::Array(list))) => return list,
        Some(_) => faults.add(key, "is not a list"),
        None => faults.add(key, "is missing"),
    }
    Vec::new()
}

fn locations(top: &BTreeMap<String, &RawValue>, faults: &mut Faults) -> Vec<(f64, f64)> {
    // A matrix needs no locations.
    if !top.contains_key("locations") {
        return Vec::new();
    }
    list(top, "locations", faults)
        .iter()
        .enumerate()
        .map(|(index, it)| {
            let mut walk = Walk::new(format!("locations[{index}]"), it, faults);
            walk.only(&LOCATION, "a location");
            (walk.degrees("lat", 90.0), walk.degrees("lon", 180.0))
        })
        .collect()
}

/// The `id` of each element. A missing or duplicate name is a fault.
fn names(key: &str, list: &[Value], faults: &mut Faults) -> Vec<Name> {
    let mut seen = BTreeMap::new();
    list.iter()
        .enumerate()
        .map(|(index, it)| {
            let place = format!("{key}[{index}].id");
            let name = match it.get("id") {
                Some(Value::String(text)) => Name::Text(text.clone()),
                Some(Value::Number(number)) if number.is_u64() => {
                    Name::Number(number.as_u64().unwrap_or_default())
                }
                Some(_) => {
                    faults.add(place, "is neither text nor a whole number");
                    return Name::Text(String::new());
                }
                None => {
                    faults.add(place, "is missing");
                    return Name::Text(String::new());
                }
            };
            if let Some(other) = seen.insert(name.to_string(), index) {
                faults.add(place, format!("is that of {key}[{other}] too"));
            }
            name
        })
        .collect()
}

/// The index of a name.
pub(crate) fn find(names: &[Name], value: &Value) -> Option<usize> {
    names.iter().position(|name| match (name, value) {
        (Name::Text(name), Value::String(text)) => name == text,
        (Name::Number(name), Value::Number(number)) => number.as_u64() == Some(*name),
        _ => false,
    })
}

fn vehicle(walk: &mut Walk<'_>, orders: &[Name]) -> Vehicle {
    walk.only(&VEHICLE, "a vehicle");
    let start = walk.index("start");
    let shift = walk.span("shift").unwrap_or_else(|| {
        walk.fault("shift", "is missing");
        (0, 0)
    });
    let capacity = walk.count("capacity");
    let mut vehicle = Vehicle::new(
        start,
        capacity,
        Shift {
            start_s: shift.0,
            end_s: shift.1,
        },
    );
    vehicle.breaks = breaks(walk);
    vehicle.end = walk.has("end").then(|| walk.index("end"));
    vehicle.max_orders = walk.has("max_orders").then(|| walk.count("max_orders"));
    if walk.has("fixed_cost") {
        vehicle.fixed_cost = walk.whole("fixed_cost");
    }
    if let Some(next) = walk.get("next_stop").filter(|it| !it.is_null()) {
        vehicle
            .frozen
            .extend(stop_of(walk, "next_stop", next, orders));
    }
    if walk.has("frozen") && walk.has("next_stop") {
        walk.fault("frozen", "cannot be combined with next_stop");
    }
    vehicle.frozen.extend(stops(walk, "frozen", orders));
    vehicle.planned = stops(walk, "planned", orders);
    vehicle
}

/// Reads `[{"window": [from, until], "duration_s": seconds}]`.
fn breaks(walk: &mut Walk<'_>) -> Vec<Break> {
    if !walk.has("breaks") {
        return Vec::new();
    }
    let Some(list) = walk.get("breaks").and_then(Value::as_array) else {
        walk.fault("breaks", "is not a list");
        return Vec::new();
    };
    let breaks = list.iter().enumerate().map(|(at, it)| {
        let mut walk = walk.at(&format!("breaks[{at}]"), it);
        walk.only(&BREAK, "a break");
        let span = walk.span("window").unwrap_or_else(|| {
            walk.fault("window", "is missing");
            (0, 0)
        });
        Break {
            window: Window {
                earliest_s: span.0,
                latest_s: span.1,
            },
            duration_s: walk.seconds("duration_s"),
        }
    });
    breaks.collect()
}

/// Reads a list of stops; no stops if it is absent or null.
fn stops(walk: &mut Walk<'_>, key: &str, orders: &[Name]) -> Vec<(usize, StopKind)> {
    if !walk.has(key) {
        return Vec::new();
    }
    let Some(list) = walk.get(key).and_then(Value::as_array) else {
        walk.fault(key, "is not a list");
        return Vec::new();
    };
    let stops = list.iter().enumerate();
    stops
        .filter_map(|(at, it)| stop_of(walk, &format!("{key}[{at}]"), it, orders))
        .collect()
}

/// Reads `{"order": <id>, "kind": "pickup" | "dropoff"}`.
fn stop_of(
    walk: &mut Walk<'_>,
    key: &str,
    stop: &Value,
    orders: &[Name],
) -> Option<(usize, StopKind)> {
    for name in stop.as_object().into_iter().flat_map(|it| it.keys()) {
        if !VISIT.contains(&name.as_str()) {
            walk.fault(
                &format!("{key}.{name}"),
                &unknown(&VISIT, "a stop of a route"),
            );
        }
    }
    let order = stop.get("order").and_then(|order| find(orders, order));
    if order.is_none() {
        walk.fault(&format!("{key}.order"), "is no order's id");
    }
    let kind = match stop.get("kind").and_then(Value::as_str) {
        Some("pickup") => Some(StopKind::Pickup),
        Some("dropoff") => Some(StopKind::Dropoff),
        _ => {
            walk.fault(&format!("{key}.kind"), "is neither pickup nor dropoff");
            None
        }
    };
    Some((order?, kind?))
}

fn order(walk: &mut Walk<'_>, vehicles: &[Name]) -> Order {
    walk.only(&ORDER, "an order");
    let pickup = walk.has("pickup").then(|| stop(walk, "pickup"));
    let dropoff = stop(walk, "dropoff");
    let pinned_to = vehicle_of(walk, "vehicle", vehicles);
    let current_vehicle = vehicle_of(walk, "current_vehicle", vehicles);
    let or_zero = |walk: &mut Walk<'_>, key| if walk.has(key) { walk.seconds(key) } else { 0 };
    Order {
        pickup,
        dropoff,
        size: walk.count("size"),
        pinned_to,
        allowed_vehicles: allowed_vehicles(walk, vehicles),
        committed: walk.has("committed") && walk.flag("committed"),
        current_vehicle,
        urgency: if walk.has("urgency") {
            walk.count("urgency")
        } else {
            1
        },
        waiting_since_s: or_zero(walk, "waiting_since_s"),
        promise_s: walk.has("promise_s").then(|| walk.seconds("promise_s")),
    }
}

/// The list of the vehicles that may serve an order, if there is one.
fn allowed_vehicles(walk: &mut Walk<'_>, vehicles: &[Name]) -> Option<Vec<usize>> {
    if !walk.has("vehicles") {
        return None;
    }
    let Some(list) = walk.get("vehicles").and_then(Value::as_array) else {
        walk.fault("vehicles", "is not a list");
        return None;
    };
    let found = list.iter().enumerate().filter_map(|(at, name)| {
        let vehicle = find(vehicles, name);
        if vehicle.is_none() {
            walk.fault(&format!("vehicles[{at}]"), "is no vehicle's id");
        }
        vehicle
    });
    Some(found.collect())
}

/// The vehicle that a field names, if it names one.
fn vehicle_of(walk: &mut Walk<'_>, key: &str, vehicles: &[Name]) -> Option<usize> {
    if !walk.has(key) {
        return None;
    }
    let vehicle = walk.get(key).and_then(|name| find(vehicles, name));
    if vehicle.is_none() {
        walk.fault(key, "is no vehicle's id");
    }
    vehicle
}

fn stop(walk: &mut Walk<'_>, key: &str) -> PlannerStop {
    let mut walk = walk.inside(key);
    walk.only(&STOP, "a stop");
    PlannerStop {
        point: walk.index("location"),
        window: walk.span("window").map(|(earliest_s, latest_s)| Window {
            earliest_s,
            latest_s,
        }),
        service_s: if walk.has("service_s") {
            walk.seconds("service_s")
        } else {
            0
        },
    }
}

/// Checks that every location exists. The faults use the names of the file.
fn check_locations(points: usize, vehicles: &[Vehicle], orders: &[Order], faults: &mut Faults) {
    let mut check = |place: String, point: usize| {
        // `usize::MAX` stands for a value that could not be read, which is a fault already.
        if point >= points && point != usize::MAX {
            faults.add(place, format!("no location {point}, there are {points}"));
        }
    };
    for (index, vehicle) in vehicles.iter().enumerate() {
        check(format!("vehicles[{index}].start"), vehicle.start);
        if let Some(end) = vehicle.end {
            check(format!("vehicles[{index}].end"), end);
        }
    }
    for (index, order) in orders.iter().enumerate() {
        if let Some(pickup) = order.pickup {
            check(format!("orders[{index}].pickup.location"), pickup.point);
        }
        check(
            format!("orders[{index}].dropoff.location"),
            order.dropoff.point,
        );
    }
}
