//! Routes: one item for the route, and one for its geometry. The geometry is long, and few calls need it. Each tap
//! writes the route, so its stops are packed.

use domain::route::Departure;
use domain::{
    Leg, OrderId, Route, RouteDecision, RouteId, RouteStatus, RouteStop, StopKind, StopStatus,
    Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

use super::BrokenItem;
use super::place::{StoredBreak, StoredCoordinates};
use crate::dynamodb::keys;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredRoute {
    agent_id: UserId,
    /// Sort key.
    item: String,
    route_id: RouteId,
    status: RouteStatus,
    from: StoredDeparture,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    breaks: Vec<StoredBreak>,
    #[serde(with = "super::packed")]
    stops: Vec<StoredRouteStop>,
    provider: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    left_in_first_step: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<RouteDecision>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredDeparture {
    location: StoredCoordinates,
    at: Timestamp,
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredRouteStop {
    kind: StopKind,
    order_id: OrderId,
    location: StoredCoordinates,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    eta: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<Timestamp>,
    service_s: u32,
    distance_m: u32,
    duration_s: u32,
    status: StopStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    returns: bool,
}

/// The geometry of a route.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredGeometry {
    agent_id: UserId,
    /// Sort key.
    item: String,
    pub(crate) route_id: RouteId,
    /// Encoded polyline, precision 5. Empty after one of its stops was removed from the route.
    pub(crate) polyline: String,
    /// The version of the route that was written with it.
    route_version: u64,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl StoredGeometry {
    /// The encoded polyline, if it still holds.
    pub(crate) fn way(self) -> Option<String> {
        Some(self.polyline).filter(|polyline| !polyline.is_empty())
    }
}

impl StoredRoute {
    /// The items of a route. The second one is present if the route has a geometry.
    pub(crate) fn of(route: Route) -> (Self, Option<StoredGeometry>) {
        let geometry = route.geometry.map(|polyline| StoredGeometry {
            agent_id: route.agent_id,
            item: keys::geometry_item(route.id),
            route_id: route.id,
            polyline,
            route_version: route.version,
        });
        let stored = Self {
            agent_id: route.agent_id,
            item: keys::route_item(route.id),
            route_id: route.id,
            status: route.status,
            from: StoredDeparture {
                location: route.from.location.into(),
                at: route.from.at,
            },
            breaks: route.breaks.into_iter().map(Into::into).collect(),
            stops: route.stops.into_iter().map(Into::into).collect(),
            provider: route.provider,
            left_in_first_step: route.left_in_first_step,
            decisions: route.decisions,
            created_at: route.created_at,
            updated_at: route.updated_at,
            version: route.version,
        };
        (stored, geometry)
    }
}

impl From<RouteStop> for StoredRouteStop {
    fn from(stop: RouteStop) -> Self {
        Self {
            kind: stop.kind,
            order_id: stop.order_id,
            location: stop.location.into(),
            address: stop.address,
            eta: stop.eta,
            not_before: stop.not_before,
            not_after: stop.not_after,
            service_s: stop.service_s,
            distance_m: stop.leg.distance_m,
            duration_s: stop.leg.duration_s,
            status: stop.status,
            done_at: stop.done_at,
            pinned: stop.pinned,
            returns: stop.returns,
        }
    }
}

impl From<StoredRouteStop> for RouteStop {
    fn from(stored: StoredRouteStop) -> Self {
        Self {
            kind: stored.kind,
            order_id: stored.order_id,
            location: stored.location.into(),
            address: stored.address,
            eta: stored.eta,
            not_before: stored.not_before,
            not_after: stored.not_after,
            service_s: stored.service_s,
            leg: Leg {
                distance_m: stored.distance_m,
                duration_s: stored.duration_s,
            },
            status: stored.status,
            done_at: stored.done_at,
            pinned: stored.pinned,
            returns: stored.returns,
        }
    }
}

impl TryFrom<StoredRoute> for Route {
    type Error = BrokenItem;

    /// The route without its geometry.
    fn try_from(stored: StoredRoute) -> Result<Self, BrokenItem> {
        if stored.version == 0 {
            return Err(BrokenItem("version 0"));
        }
        if stored.item != keys::route_item(stored.route_id) {
            return Err(BrokenItem("a route under another one's key"));
        }
        Ok(Self {
            id: stored.route_id,
            agent_id: stored.agent_id,
            status: stored.status,
            from: Departure {
                location: stored.from.location.into(),
                at: stored.from.at,
            },
            breaks: stored.breaks.into_iter().map(Into::into).collect(),
            stops: stored.stops.into_iter().map(Into::into).collect(),
            provider: stored.provider,
            left_in_first_step: stored.left_in_first_step,
            decisions: stored.decisions,
            geometry: None,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        })
    }
}
