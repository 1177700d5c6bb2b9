//! Plans that were made elsewhere: the sequence of stops of each vehicle.

use std::fs;
use std::path::Path;

use planner::StopKind;
use serde_json::Value;

use crate::input::{FileFault, Input};
use crate::json::find;

/// A vehicle and its stops.
type Sequence = (usize, Vec<(usize, StopKind)>);

/// Reads `{"routes": [{"vehicle", "stops": [{"order", "kind"}]}]}`.
pub(crate) fn read(file: &Path, input: &Input) -> Result<Vec<Sequence>, FileFault> {
    let text = fs::read_to_string(file).map_err(|error| FileFault::new("", error.to_string()))?;
    let answer: Value =
        serde_json::from_str(&text).map_err(|error| FileFault::new("", error.to_string()))?;
    let routes = list(&answer, "routes", "")?;
    routes
        .iter()
        .enumerate()
        .map(|(index, route)| {
            let place = format!("routes[{index}]");
            let vehicle = route
                .get("vehicle")
                .and_then(|name| find(&input.names.vehicles, name))
                .ok_or_else(|| FileFault::new(format!("{place}.vehicle"), "is no vehicle"))?;
            let stops = list(route, "stops", &place)?;
            let stops = stops.iter().enumerate().map(|(index, it)| {
                stop(it, input).ok_or_else(|| {
                    FileFault::new(format!("{place}.stops[{index}]"), "is no order's stop")
                })
            });
            Ok((vehicle, stops.collect::<Result<_, _>>()?))
        })
        .collect()
}

fn list<'a>(object: &'a Value, key: &str, place: &str) -> Result<&'a Vec<Value>, FileFault> {
    object
        .get(key)
        .and_then(Value::as_array)
        .ok_or_else(|| FileFault::new(format!("{place}.{key}"), "is not a list"))
}

fn stop(value: &Value, input: &Input) -> Option<(usize, StopKind)> {
    let order = find(&input.names.orders, value.get("order")?)?;
    let kind = match value.get("kind")?.as_str()? {
        "pickup" => StopKind::Pickup,
        "dropoff" => StopKind::Dropoff,
        _ => return None,
    };
    Some((order, kind))
}
