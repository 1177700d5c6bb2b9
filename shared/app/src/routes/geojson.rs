//! Routes as GeoJSON (RFC 7946), for maps. Positions are longitude first.

use domain::{
    Coordinates, OrderId, Route, RouteId, RouteStatus, RouteStop, StopKind, StopStatus, Timestamp,
    UserId,
};
use planner::map::cut_at_180;
use serde::Serialize;

/// Decimals of the encoded polylines.
const PRECISION: u32 = 5;

/// Routes on a map: a line for each, and a point for each of its stops.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureCollection {
    #[serde(rename = "type")]
    kind: &'static str,
    features: Vec<Feature>,
    /// For the next page; `null` at the end. A foreign member, which readers of GeoJSON pass over.
    next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Feature {
    #[serde(rename = "type")]
    kind: &'static str,
    /// The route's id; for a stop followed by its number.
    id: String,
    geometry: Geometry,
    properties: Properties,
}

/// Longitude, latitude.
type Position = [f64; 2];

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    LineString(Vec<Position>),
    /// A line that crosses the 180th meridian.
    MultiLineString(Vec<Vec<Position>>),
    Point(Position),
}

impl Geometry {
    fn line(way: &[Position]) -> Self {
        let mut pieces = cut_at_180(way);
        if pieces.len() > 1 {
            Self::MultiLineString(pieces)
        } else {
            Self::LineString(pieces.pop().unwrap_or_default())
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "feature", rename_all = "snake_case")]
enum Properties {
    Route {
        route_id: RouteId,
        agent_id: UserId,
        status: RouteStatus,
        distance_m: u32,
        duration_s: u32,
        provider: String,
        version: u64,
        created_at: Timestamp,
        updated_at: Timestamp,
    },
    Stop {
        route_id: RouteId,
        sequence: usize,
        kind: StopKind,
        order_id: OrderId,
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        eta: Timestamp,
        distance_m: u32,
        duration_s: u32,
        status: StopStatus,
    },
}

impl FeatureCollection {
    /// Of a page of routes.
    pub fn of(routes: &[Route], next_cursor: Option<String>) -> Self {
        let features = routes.iter().flat_map(|route| {
            let stops = route.stops.iter().zip(1..);
            let stops = stops.map(|(stop, sequence)| Feature::stop(route.id, stop, sequence));
            std::iter::once(Feature::route(route)).chain(stops)
        });
        Self {
            kind: "FeatureCollection",
            features: features.collect(),
            next_cursor,
        }
    }
}

impl Feature {
    fn route(route: &Route) -> Self {
        let total = route.total();
        Self {
            kind: "Feature",
            id: route.id.to_string(),
            geometry: Geometry::line(&way(route)),
            properties: Properties::Route {
                route_id: route.id,
                agent_id: route.agent_id,
                status: route.status,
                distance_m: total.distance_m,
                duration_s: total.duration_s,
                provider: route.provider.clone(),
                version: route.version,
                created_at: route.created_at,
                updated_at: route.updated_at,
            },
        }
    }

    fn stop(route_id: RouteId, stop: &RouteStop, sequence: usize) -> Self {
        Self {
            kind: "Feature",
            id: format!("{route_id}/{sequence}"),
            geometry: Geometry::Point(position(stop.location)),
            properties: Properties::Stop {
                route_id,
                sequence,
                kind: stop.kind,
                order_id: stop.order_id,
                address: stop.address.clone(),
                eta: stop.eta,
                distance_m: stop.leg.distance_m,
                duration_s: stop.leg.duration_s,
                status: stop.status,
            },
        }
    }
}

/// The way as the planner's geometry has it; where there is none that is a line, straight from stop to stop.
fn way(route: &Route) -> Vec<Position> {
    let geometry = route.geometry.as_deref();
    let decoded = geometry.and_then(|line| polyline::decode_polyline(line, PRECISION).ok());
    let points = decoded.map(|line| line.into_inner()).unwrap_or_default();
    if points.len() >= 2 {
        return points.iter().map(|point| [point.x, point.y]).collect();
    }
    // Once a stop is made, the departure is there, and no longer where the route began.
    let begun = route
        .stops
        .iter()
        .any(|stop| stop.status == StopStatus::Done);
    let start = (!begun).then_some(route.from.location);
    let through = |is_on_it: fn(&RouteStop) -> bool| -> Vec<Position> {
        let stops = route.stops.iter().filter(|stop| is_on_it(stop));
        let places = start.into_iter().chain(stops.map(|stop| stop.location));
        places.map(position).collect()
    };
    let line = through(|stop| stop.status != StopStatus::Skipped);
    // A line has two ends, even where nobody drives any more.
    if line.len() >= 2 {
        line
    } else {
        through(|_| true)
    }
}

fn position(place: Coordinates) -> Position {
    [place.lon, place.lat]
}
