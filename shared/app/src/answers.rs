//! What callers get to see, as it goes over the wire.

use domain::place::{PlaceCandidate, PlaceFault};
use domain::stop::StopDraft;
use domain::{
    AgentLocation, Break, Coordinates, EmailNotifications, HistoryLine, ImportId, LocationPoint,
    OnFailure, Order, OrderId, OrderStatus, Priority, Rating, RequiredProof, Role, Route,
    RouteDecision, RouteId, RouteStatus, RouteStop, Shift, Skills, StopKind, StopProof, StopStatus,
    Timestamp, UnplacedReason, User, UserId, UserStatus,
};
use serde::Serialize;

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderAnswer {
    order_id: OrderId,
    customer_id: UserId,
    status: OrderStatus,
    pickup: StopDraft,
    dropoff: StopDraft,
    size: u32,
    priority: Priority,
    requires: Skills,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "OnFailure::is_end")]
    on_failure: OnFailure,
    #[serde(skip_serializing_if = "Option::is_none")]
    import_id: Option<ImportId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    route_id: Option<RouteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eta: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unplaced_reason: Option<UnplacedReason>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    address_errors: Vec<AddressErrorAnswer>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    held: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pinned: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not: Vec<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<Rating>,
    #[serde(skip_serializing_if = "RequiredProof::is_none")]
    requires_proof: RequiredProof,
    history: Vec<HistoryLine>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
}

impl OrderAnswer {
    /// An order for a person with this role. Only dispatchers see who decided what, and which agents are refused. The
    /// note of the person at the door is for the agent, and the rating is for the customer.
    pub fn seen_by(role: Role, order: Order, route: Option<&Route>) -> Self {
        let mut answer = Self::of(order, route);
        if role != Role::Dispatcher {
            answer.not.clear();
            for line in &mut answer.history {
                line.decision = None;
            }
        }
        match role {
            Role::Dispatcher => {}
            Role::Agent => answer.rating = None,
            Role::Customer => {
                answer.recipient_note = None;
                // Where an agent stood, and when the app was online again, is for the company.
                for line in &mut answer.history {
                    line.tap = None;
                }
            }
        }
        answer
    }

    /// An order as dispatchers see it, with the time of its next stop from the route that it is on. The route is as it
    /// is expected now: [`Route::expected_at`].
    pub fn of(order: Order, route: Option<&Route>) -> Self {
        let eta = route.and_then(|route| route.eta_of(order.id));
        let unplaced_reason = order.unplaced_reason();
        Self {
            order_id: order.id,
            customer_id: order.customer_id,
            status: order.status,
            pickup: order.pickup,
            dropoff: order.dropoff,
            size: order.size,
            priority: order.priority,
            requires: order.requires,
            notes: order.notes,
            external_id: order.external_id,
            on_failure: order.on_failure,
            import_id: order.import_id,
            agent_id: order.assignment.map(|assignment| assignment.agent_id),
            route_id: order.assignment.map(|assignment| assignment.route_id),
            eta,
            unplaced_reason,
            address_errors: order.place_faults.into_iter().map(Into::into).collect(),
            held: order.decided.held,
            suspended: order.decided.suspended,
            pinned: order.decided.pinned,
            not: order.decided.refused_agents,
            recipient_note: order.recipient.note.map(|note| note.text),
            rating: order.recipient.rating,
            requires_proof: order.requires_proof,
            history: order.history,
            created_at: order.created_at,
            updated_at: order.updated_at,
            version: order.version,
        }
    }

    /// The version of the order: its ETag.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// Why the order failed before its addresses were placed.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct AddressErrorAnswer {
    pointer: &'static str,
    code: String,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<PlaceCandidate>,
}

impl From<PlaceFault> for AddressErrorAnswer {
    fn from(fault: PlaceFault) -> Self {
        Self {
            pointer: match fault.stop {
                StopKind::Pickup => "#/pickup/address",
                StopKind::Dropoff => "#/dropoff/address",
            },
            code: fault.code,
            detail: fault.detail,
            candidates: fault.candidates,
        }
    }
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrdersAnswer {
    /// Newest first.
    pub orders: Vec<OrderAnswer>,
    /// For the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RouteAnswer {
    route_id: RouteId,
    agent_id: UserId,
    status: RouteStatus,
    stops: Vec<StopAnswer>,
    distance_m: u32,
    duration_s: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    geometry: Option<String>,
    provider: String,
    pinned_through: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    breaks: Vec<Break>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<RouteDecision>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl RouteAnswer {
    /// The route with the notes of the people at the doors that the agent has not reached yet, and with the proof that
    /// the open stops require.
    #[must_use]
    pub fn with_notes_of(mut self, orders: &[Order]) -> Self {
        let open = |stop: &&mut StopAnswer| stop.status == StopStatus::Pending && !stop.returns;
        for stop in self.stops.iter_mut().filter(open) {
            let Some(order) = orders.iter().find(|order| order.id == stop.order_id) else {
                continue;
            };
            if stop.kind == StopKind::Dropoff {
                let note = order.recipient.note.as_ref();
                stop.recipient_note = note.map(|note| note.text.clone());
            }
            let required = order.requires_proof.at(stop.kind);
            stop.requires_proof = (!required.is_none()).then(|| required.clone());
        }
        self
    }

    /// The version of the route: its ETag.
    pub fn version(&self) -> u64 {
        self.version
    }
}

/// A stop of a route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct StopAnswer {
    sequence: usize,
    kind: StopKind,
    order_id: OrderId,
    location: Coordinates,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    eta: Timestamp,
    distance_m: u32,
    duration_s: u32,
    status: StopStatus,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    returns: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires_proof: Option<StopProof>,
}

impl From<Route> for RouteAnswer {
    fn from(route: Route) -> Self {
        let total = route.total();
        let pinned_through = route.pinned_through();
        let stops = route.stops.into_iter().zip(1..);
        let stops = stops.map(|(stop, sequence)| StopAnswer::of(stop, sequence));
        Self {
            route_id: route.id,
            agent_id: route.agent_id,
            status: route.status,
            stops: stops.collect(),
            distance_m: total.distance_m,
            duration_s: total.duration_s,
            geometry: route.geometry,
            provider: route.provider,
            pinned_through,
            breaks: route.breaks,
            decisions: route.decisions,
            version: route.version,
            created_at: route.created_at,
            updated_at: route.updated_at,
        }
    }
}

impl StopAnswer {
    fn of(stop: RouteStop, sequence: usize) -> Self {
        Self {
            sequence,
            kind: stop.kind,
            order_id: stop.order_id,
            location: stop.location,
            address: stop.address,
            eta: stop.eta,
            distance_m: stop.leg.distance_m,
            duration_s: stop.leg.duration_s,
            status: stop.status,
            returns: stop.returns,
            recipient_note: None,
            requires_proof: None,
        }
    }

