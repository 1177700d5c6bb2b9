//! Orders, and the steps between their statuses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;

use crate::decision::{Decided, Decision, DecisionKind, MOST_REFUSED_AGENTS};
use crate::edit::OrderField;
use crate::failure::{OnFailure, ReasonCode};
use crate::geo::Coordinates;
use crate::given_proof::GivenProof;
use crate::ids::{ImportId, OrderId, RouteId, UserId};
use crate::place::PlaceFault;
use crate::proof::{AskedProof, RequiredProof};
use crate::recipient::FromRecipient;
use crate::skill::Skills;
use crate::stop::{OrderStop, StopDraft};
use crate::tap::Tapped;
use crate::user::{Actor, Role};
use crate::zone::Zone;

/// The status of an order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OrderStatus {
    /// The order waits for a route.
    Pending,
    /// The order is on a route and not picked up yet.
    Assigned,
    /// The order is picked up and in the agent's vehicle.
    InProgress,
    /// The order is handed over.
    Delivered,
    /// The order could not be picked up or handed over.
    Failed,
    /// The order was cancelled before the pickup.
    Cancelled,
    /// A drop-off has failed, and the parcel is still aboard. The agent tries again, or a dispatcher decides.
    Undelivered,
    /// The agent takes the parcel back to the pickup.
    Returning,
    /// The parcel is back at the pickup.
    Returned,
}

impl OrderStatus {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The statuses that a person may set. The others come about by planning.
    pub const SETTABLE: [Self; 6] = [
        Self::InProgress,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
        Self::Returning,
        Self::Returned,
    ];

    /// The statuses that may follow this one.
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
            Self::InProgress => &[
                Self::Delivered,
                Self::Failed,
                Self::Undelivered,
                Self::Returning,
            ],
            Self::Undelivered => &[
                Self::InProgress,
                Self::Delivered,
                Self::Failed,
                Self::Undelivered,
                Self::Returning,
            ],
            Self::Returning => &[Self::Returned],
            Self::Delivered | Self::Failed | Self::Cancelled | Self::Returned => &[],
        }
    }

    /// Whether an order of this status has a stop left on a route.
    pub fn is_on_route(self) -> bool {
        match self {
            Self::Assigned | Self::InProgress | Self::Undelivered | Self::Returning => true,
            Self::Pending | Self::Delivered | Self::Failed | Self::Cancelled | Self::Returned => {
                false
            }
        }
    }

    /// Whether the customer may use the order's `external_id` for another order. An order that came to nothing is
    /// placed again, and has the same id then.
    pub fn frees_external_id(self) -> bool {
        match self {
            Self::Failed | Self::Cancelled | Self::Returned => true,
            Self::Pending
            | Self::Assigned
            | Self::InProgress
            | Self::Delivered
            | Self::Undelivered
            | Self::Returning => false,
        }
    }

    /// Whether a role may ask for this status with `PUT /orders/{order_id}/status`.
    pub fn may_be_set_by(self, role: Role) -> bool {
        match self {
            Self::InProgress | Self::Delivered | Self::Failed | Self::Returned => match role {
                Role::Agent | Role::Dispatcher => true,
                Role::Customer => false,
            },
            Self::Cancelled => match role {
                Role::Customer | Role::Dispatcher => true,
                Role::Agent => false,
            },
            Self::Returning => role == Role::Dispatcher,
            Self::Pending | Self::Assigned | Self::Undelivered => false,
        }
    }
}

/// How urgent an order is.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Priority {
    /// Like most orders.
    #[default]
    Normal,
    /// A second of waiting counts three times.
    High,
    /// A second of waiting counts ten times.
    Urgent,
}

impl Priority {
    /// The name in JSON, in files and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// How much a second of waiting counts in a plan, compared with a normal order.
    pub fn urgency(self) -> u32 {
        match self {
            Self::Normal => 1,
            Self::High => 3,
            Self::Urgent => 10,
        }
    }
}

/// One step in the history of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// The new status.
    pub status: OrderStatus,
    /// The time of the step.
    pub at: Timestamp,
    /// The side that took the step.
    pub by: Actor,
    /// The reason, if somebody gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The decision of a dispatcher that led to the step. A decision may also add a line with the same status again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The fields that an edit changed. An edit may add a line with the same status again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edited: Vec<OrderField>,
    /// The tap that reported the step. `at` is then the time at which the step happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap: Option<Tapped>,
    /// Why the order could not be picked up or handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// The proof that came with the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<GivenProof>,
}

