//! What dispatchers decide about orders and routes. The optimizer never undoes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::ids::{OrderId, UserId};

/// An order has at most this many refused agents.
pub const MOST_REFUSED_AGENTS: usize = 50;

/// A route keeps this many of its last decisions. Each of them is under 300 bytes.
pub const MOST_ROUTE_DECISIONS: usize = 20;

/// What a dispatcher has decided about an order, and the optimizer respects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// A held order is pending, and no plan takes it.
    pub held: bool,
    /// The customer is suspended. The order is pending, and no plan takes it. A held order may also be suspended.
    pub suspended: bool,
    /// A pinned order stays with its agent. Only an order on a route is pinned.
    pub pinned: bool,
    /// No plan gives the order to these agents: at most [`MOST_REFUSED_AGENTS`].
    pub refused_agents: Vec<UserId>,
}

/// The kind of a decision.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DecisionKind {
    /// An order was put on the route of an agent.
    Assigned,
    /// An order was taken off its route, or planning may take it again.
    Released,
    /// An order was taken off its route, and no plan takes it.
    Held,
    /// The open stops of a route got another sequence.
    Sequenced,
    /// Orders went from the route of one agent to the route of another.
    Transferred,
    /// The order waits, because its customer was suspended.
    CustomerSuspended,
    /// The suspension of the customer has ended.
    CustomerActive,
}

/// A decision, as histories show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The kind.
    pub kind: DecisionKind,
    /// The dispatcher.
    pub user_id: UserId,
    /// The agent who gets the order. In the history of a route: the other agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<UserId>,
    /// In the history of a route: the order, if the decision is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
}

/// One line in the history of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDecision {
    /// The time.
    pub at: Timestamp,
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
}

impl Decision {
    /// A decision of a dispatcher that names no agent and no order.
    pub fn of(kind: DecisionKind, user_id: UserId) -> Self {
        Self {
            kind,
            user_id,
            agent_id: None,
            order_id: None,
        }
    }
}
