//! Orders and the steps between their states.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::fields::{Faults, Field, Fields, Object};
use crate::geo::Coordinates;
use crate::ids::{ImportId, OrderId, RouteId, UserId};
use crate::stop::{self, Addresses, Stop, StopDraft, StopRead};
use crate::user::{Actor, Role};
use crate::zone::Zone;

/// The largest order, in size units.
pub const LARGEST_SIZE: u32 = 10_000;
/// The longest reason that is kept, in characters.
pub const LONGEST_REASON: usize = 500;

/// How many columns a row has that is an order: those of the pickup, those of the drop-off, size, notes, external id.
pub const COLUMNS: usize = 2 * stop::COLUMNS + 3;
const PICKUP: Field = Field::object("pickup", 0, stop::COLUMNS);
const DROPOFF: Field = Field::object("dropoff", stop::COLUMNS, stop::COLUMNS);
const SIZE: Field = Field::cell("size", COLUMNS - 3);
const NOTES: Field = Field::cell("notes", COLUMNS - 2);
const EXTERNAL_ID: Field = Field::cell("external_id", COLUMNS - 1);

const LONGEST_NOTES: usize = 1_000;
const LONGEST_EXTERNAL_ID: usize = 100;

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
    /// When its next stop is expected; none once there is no next stop.
    pub eta: Option<Timestamp>,
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
        if to.next().is_empty() {
            changed.expect_at(None);
        }
        changed.history.push(HistoryLine {
            status: to,
            at: now,
            by,
            reason,
        });
        Ok(changed)
    }

    /// The order put on a route.
    ///
    /// # Errors
    /// When it is not pending any more.
    pub fn assigned(
        &self,
        agent_id: UserId,
        route_id: RouteId,
        eta: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        let mut changed = self.step(OrderStatus::Assigned, Actor::Optimizer, None, now)?;
        changed.assignment = Some(Assignment {
            agent_id,
            route_id,
            eta,
        });
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

    /// Sets when the next stop is expected.
    pub fn expect_at(&mut self, eta: Option<Timestamp>) {
        if let Some(assignment) = &mut self.assignment {
            assignment.eta = eta;
        }
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

/// What a customer sends to place an order.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrder {
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
}

impl NewOrder {
    /// Reads the body of `POST /orders` where addresses are for people alone: each stop has its location.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &Value, now: Timestamp) -> Result<Self, Faults> {
        OrderDraft::read_located(body, now)?.located(None, None)
    }

    /// Reads the fields of an order whose stops have their locations, wherever the fields are. What is wrong is
    /// noted in `faults`, which is where the fields note it.
    ///
    /// # Errors
    /// What `refused` makes of the faults, if there are any.
    #[inline]
    pub fn read_fields<'a, E>(
        fields: &Fields<'a, impl Object<'a>>,
        now: Timestamp,
        faults: &Faults,
        refused: impl FnOnce() -> E,
    ) -> Result<Self, E> {
        let read = OrderRead::read(fields, now, Addresses::AreNotPlaced);
        let (Some(pickup), Some(dropoff)) = (&read.pickup, &read.dropoff) else {
            return Err(refused());
        };
        let (Some(from), Some(to)) = (pickup.location, dropoff.location) else {
            return Err(refused());
        };
        if !faults.is_empty() {
            return Err(refused());
        }
        // Made where it is returned: an order is too large to be moved for nothing.
        Ok(Self {
            pickup: pickup.at(from),
            dropoff: dropoff.at(to),
            size: read.size,
            notes: read.notes.map(str::to_owned),
            external_id: read.external_id.map(str::to_owned),
        })
    }
}

/// An order as it was read. Its texts are still where they were sent.
#[derive(Debug)]
struct OrderRead<'a> {
    /// None where it is missing, which has its fault by then.
    pickup: Option<StopRead<'a>>,
    /// The same.
    dropoff: Option<StopRead<'a>>,
    size: u32,
    notes: Option<&'a str>,
    external_id: Option<&'a str>,
}

