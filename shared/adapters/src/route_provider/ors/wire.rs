//! The used part of VROOM's format (`docs/API.md` of its repository).
//!
//! VROOM ignores unknown members. A misspelt member would be a rule that is not kept, so a test spells out the members
//! of requests. In answers, unknown members are ignored, and the named ones must be present.

use serde::{Deserialize, Serialize};

/// `[longitude, latitude]`.
pub(in crate::route_provider) type LonLat = [f64; 2];

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct VroomProblem {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) jobs: Vec<Job>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shipments: Vec<Shipment>,
    pub(super) vehicles: Vec<Vehicle>,
    pub(super) options: Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Options {
    /// Whether the answer has geometries, and with them distances.
    pub(super) g: bool,
}

/// An order that is aboard from the start and only has a drop-off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Job {
    #[serde(flatten)]
    pub(super) stop: VroomStop,
    pub(super) delivery: [u32; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) skills: Vec<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) priority: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Shipment {
    pub(super) amount: [u32; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) skills: Vec<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) priority: u8,
    pub(super) pickup: VroomStop,
    pub(super) delivery: VroomStop,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct VroomStop {
    pub(super) id: u64,
    pub(super) location: LonLat,
    pub(super) service: u64,
    /// Pairs of seconds, sorted and disjoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) time_windows: Vec<[u64; 2]>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Vehicle {
    pub(super) id: u64,
    pub(super) profile: &'static str,
    pub(super) start: LonLat,
    pub(super) capacity: [u32; 1],
    pub(super) skills: Vec<u32>,
    pub(super) time_window: [u64; 2],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) breaks: Vec<Break>,
    /// A shipment is two tasks, a job is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tasks: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Break {
    /// Unique among the breaks of its vehicle.
    pub(super) id: u64,
    /// When it begins.
    pub(super) time_windows: [[u64; 2]; 1],
    pub(super) service: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Solution {
    /// 0 for success.
    pub(super) code: u32,
    #[serde(default)]
    pub(super) unassigned: Vec<Unassigned>,
    #[serde(default)]
    pub(super) routes: Vec<Route>,
}

/// A shipment has one of these for each of its two stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Unassigned {
    pub(super) id: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Route {
    pub(super) vehicle: u64,
    pub(super) steps: Vec<Step>,
    /// Encoded polyline, precision 5.
    #[serde(default)]
    pub(super) geometry: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Step {
    #[serde(rename = "type")]
    pub(super) kind: StepKind,
    /// The id of the job or the shipment. A start and an end have none.
    #[serde(default)]
    pub(super) id: Option<u64>,
    pub(super) arrival: u64,
    /// Driving time since the start.
    pub(super) duration: u64,
    /// Metres since the start. They may be missing at a break.
    #[serde(default)]
    pub(super) distance: Option<u64>,
    #[serde(default)]
    pub(super) setup: u64,
    #[serde(default)]
    pub(super) service: u64,
    #[serde(default)]
    pub(super) waiting_time: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepKind {
    Start,
    Job,
    Pickup,
    Delivery,
    /// It interrupts the leg to the next stop.
    Break,
    End,
}

fn is_zero(priority: &u8) -> bool {
    *priority == 0
}