/// Why a pending order is not on a route yet.
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
pub enum UnplacedReason {
    /// No agent is on duty within three zones of the pickup.
    NoAgentOnDuty,
    /// No agent who is on duty there may take the order, because none has the skills for it.
    NoAgentWithSkills,
    /// An agent who is on duty there has the skills for the order, but a dispatcher has refused all such agents.
    OnlyRefusedAgents,
    /// No vehicle on duty has room for the order, or all routes are full.
    OverCapacity,
    /// No agent can be there in time.
    OutsideTimeWindows,
    /// No agent can deliver the order before the shift ends. The order has no time window.
    OutsideShifts,
    /// The order came with an import, and a stop has an address that is not placed on the map yet.
    AddressPending,
}

impl UnplacedReason {
    /// The name in JSON and in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The reason of a failed order that nobody could take before its time window ended.
pub const WINDOW_PASSED: &str = "window_passed";

/// The route that an order is on, or was on last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// The agent that drives the route.
    pub agent_id: UserId,
    /// The route.
    pub route_id: RouteId,
}

/// Until when an order waits, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The time at which the optimizer tries again.
    pub retry_at: Timestamp,
    /// The number of times that no route was found.
    pub attempts: u32,
    /// The reason of the last time.
    pub reason: Option<UnplacedReason>,
}

/// What a customer sends to place an order. In an [`OrderDraft`] the locations may be missing.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder<L = Coordinates> {
    /// The pickup.
    pub pickup: OrderStop<L>,
    /// The drop-off.
    pub dropoff: OrderStop<L>,
    /// The size, in size units.
    pub size: u32,
    /// How urgent it is.
    pub priority: Priority,
    /// What the agent or the vehicle must have: at most [`MOST_REQUIRED`](crate::skill::MOST_REQUIRED) skills.
    pub requires: Skills,
    /// A note for the agent.
    pub notes: Option<String>,
    /// The customer's own name for the order.
    pub external_id: Option<String>,
    /// What follows when the drop-off fails.
    pub on_failure: OnFailure,
    /// The proof that the order asks for.
    pub requires_proof: AskedProof,
}

/// An order whose stops may have an address and no location yet.
pub type OrderDraft = NewOrder<Option<Coordinates>>;

impl OrderDraft {
    /// Whether a stop has an address and no location.
    pub fn has_address_to_place(&self) -> bool {
        let stops = [&self.pickup, &self.dropoff];
        stops.iter().any(|stop| stop.address_to_place().is_some())
    }

    /// The order with its stops at the locations that the customer sent, or else at the locations that were found.
    /// `None` if a stop has neither.
    pub fn located(
        self,
        pickup: Option<Coordinates>,
        dropoff: Option<Coordinates>,
    ) -> Option<NewOrder> {
        Some(NewOrder {
            pickup: self.pickup.located(pickup)?,
            dropoff: self.dropoff.located(dropoff)?,
            size: self.size,
            priority: self.priority,
            requires: self.requires,
            notes: self.notes,
            external_id: self.external_id,
            on_failure: self.on_failure,
            requires_proof: self.requires_proof,
        })
    }
}

impl From<NewOrder> for OrderDraft {
    fn from(new: NewOrder) -> Self {
        Self {
            pickup: new.pickup.into(),
            dropoff: new.dropoff.into(),
            size: new.size,
            priority: new.priority,
            requires: new.requires,
            notes: new.notes,
            external_id: new.external_id,
            on_failure: new.on_failure,
            requires_proof: new.requires_proof,
        }
    }
}