impl<'a> OrderRead<'a> {
    #[inline]
    fn read(fields: &Fields<'a, impl Object<'a>>, now: Timestamp, addresses: Addresses) -> Self {
        fields.only(&["pickup", "dropoff", "size", "notes", "external_id"]);
        let pickup = fields.required_object(PICKUP);
        let pickup = pickup.and_then(|stop| StopRead::read(&stop, now, addresses));
        let dropoff_fields = fields.required_object(DROPOFF);
        let dropoff = dropoff_fields
            .as_ref()
            .and_then(|stop| StopRead::read(stop, now, addresses));
        let size = fields.whole_number(SIZE, 1..=LARGEST_SIZE);
        let notes = fields.lines(NOTES, LONGEST_NOTES);
        let external_id = fields.text(EXTERNAL_ID, LONGEST_EXTERNAL_ID);

        let opens = pickup
            .as_ref()
            .and_then(|stop| stop.window)
            .map(|w| w.start);
        let closes = dropoff.as_ref().and_then(|stop| stop.window).map(|w| w.end);
        if let (Some(opens), Some(closes)) = (opens, closes)
            && closes <= opens
            && let Some(window) = dropoff_fields.and_then(|fields| fields.object(stop::WINDOW))
        {
            window.fault(
                stop::WINDOW_END,
                "must be after the start of the pickup's window",
            );
        }
        Self {
            pickup,
            dropoff,
            size: size.unwrap_or(1),
            notes,
            external_id,
        }
    }
}

/// An order as it was sent. Where a geocoder is there, a stop of it may have an address and no location yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderDraft {
    /// Where it is fetched.
    pub pickup: StopDraft,
    /// Where it goes.
    pub dropoff: StopDraft,
    size: u32,
    notes: Option<String>,
    external_id: Option<String>,
}

impl OrderDraft {
    /// Reads the body of `POST /orders` where addresses can be placed.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &Value, now: Timestamp) -> Result<Self, Faults> {
        Self::read_body(body, now, Addresses::ArePlaced)
    }

    /// Reads the body of `POST /orders` where each stop must have its location.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read_located(body: &Value, now: Timestamp) -> Result<Self, Faults> {
        Self::read_body(body, now, Addresses::AreNotPlaced)
    }

    /// Whether a stop of it has an address alone.
    pub fn is_to_be_placed(&self) -> bool {
        [&self.pickup, &self.dropoff]
            .into_iter()
            .any(|stop| stop.address_to_place().is_some())
    }

    /// The order, its stops where they were sent to be or else where their addresses were found to be.
    ///
    /// # Errors
    /// Where a stop is neither.
    pub fn located(
        self,
        pickup: Option<Coordinates>,
        dropoff: Option<Coordinates>,
    ) -> Result<NewOrder, Faults> {
        let faults = Faults::new();
        let (pickup, dropoff) = (self.pickup.located(pickup), self.dropoff.located(dropoff));
        for (stop, field) in [(&pickup, "pickup"), (&dropoff, "dropoff")] {
            if stop.is_none() {
                faults.note(format!("#/{field}/location"), "is missing");
            }
        }
        let (Some(pickup), Some(dropoff)) = (pickup, dropoff) else {
            return Err(faults);
        };
        Ok(NewOrder {
            pickup,
            dropoff,
            size: self.size,
            notes: self.notes,
            external_id: self.external_id,
        })
    }

    fn read_body(body: &Value, now: Timestamp, addresses: Addresses) -> Result<Self, Faults> {
        let faults = Faults::new();
        let read = OrderRead::read(&Fields::of_body(body, &faults), now, addresses);
        let stops = read.pickup.zip(read.dropoff);
        let draft = stops.map(|(pickup, dropoff)| Self {
            pickup: pickup.draft(),
            dropoff: dropoff.draft(),
            size: read.size,
            notes: read.notes.map(str::to_owned),
            external_id: read.external_id.map(str::to_owned),
        });
        faults.or(draft)
    }
}

/// What somebody sends to move an order on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Where it is to go.
    pub status: OrderStatus,
    /// Why; required for `failed`.
    pub reason: Option<String>,
}

impl StatusChange {
    /// Reads the body of `PUT /orders/{order_id}/status`.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(body: &Value) -> Result<Self, Faults> {
        let faults = Faults::new();
        let fields = Fields::of_body(body, &faults);
        fields.only(&["status", "reason"]);
        if !fields.has("status") {
            fields.fault("status", "is missing");
        }
        let words = OrderStatus::ALL.map(|status| (status.name(), status));
        let status = fields.word("status", &words);
        let reason = fields.text("reason", LONGEST_REASON);
        if status == Some(OrderStatus::Failed) && !fields.has("reason") {
            fields.fault("reason", "is missing; say why it failed");
        }
        let read = status.map(|status| Self {
            status,
            reason: reason.map(str::to_owned),
        });
        faults.or(read)
    }
}
