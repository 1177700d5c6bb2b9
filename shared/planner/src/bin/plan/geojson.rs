//! The plan as `GeoJSON` (RFC 7946): a line for each route and a point for each stop.

use planner::map::cut_at_180;
use planner::{Plan, Route, StopKind};
use serde_json::{Value, json};

use crate::answer::kind;
use crate::input::Input;

/// Draws all routes.
pub(crate) fn draw(input: &Input, plan: &Plan) -> String {
    let mut features = Vec::new();
    for route in &plan.routes {
        features.push(line(input, route));
        for (index, stop) in route.stops.iter().enumerate() {
            features.push(json!({
                "type": "Feature",
                "geometry": {
                    "type": "Point",
                    "coordinates": position(input, point(input, stop.order, stop.kind)),
                },
                "properties": {
                    "vehicle": input.names.vehicles[route.vehicle],
                    "sequence": index + 1,
                    "order": input.names.orders[stop.order],
                    "kind": kind(stop.kind),
                    "arrival_s": stop.arrival_s,
                    "departure_s": stop.departure_s,
                    "load": stop.load,
                },
            }));
        }
    }
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn line(input: &Input, route: &Route) -> Value {
    let vehicle = &input.instance.vehicles()[route.vehicle];
    let mut points = vec![vehicle.start];
    points.extend(
        route
            .stops
            .iter()
            .map(|stop| point(input, stop.order, stop.kind)),
    );
    points.extend(vehicle.end);
    let positions: Vec<[f64; 2]> = points.iter().map(|&it| position(input, it)).collect();
    let mut pieces = cut_at_180(&positions);
    let geometry = if pieces.len() == 1 {
        json!({ "type": "LineString", "coordinates": pieces.remove(0) })
    } else {
        json!({ "type": "MultiLineString", "coordinates": pieces })
    };
    json!({
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "vehicle": input.names.vehicles[route.vehicle],
            "stops": route.stops.len(),
            "distance_m": route.distance_m,
            "duration_s": route.duration_s,
        },
    })
}

fn point(input: &Input, order: usize, kind: StopKind) -> usize {
    let order = &input.instance.orders()[order];
    match (kind, order.pickup) {
        (StopKind::Pickup, Some(pickup)) => pickup.point,
        _ => order.dropoff.point,
    }
}

fn position(input: &Input, point: usize) -> [f64; 2] {
    let (lat, lon) = input.names.coordinates[point];
    [lon, lat]
}