/// An order: something that an agent carries from the pickup to the drop-off.
///
/// The stops of an order that came with an import may have an address and no location yet. Such an order is pending,
/// or has ended. It is never on a route.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The id.
    pub id: OrderId,
    /// The customer.
    pub customer_id: UserId,
    /// The status.
    pub status: OrderStatus,
    /// The pickup.
    pub pickup: StopDraft,
    /// The drop-off.
    pub dropoff: StopDraft,
    /// The size, in size units.
    pub size: u32,
    /// How urgent it is.
    pub priority: Priority,
    /// What the agent or the vehicle must have.
    pub requires: Skills,
    /// A note for the agent.
    pub notes: Option<String>,
    /// The customer's own name for the order.
    pub external_id: Option<String>,
    /// What follows when the drop-off fails.
    pub on_failure: OnFailure,
    /// The import that the order came with. `None` for an order that was placed alone.
    pub import_id: Option<ImportId>,
    /// The zone of the pickup. `None` as long as a stop has no location.
    pub zone: Option<Zone>,
    /// Whether the order came with an import, and with an address that had to be placed.
    pub came_unplaced: bool,
    /// Why the addresses were not placed. Empty unless the order failed because of that.
    pub place_faults: Vec<PlaceFault>,
    /// The route. It stays on record after the last step.
    pub assignment: Option<Assignment>,
    /// Set while the order is pending.
    pub waiting: Option<Waiting>,
    /// What a dispatcher has decided about the order.
    pub decided: Decided,
    /// What the person at the door has told.
    pub recipient: FromRecipient,
    /// The proof that the pickup and the delivery need.
    pub requires_proof: RequiredProof,
    /// All steps so far, oldest first.
    pub history: Vec<HistoryLine>,
    /// The id of the last request that changed the order. Plans and emails that follow from it have it in their logs.
    /// `None` for an order of an import that no request has changed.
    pub request_id: Option<String>,
    /// The time at which the order was placed.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The number of changes. A write succeeds only if the stored version is the one that was read.
    pub version: u64,
}

/// The order's status does not allow the step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an order that is {from} cannot become {to}")]
pub struct StepNotAllowed {
    /// The present status.
    pub from: OrderStatus,
    /// The requested status.
    pub to: OrderStatus,
}

impl Order {
    /// A new order. It is pending, and the optimizer may plan it at once.
    pub fn placed(
        id: OrderId,
        customer_id: UserId,
        new: NewOrder,
        zone: Zone,
        now: Timestamp,
    ) -> Self {
        Self {
            zone: Some(zone),
            came_unplaced: false,
            ..Self::to_place(id, customer_id, new.into(), now)
        }
    }

