//! Route planning: the embedded planner or a remote one, behind one port.

use std::time::Duration;

use async_trait::async_trait;
use domain::{Coordinates, Leg, StopKind, Timestamp, UnplacedReason};
use strum::IntoStaticStr;
use thiserror::Error;

use crate::ports::StoreError;
use crate::refusal::Cause;

/// A planning problem on places instead of a travel matrix: whoever plans knows how far they are apart.
///
/// Second 0 is the moment of planning. `point` in vehicles and orders is an index into `places`.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// The moment of planning: what second 0 is on the clock.
    pub at: Timestamp,
    /// The places that vehicles and orders name by index.
    pub places: Vec<Coordinates>,
    /// Who can drive.
    pub vehicles: Vec<planner::Vehicle>,
    /// What is to be carried.
    pub orders: Vec<planner::Order>,
    /// The number to minimise.
    pub objective: planner::Objective,
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
    /// The providers whose plans are not used, in the sequence in which they were asked. A provider with a worse plan
    /// is among them.
    pub fallbacks: Vec<Fallback>,
}

impl PlanAnswer {
    /// A plan of our own planner, without the paths of its routes. `instance` is the instance that was planned.
    pub fn of(provider: &'static str, instance: &planner::Instance, plan: &planner::Plan) -> Self {
        let unplaced = plan.unserved.iter().map(|unserved| UnplacedOrder {
            order: unserved.order,
            reason: match unserved.reason {
                planner::UnservedReason::NoVehicle => UnplacedReason::NoAgentOnDuty,
                planner::UnservedReason::NoAllowedVehicle => UnplacedReason::NoAgentWithSkills,
                planner::UnservedReason::OverCapacity => UnplacedReason::OverCapacity,
                planner::UnservedReason::OutsideTimeWindows => UnplacedReason::OutsideTimeWindows,
            },
        });
        Self {
            provider,
            routes: plan
                .routes
                .iter()
                .map(|route| planned_route(instance, route))
                .collect(),
            unplaced: unplaced.collect(),
            fallbacks: Vec::new(),
        }
    }
}

fn planned_route(instance: &planner::Instance, route: &planner::Route) -> PlannedRoute {
    let mut at = instance.vehicles()[route.vehicle].start;
    let visits = route.stops.iter().map(|stop| {
        let order = &instance.orders()[stop.order];
        let to = match stop.kind {
            // An order aboard has no pickup, and the planner makes none.
            planner::StopKind::Pickup => order.pickup.unwrap_or(order.dropoff),
            planner::StopKind::Dropoff => order.dropoff,
        };
        let visit = PlannedVisit {
            order: stop.order,
            kind: domain_kind(stop.kind),
            begin_s: stop.arrival_s + stop.waiting_s,
            distance_m: instance.travel().distance_m(at, to.point),
            duration_s: instance.travel().duration_s(at, to.point),
        };
        at = to.point;
        visit
    });
    PlannedRoute {
        vehicle: route.vehicle,
        visits: visits.collect(),
        geometry: None,
    }
}

/// The kind of a stop, from the planner's type to the type of routes.
pub fn domain_kind(kind: planner::StopKind) -> StopKind {
    match kind {
        planner::StopKind::Pickup => StopKind::Pickup,
        planner::StopKind::Dropoff => StopKind::Dropoff,
    }
}

/// A provider whose plan is not used, because it made none or a worse plan than our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fallback {
    /// Who was passed over.
    pub provider: &'static str,
    /// Why.
    pub reason: FallbackReason,
}

/// Why a provider was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum FallbackReason {
    /// No connection, or one that broke off before an answer began.
    Connection,
    /// No answer in time.
    Timeout,
    /// It does not take the key, or the key could not be had.
    Unauthorized,
    /// Too many requests, or the day's quota is used up.
    Quota,
    /// Its own fault: 5xx.
    ServerError,
    /// The answer is not what the format says, or was cut short.
    Unreadable,
    /// It does not take the request: any other 4xx.
    RefusedRequest,
    /// The plan breaks a rule of the problem.
    BrokenPlan,
    /// The plan says nothing of an order.
    MissingOrder,
    /// The problem is larger than it takes.
    TooLarge,
    /// The problem has something that its format cannot say, or has no plan by its rules.
    Unsupported,
    /// It failed a moment ago, and is left alone for a while.
    BreakerOpen,
    /// Our own plan is better by our objective.
    WorsePlan,
}

impl FallbackReason {
    /// Whether the problem is such that the provider does not take it, and nothing failed.
    pub fn is_of_the_problem(self) -> bool {
        matches!(self, Self::TooLarge | Self::Unsupported)
    }

    /// Whether the provider has failed. Otherwise it does not accept the problem, or its plan is worse than our own.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Connection
            | Self::Timeout
            | Self::Unauthorized
            | Self::Quota
            | Self::ServerError
            | Self::Unreadable
            | Self::RefusedRequest
            | Self::BrokenPlan
            | Self::MissingOrder
            | Self::BreakerOpen => true,
            Self::TooLarge | Self::Unsupported | Self::WorsePlan => false,
        }
    }

    /// The name in metrics and logs. Alarms depend on it.
    pub fn name(self) -> &'static str {
        self.into()
    }
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

/// What is known of the way from one place to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownLeg {
    /// How far it is by road.
    Road(Leg),
    /// No road leads there.
    Unroutable,
}

/// Legs that start or end at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceLegs {
    /// The place.
    pub place: Coordinates,
    /// The other ends, with the leg to each and the leg back.
    pub others: Vec<(Coordinates, KnownLeg, KnownLeg)>,
}

/// Keeps the legs of a road network for a day, so that a service that is paid or rationed by the pair is not asked
/// twice.
///
/// It is a cache: what is lost is asked for again. Two places that agree in five decimals (a metre) are the same.
#[async_trait]
pub trait LegCache: Send + Sync {
    /// What is kept of any of these places and has not expired, in no particular order; the other ends may be any
    /// place.
    async fn kept(
        &self,
        places: &[Coordinates],
        now: Timestamp,
    ) -> Result<Vec<PlaceLegs>, StoreError>;

    /// Keeps legs until a moment, in place of what was kept of the same places before.
    async fn keep(&self, legs: &[PlaceLegs], until: Timestamp) -> Result<(), StoreError>;
}