    /// The open stops of a route, with their places among all of its stops.
    pub(crate) fn open_of(route: Route) -> Vec<Self> {
        let stops = route.stops.into_iter().zip(1..);
        let open = stops.filter(|(stop, _)| stop.status == StopStatus::Pending);
        open.map(|(stop, sequence)| Self::of(stop, sequence))
            .collect()
    }
}

/// A page of routes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutesAnswer {
    /// Newest first.
    pub routes: Vec<RouteAnswer>,
    /// For the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentAnswer {
    agent_id: UserId,
    name: String,
    status: UserStatus,
    on_duty: bool,
    start_location: Option<Coordinates>,
    vehicle: Vehicle,
    skills: Skills,
    shift: Option<ShiftAnswer>,
    open_route_id: Option<RouteId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationPoint>,
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ShiftAnswer {
    #[serde(flatten)]
    shift: Shift,
    breaks: Vec<Break>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Vehicle {
    capacity: u32,
}

impl AgentAnswer {
    /// The agent's side of a user; `None` for those who are none.
    pub fn of(user: User) -> Option<Self> {
        let profile = user.agent?;
        Some(Self {
            agent_id: user.id,
            name: user.name,
            status: user.status,
            on_duty: profile.on_duty,
            start_location: profile.start_location,
            vehicle: Vehicle {
                capacity: profile.capacity,
            },
            skills: profile.skills,
            shift: profile.shift.map(|shift| ShiftAnswer {
                shift,
                breaks: profile.breaks,
            }),
            open_route_id: profile.open_route_id,
            location: None,
            version: user.version,
        })
    }

    /// The agent with the place where the agent was last seen.
    #[must_use]
    pub fn seen_at(self, location: Option<AgentLocation>) -> Self {
        Self {
            location: location.map(|location| location.last),
            ..self
        }
    }

    /// The agent's id.
    pub fn id(&self) -> UserId {
        self.agent_id
    }
}

/// What became of a report of an agent's location.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportAnswer {
    accepted: usize,
    location: Option<LocationPoint>,
}

impl ReportAnswer {
    /// The number of points that were accepted, and the location that is known now.
    pub fn new(accepted: usize, location: Option<AgentLocation>) -> Self {
        Self {
            accepted,
            location: location.map(|location| location.last),
        }
    }
}

/// A page of agents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentsAnswer {
    /// By id.
    pub agents: Vec<AgentAnswer>,
    /// For the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A customer, as dispatchers see them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerAnswer {
    customer_id: UserId,
    name: String,
    email: String,
    status: UserStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_at: Option<Timestamp>,
    max_open_orders: Option<u32>,
    messages_off: std::collections::BTreeSet<domain::Moment>,
    created_at: Timestamp,
    version: u64,
}

impl From<User> for CustomerAnswer {
    fn from(user: User) -> Self {
        Self {
            customer_id: user.id,
            name: user.name,
            email: user.email,
            status: user.status,
            suspended_at: user.suspended_at,
            max_open_orders: user.max_open_orders,
            messages_off: user.messages_off,
            created_at: user.created_at,
            version: user.version,
        }
    }
}

/// A page of customers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomersAnswer {
    /// By id.
    pub customers: Vec<CustomerAnswer>,
    /// For the next page; `null` at the end.
    pub next_cursor: Option<String>,
}

/// The caller.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeAnswer {
    user_id: UserId,
    role: Role,
    status: UserStatus,
    name: String,
    email: String,
    email_notifications: EmailNotifications,
}

impl From<User> for MeAnswer {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            role: user.role,
            status: user.status,
            name: user.name,
            email: user.email,
            email_notifications: user.email_notifications,
        }
    }
}

/// Who has just confirmed an address.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConfirmedAnswer {
    user_id: UserId,
    role: Role,
    status: UserStatus,
}

impl From<User> for ConfirmedAnswer {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id,
            role: user.role,
            status: user.status,
        }
    }
}
