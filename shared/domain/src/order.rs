//! Orders and the steps between their states.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::{ImportId, OrderId, RouteId, UserId};
use crate::stop::Stop;
use crate::user::{Actor, Role};
use crate::zone::Zone;

mod sent;

pub use sent::{COLUMNS, LARGEST_SIZE, LONGEST_REASON, NewOrder, OrderDraft, StatusChange};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Waits for a route.
    Pending,
    /// On a route, not picked up yet.
    Assigned,
    /// Picked up: aboard its agent's vehicle.
    InProgress,
    /// Handed over.
    Delivered,
    /// Could not be picked up or handed over.
    Failed,
    /// Taken back before it was picked up.
    Cancelled,
}

impl OrderStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Assigned,
        Self::InProgress,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Those that somebody may ask for with `PUT /orders/{order_id}/status`. The others come about by planning.
    pub const SETTABLE: [Self; 4] = [
        Self::InProgress,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its name, as on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// The steps that lead on from here.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Assigned, Self::Cancelled],
            Self::Assigned => &[
                Self::InProgress,
                Self::Delivered,
                Self::Failed,
                Self::Cancelled,
                Self::Pending,
            ],
            Self::InProgress => &[Self::Delivered, Self::Failed],
            Self::Delivered | Self::Failed | Self::Cancelled => &[],
        }
    }

    /// Whether an order of this status has a stop left on a route.
    pub fn is_on_route(self) -> bool {
        match self {
            Self::Assigned | Self::InProgress => true,
            Self::Pending | Self::Delivered | Self::Failed | Self::Cancelled => false,
        }
    }

    /// Whether a role may ask for this status with `PUT /orders/{order_id}/status`.
    pub fn may_be_set_by(self, role: Role) -> bool {
        match self {
            Self::InProgress | Self::Delivered | Self::Failed => {
                matches!(role, Role::Agent | Role::Dispatcher)
            }
            Self::Cancelled => matches!(role, Role::Customer | Role::Dispatcher),
            Self::Pending | Self::Assigned => false,
        }
    }
}

/// One step in an order's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// The status that it came to.
    pub status: OrderStatus,
    /// When.
    pub at: Timestamp,
    /// Through whom.
    pub by: Actor,
    /// Why, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a pending order is on no route yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnplacedReason {
    /// No agent is on duty in its zone or the zones around.
    NoAgentOnDuty,
    /// No vehicle on duty has room for it, or all routes are full.
    OverCapacity,
    /// Nobody can be there in time.
    OutsideTimeWindows,
}

/// Which route an order is, or was last, on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Whose route.
    pub agent_id: UserId,
    /// Which one.
    pub route_id: RouteId,
}

/// Why an order waits, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// When the optimizer looks at it again.
    pub retry_at: Timestamp,
    /// How often it could not be placed.
    pub attempts: u32,
    /// Why it could not, the last time.
    pub reason: Option<UnplacedReason>,
}

/// Something to be carried from one place to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Whose it is.
    pub customer_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where it is fetched.
    pub pickup: Stop,
    /// Where it goes.
    pub dropoff: Stop,
    /// How much room it takes, in size units.
    pub size: u32,
    /// What the agent should know.
    pub notes: Option<String>,
    /// The customer's own name for it.
    pub external_id: Option<String>,
    /// The import that it came with; none for one that was placed by itself.
    pub import_id: Option<ImportId>,
    /// The zone of its pickup.
    pub zone: Zone,
    /// Its route; kept after the last step, for the books.
    pub assignment: Option<Assignment>,
    /// Set while it is pending.
    pub waiting: Option<Waiting>,
    /// Its life so far, oldest first.
    pub history: Vec<HistoryLine>,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; a write is made on the condition that it is still the one that was read.
    pub version: u64,
}

/// A step that the order's status does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an order that is {} cannot become {}", from.name(), to.name())]
pub struct StepNotAllowed {
    /// Where it stands.
    pub from: OrderStatus,
    /// Where it was to go.
    pub to: OrderStatus,
}

impl Order {
    /// A new order, pending and due at once.
    pub fn placed(
        id: OrderId,
        customer_id: UserId,
        new: NewOrder,
        zone: Zone,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            customer_id,
            status: OrderStatus::Pending,
            pickup: new.pickup,
            dropoff: new.dropoff,
            size: new.size,
            notes: new.notes,
            external_id: new.external_id,
            import_id: None,
            zone,
            assignment: None,
            waiting: Some(Waiting {
                retry_at: now,
                attempts: 0,
                reason: None,
            }),
            history: vec![HistoryLine {
                status: OrderStatus::Pending,
                at: now,
                by: Actor::Customer,
                reason: None,
            }],
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The order one step on. Back to `pending` it is due at once and on no route.
    ///
    /// # Errors
    /// When its status does not lead there.
    pub fn step(
        &self,
        to: OrderStatus,
        by: Actor,
        reason: Option<String>,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        if !self.status.next().contains(&to) {
            return Err(StepNotAllowed {
                from: self.status,
                to,
            });
        }
        let mut changed = self.changed(now);
        changed.status = to;
        changed.waiting = (to == OrderStatus::Pending).then_some(Waiting {
            retry_at: now,
            attempts: 0,
            reason: None,
        });
        if to == OrderStatus::Pending {
            changed.assignment = None;
        }
        changed.history.push(HistoryLine {
            status: to,
            at: now,
            by,
            reason,
        });
        Ok(changed)
    }

    /// How often it was put on a route so far.
    pub fn assignments(&self) -> usize {
        let assigned = |line: &&HistoryLine| line.status == OrderStatus::Assigned;
        self.history.iter().filter(assigned).count()
    }

    /// The order put on a route.
    ///
    /// # Errors
    /// When it is not pending any more.
    pub fn assigned(
        &self,
        agent_id: UserId,
        route_id: RouteId,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        let mut changed = self.step(OrderStatus::Assigned, Actor::Optimizer, None, now)?;
        changed.assignment = Some(Assignment { agent_id, route_id });
        Ok(changed)
    }

    /// The pending order with a note that it could not be placed, or must wait.
    #[must_use]
    pub fn waits(&self, waiting: Waiting, now: Timestamp) -> Self {
        Self {
            waiting: Some(waiting),
            ..self.changed(now)
        }
    }

    /// Whether it is, or was last, on a route of this agent.
    pub fn is_on_route_of(&self, agent_id: UserId) -> bool {
        self.assignment
            .is_some_and(|assignment| assignment.agent_id == agent_id)
    }

    /// A copy with the next version, for a change to be made to it.
    #[must_use]
    pub fn changed(&self, now: Timestamp) -> Self {
        Self {
            updated_at: now,
            version: self.version + 1,
            ..self.clone()
        }
    }
}
