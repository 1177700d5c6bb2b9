//! What is sent about orders, and how it is read: from the body of a request, or from a row of a file.

use jiff::Timestamp;
use serde_json::Value;

use super::OrderStatus;
use crate::fields::{Faults, Field, Fields, Object};
use crate::geo::Coordinates;
use crate::stop::{self, Addresses, Stop, StopDraft, StopRead};

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
    /// Where it is to go: one of [`OrderStatus::SETTABLE`].
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
        let words = OrderStatus::SETTABLE.map(|status| (status.name(), status));
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