    /// A new order with an address that is not placed yet. It is pending, and no plan takes it.
    pub fn to_place(id: OrderId, customer_id: UserId, new: OrderDraft, now: Timestamp) -> Self {
        Self {
            id,
            customer_id,
            status: OrderStatus::Pending,
            pickup: new.pickup,
            dropoff: new.dropoff,
            size: new.size,
            priority: new.priority,
            requires: new.requires,
            notes: new.notes,
            external_id: new.external_id,
            on_failure: new.on_failure,
            import_id: None,
            zone: None,
            came_unplaced: true,
            place_faults: Vec::new(),
            assignment: None,
            waiting: Some(Waiting {
                retry_at: now,
                attempts: 0,
                reason: None,
            }),
            decided: Decided::default(),
            recipient: FromRecipient::default(),
            requires_proof: new.requires_proof.into(),
            history: vec![HistoryLine {
                status: OrderStatus::Pending,
                at: now,
                by: Actor::Customer,
                reason: None,
                decision: None,
                edited: Vec::new(),
                tap: None,
                reason_code: None,
                proof: None,
            }],
            request_id: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// The order after a step. An order that goes back to `pending` leaves its route, and the optimizer may plan it
    /// again at once.
    ///
    /// # Errors
    /// If the new status may not follow the present one.
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
        changed.decided.held = false;
        changed.decided.suspended = false;
        changed.decided.pinned &= to == OrderStatus::InProgress;
        changed.history.push(HistoryLine {
            status: to,
            at: now,
            by,
            reason,
            decision: None,
            edited: Vec::new(),
            tap: None,
            reason_code: None,
            proof: None,
        });
        Ok(changed)
    }

    /// The number of times that the order came from no route to a route.
    pub fn assignments(&self) -> usize {
        let statuses = || self.history.iter().map(|line| line.status);
        let before = std::iter::once(OrderStatus::Pending).chain(statuses());
        statuses()
            .zip(before)
            .filter(|(status, before)| *status == OrderStatus::Assigned && before != status)
            .count()
    }

    /// The number of times that people have taken the order off a route, so that it was pending again. The optimizer
    /// does this too, between the two steps of a large plan, and that does not count.
    pub fn releases(&self) -> usize {
        let steps = self.history.iter().skip(1);
        steps.filter(|line| is_release(line)).count()
    }

    /// When the order was first put on a route since people took it off one. `None` if it was not put on a route since.
    pub fn assigned_at(&self) -> Option<Timestamp> {
        let lines = self.history.iter().skip(1).rev();
        let since = lines.take_while(|line| !is_release(line));
        let assigned = since.filter(|line| line.status == OrderStatus::Assigned);
        assigned.last().map(|line| line.at)
    }

    /// The order on a route.
    ///
    /// # Errors
    /// If the order is not pending.
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

    /// The assigned order on another route. It stays assigned, so the customer hears nothing.
    ///
    /// # Errors
    /// If the order is not assigned: it was picked up, or it has ended.
    pub fn moved(
        &self,
        agent_id: UserId,
        route_id: RouteId,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        if self.status != OrderStatus::Assigned {
            return Err(StepNotAllowed {
                from: self.status,
                to: OrderStatus::Assigned,
            });
        }
        Ok(Self {
            assignment: Some(Assignment { agent_id, route_id }),
            ..self.changed(now)
        })
    }

    /// The order on a route, as a dispatcher decides. A held order is held no more, and the agent is refused no more.
    /// An order that is on a route already moves, or stays and is pinned.
    ///
    /// # Errors
    /// If the order is neither pending nor assigned.
    pub fn assigned_by_hand(
        &self,
        (agent_id, route_id): (UserId, RouteId),
        pinned: bool,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        let mut changed = if self.status == OrderStatus::Assigned {
            self.changed(now)
        } else {
            self.step(OrderStatus::Assigned, Actor::Dispatcher, None, now)?
        };
        changed.assignment = Some(Assignment { agent_id, route_id });
        changed.decided.pinned = pinned;
        changed.decided.refused_agents.retain(|it| *it != agent_id);
        changed.note(decision, now);
        Ok(changed)
    }

    /// The order as pending, as a dispatcher decides. It leaves its route. `hold` says whether plans may take it;
    /// `None` leaves that as it is. These agents are refused from now on, besides those who are refused already.
    ///
    /// A pending order for which nothing changes stays as it is, with its version.
    ///
    /// # Errors
    /// If the order is neither pending nor assigned.
    pub fn released_by_hand(
        &self,
        hold: Option<bool>,
        refused: &[UserId],
        decision: Decision,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        let was_pending = self.status == OrderStatus::Pending;
        let mut changed = if was_pending {
            self.changed(now)
        } else {
            self.step(OrderStatus::Pending, Actor::Dispatcher, None, now)?
        };
        changed.decided.held = hold.unwrap_or(self.decided.held);
        for agent in refused {
            if !changed.decided.refused_agents.contains(agent) {
                changed.decided.refused_agents.push(*agent);
            }
        }
        if was_pending && changed.decided == self.decided {
            return Ok(self.clone());
        }
        // The oldest ones make room.
        let over = changed.decided.refused_agents.len();
        let over = over.saturating_sub(MOST_REFUSED_AGENTS);
        changed.decided.refused_agents.drain(..over);
        if self.decided.held && !changed.decided.held {
            changed.waiting = Some(Waiting {
                retry_at: now,
                attempts: 0,
                reason: None,
            });
        }
        changed.note(decision, now);
        Ok(changed)
    }

    /// The order after its customer was suspended by a dispatcher: it is pending, off its route, and no plan takes it.
    /// `None` if there is nothing to change: the order is aboard, it has ended, or it waits for this already. A plan
    /// that comes upon a pending order does not know the dispatcher.
    pub fn customer_suspended(&self, by: Option<UserId>, now: Timestamp) -> Option<Self> {
        let mut changed = match self.status {
            OrderStatus::Pending if !self.decided.suspended => self.changed(now),
            OrderStatus::Assigned => {
                let released = self.step(OrderStatus::Pending, Actor::Dispatcher, None, now);
                released.ok()?
            }
            OrderStatus::Pending
            | OrderStatus::InProgress
            | OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Undelivered
            | OrderStatus::Returning
            | OrderStatus::Returned => return None,
        };
        changed.decided.suspended = true;
        if let Some(by) = by {
            changed.note(Decision::of(DecisionKind::CustomerSuspended, by), now);
        }
        Some(changed)
    }

    /// The order after the suspension of its customer has ended. Plans may take it again, unless a dispatcher holds it.
    /// `None` if the order does not wait for that.
    pub fn customer_active(&self, by: UserId, now: Timestamp) -> Option<Self> {
        if !self.decided.suspended {
            return None;
        }
        let mut changed = self.changed(now);
        changed.decided.suspended = false;
        changed.waiting = Some(Waiting {
            retry_at: now,
            attempts: 0,
            reason: None,
        });
        changed.note(Decision::of(DecisionKind::CustomerActive, by), now);
        Some(changed)
    }

    /// Whether a dispatcher has decided about this order since a moment.
    pub fn was_decided_since(&self, since: Timestamp) -> bool {
        let decided = |line: &HistoryLine| line.decision.is_some() && line.at >= since;
        self.history.iter().rev().any(decided)
    }

    /// Adds a decision to the history: to the line of the step that it led to, or else as a line of its own.
    fn note(&mut self, decision: Decision, now: Timestamp) {
        let line = HistoryLine {
            status: self.status,
            at: now,
            by: Actor::Dispatcher,
            reason: None,
            decision: Some(decision),
            edited: Vec::new(),
            tap: None,
            reason_code: None,
            proof: None,
        };
        let is_of_the_step = |last: &HistoryLine| {
            (last.status, last.at, last.by) == (line.status, line.at, line.by)
                && last.decision.is_none()
        };
        match self.history.last_mut() {
            Some(last) if is_of_the_step(last) => *last = line,
            _ => self.history.push(line),
        }
    }

    /// Whether a plan may take the order: it is pending, not held, its customer is not suspended, and each stop has a
    /// location.
    pub fn may_be_planned(&self) -> bool {
        let waits = self.decided.held || self.decided.suspended || self.zone.is_none();
        self.status == OrderStatus::Pending && !waits
    }

    /// Whether the order waits until its addresses are placed.
    pub fn awaits_places(&self) -> bool {
        self.status == OrderStatus::Pending && self.zone.is_none()
    }

    /// Why a pending order is not on a route yet, if that is known.
    pub fn unplaced_reason(&self) -> Option<UnplacedReason> {
        if self.awaits_places() {
            return Some(UnplacedReason::AddressPending);
        }
        self.waiting.and_then(|waiting| waiting.reason)
    }

    /// The last moment at which the order can still be on time: the end of the time window that ends first. `None` for
    /// an order without a time window.
    pub fn last_chance(&self) -> Option<Timestamp> {
        let windows = [self.pickup.window, self.dropoff.window].into_iter();
        windows.flatten().map(|window| window.end).min()
    }

    /// Whether the order is pending, and was late already when it left its route. Such an order is delivered late.
    pub fn was_late_on_a_route(&self) -> bool {
        let left = self
            .history
            .iter()
            .rev()
            .take_while(|it| it.status == OrderStatus::Pending);
        let last = self.last_chance().zip(left.last());
        self.status == OrderStatus::Pending
            && self.assignments() > 0
            && last.is_some_and(|(last, line)| last < line.at)
    }

    /// The pending order as failed, because a time window has ended. `None` if the order is not pending, can still be
    /// on time, or [was late on a route](Self::was_late_on_a_route).
    pub fn expired(&self, now: Timestamp) -> Option<Self> {
        let late = self.last_chance().is_some_and(|last| last < now);
        if self.status != OrderStatus::Pending || !late || self.was_late_on_a_route() {
            return None;
        }
        let mut changed = self.changed(now);
        changed.status = OrderStatus::Failed;
        changed.waiting = None;
        changed.history.push(HistoryLine {
            status: OrderStatus::Failed,
            at: now,
            by: Actor::Optimizer,
            reason: Some(WINDOW_PASSED.to_owned()),
            decision: None,
            edited: Vec::new(),
            tap: None,
            reason_code: None,
            proof: None,
        });
        Some(changed)
    }

    /// The pending order with a note until when it waits.
    #[must_use]
    pub fn waits(&self, waiting: Waiting, now: Timestamp) -> Self {
        Self {
            waiting: Some(waiting),
            ..self.changed(now)
        }
    }

    /// Whether the order is on a route of this agent, or was on one last.
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

/// Whether somebody other than the optimizer made the order pending again.
fn is_release(line: &HistoryLine) -> bool {
    line.status == OrderStatus::Pending && line.by != Actor::Optimizer
}
