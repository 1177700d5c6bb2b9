//! Route planning: the embedded planner or a remote one, behind one port.

use std::time::Duration;

use async_trait::async_trait;
use domain::{Coordinates, StopKind, UnplacedReason};
use thiserror::Error;

use crate::refusal::Cause;

/// A planning problem on places instead of a travel matrix: whoever plans knows how far they are apart.
///
/// Second 0 is the moment of planning. `point` in vehicles and orders is an index into `places`.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The places that vehicles and orders name by index.
    pub places: Vec<Coordinates>,
    /// Who can drive.
    pub vehicles: Vec<planner::Vehicle>,
    /// What is to be carried.
    pub orders: Vec<planner::Order>,
    /// How long planning may take.
    pub time_limit: Duration,
}

/// One stop of a planned route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedVisit {
    /// Index into the request's orders.
    pub order: usize,
    /// What happens.
    pub kind: StopKind,
    /// When the service begins, in seconds from the moment of planning.
    pub begin_s: i64,
    /// The leg to it, in metres.
    pub distance_m: u32,
    /// The leg to it, in seconds.
    pub duration_s: u32,
}

/// One vehicle's stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRoute {
    /// Index into the request's vehicles.
    pub vehicle: usize,
    /// In driving order.
    pub visits: Vec<PlannedVisit>,
    /// Encoded polyline of the way, precision 5.
    pub geometry: Option<String>,
}

/// An order that found no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnplacedOrder {
    /// Index into the request's orders.
    pub order: usize,
    /// Why.
    pub reason: UnplacedReason,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanAnswer {
    /// Who made it: `embedded`, or the name of a remote provider.
    pub provider: &'static str,
    /// One for each vehicle that drives.
    pub routes: Vec<PlannedRoute>,
    /// What is left over.
    pub unplaced: Vec<UnplacedOrder>,
}

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum ProviderError {
    /// The problem contradicts itself: a defect of ours.
    #[error("the planning problem is not valid: {0}")]
    InvalidProblem(String),
    /// The provider is away, refuses, or took too long.
    #[error("the route provider is away")]
    Unavailable(#[source] Cause),
}

/// Plans routes.
#[async_trait]
pub trait RouteProvider: Send + Sync {
    /// Makes a plan: every committed order on its vehicle, as many of the others as fit, then the least time.
    async fn plan(&self, request: PlanRequest) -> Result<PlanAnswer, ProviderError>;
}
