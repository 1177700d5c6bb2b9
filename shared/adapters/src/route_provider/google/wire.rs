//! The used part of the JSON of `google.maps.routeoptimization.v1`.
//!
//! Google refuses unknown members. It writes 64-bit integers as text and times without fractions, and leaves out
//! members that are zero, false or empty.

use serde::{Deserialize, Serialize, Serializer};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OptimizeTours {
    pub(super) timeout: String,
    pub(super) model: Model,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) consider_road_traffic: bool,
    pub(super) populate_polylines: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) global_start_time: String,
    pub(super) global_end_time: String,
    pub(super) shipments: Vec<Shipment>,
    pub(super) vehicles: Vec<Vehicle>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    pub(super) label: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pickups: Vec<VisitRequest>,
    pub(super) deliveries: Vec<VisitRequest>,
    pub(super) load_demands: Loads<Load>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) allowed_vehicle_indices: Vec<usize>,
    pub(super) penalty_cost: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VisitRequest {
    pub(super) arrival_location: LatLng,
    pub(super) duration: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) time_windows: Vec<TimeWindow>,
    #[serde(skip_serializing_if = "Loads::is_empty")]
    pub(super) load_demands: Loads<Load>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct LatLng {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimeWindow {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_time: Option<String>,
    /// A later time is possible at a cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) soft_end_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_per_hour_after_soft_end_time: Option<f64>,
}

/// Loads by their unit. A load that the limits of a vehicle do not name has no limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Loads<T> {
    /// The unit of size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<T>,
    /// The unit that counts orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) orders: Option<T>,
}

impl<T> Loads<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.size.is_none() && self.orders.is_none()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Load {
    #[serde(serialize_with = "as_text")]
    pub(super) amount: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadLimit {
    #[serde(serialize_with = "as_text")]
    pub(super) max_load: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vehicle {
    pub(super) label: String,
    pub(super) start_location: LatLng,
    pub(super) start_time_windows: Vec<TimeWindow>,
    pub(super) end_time_windows: Vec<TimeWindow>,
    pub(super) load_limits: Loads<LoadLimit>,
    pub(super) cost_per_traveled_hour: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) break_rule: Option<BreakRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BreakRule {
    /// Sorted. They must not overlap.
    pub(super) break_requests: Vec<BreakRequest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BreakRequest {
    pub(super) earliest_start_time: String,
    pub(super) latest_start_time: String,
    pub(super) min_duration: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Tours {
    pub(super) routes: Vec<ShipmentRoute>,
    pub(super) skipped_shipments: Vec<SkippedShipment>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ShipmentRoute {
    pub(super) vehicle_index: usize,
    pub(super) vehicle_label: String,
    pub(super) visits: Vec<Visit>,
    /// One more than there are visits: one leads to each visit, and the last one to the end.
    pub(super) transitions: Vec<Transition>,
    pub(super) route_polyline: Option<EncodedPolyline>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Visit {
    pub(super) shipment_index: usize,
    pub(super) shipment_label: String,
    pub(super) is_pickup: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Transition {
    /// Seconds with an `s` at the end.
    pub(super) travel_duration: Option<String>,
    pub(super) travel_distance_meters: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct EncodedPolyline {
    pub(super) points: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct SkippedShipment {
    pub(super) index: usize,
    pub(super) label: String,
}

fn as_text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
