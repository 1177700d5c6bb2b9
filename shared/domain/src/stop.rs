//! A place where something is picked up or dropped off, as the customer describes it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fields::{Field, Fields, Object};
use crate::geo::Coordinates;

/// How long a stop takes when the customer does not say, in seconds.
pub const DEFAULT_SERVICE_S: u32 = 120;
/// The longest stop that can be asked for: four hours, in seconds.
pub const LONGEST_SERVICE_S: u32 = 4 * 3600;
/// How far ahead a window may begin, and how long ago, in days.
pub const FURTHEST_WINDOW_DAYS: i64 = 366;

const LONGEST_ADDRESS: usize = 300;
const LONGEST_NAME: usize = 100;
const LONGEST_PHONE: usize = 40;

// The fields, and where they are in a row: a stop has COLUMNS columns.
const LOCATION: Field = Field::object("location", 0, 2);
const ADDRESS: Field = Field::cell("address", 2);
const CONTACT: Field = Field::object("contact", 3, 2);
const CONTACT_NAME: Field = Field::cell("name", 0);
const CONTACT_PHONE: Field = Field::cell("phone", 1);
pub(crate) const WINDOW: Field = Field::object("window", 5, 2);
const WINDOW_START: Field = Field::cell("start", 0);
pub(crate) const WINDOW_END: Field = Field::cell("end", 1);
const SERVICE: Field = Field::cell("service_s", 7);
/// How many columns of a row are a stop.
pub(crate) const COLUMNS: usize = 8;

/// When the service at a stop may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// Not before this.
    pub start: Timestamp,
    /// Not after this.
    pub end: Timestamp,
}

/// Who is to be asked for at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their phone number, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// One end of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    /// The address, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where it is.
    pub location: Coordinates,
    /// Who is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// When the service may begin; any time if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<TimeWindow>,
    /// How long the agent stays, in seconds.
    pub service_s: u32,
}

/// One end of an order as it was sent: with an address and no location it is still to be placed.
#[derive(Debug, Clone, PartialEq)]
pub struct StopDraft {
    location: Option<Coordinates>,
    address: Option<String>,
    contact: Option<Contact>,
    window: Option<TimeWindow>,
    service_s: u32,
}

/// Whether an address can stand for a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// There is a geocoder to place them.
    ArePlaced,
    /// They are for people alone.
    AreNotPlaced,
}

/// A stop as it was read. Its texts are still where they were sent: they are kept once the whole order is good.
#[derive(Debug)]
pub(crate) struct StopRead<'a> {
    /// Where it is, if that was sent.
    pub(crate) location: Option<Coordinates>,
    address: Option<&'a str>,
    contact: Option<ContactRead<'a>>,
    /// When the service may begin.
    pub(crate) window: Option<TimeWindow>,
    service_s: u32,
}

#[derive(Debug, Clone, Copy)]
struct ContactRead<'a> {
    name: Option<&'a str>,
    phone: Option<&'a str>,
}

impl<'a> StopRead<'a> {
    /// Reads a stop of an order that is placed at `now`.
    #[inline]
    pub(crate) fn read(
        fields: &Fields<'a, impl Object<'a>>,
        now: Timestamp,
        addresses: Addresses,
    ) -> Option<Self> {
        fields.only(&["address", "location", "contact", "window", "service_s"]);
        let address = fields.text(ADDRESS, LONGEST_ADDRESS);
        let placeable = addresses == Addresses::ArePlaced && fields.has(ADDRESS);
        if !fields.has(LOCATION) && !placeable {
            fields.fault(LOCATION, missing_location(addresses));
        }
        let location = fields
            .object(LOCATION)
            .and_then(|location| Coordinates::read(&location));
        let contact = fields.object(CONTACT).map(|contact| read_contact(&contact));
        let window = fields
            .object(WINDOW)
            .and_then(|window| TimeWindow::read_upcoming(&window, now));
        let service_s = fields.whole_number(SERVICE, 0..=LONGEST_SERVICE_S);
        // What is neither of the two has its fault by now.
        (location.is_some() || address.is_some()).then(|| Self {
            location,
            address,
            contact,
            window,
            service_s: service_s.unwrap_or(DEFAULT_SERVICE_S),
        })
    }

    /// The stop, which is there.
    #[inline]
    pub(crate) fn at(&self, location: Coordinates) -> Stop {
        Stop {
            location,
            address: self.address.map(str::to_owned),
            contact: self.contact.map(ContactRead::contact),
            window: self.window,
            service_s: self.service_s,
        }
    }

    /// The stop, with or without its location.
    pub(crate) fn draft(self) -> StopDraft {
        StopDraft {
            location: self.location,
            address: self.address.map(str::to_owned),
            contact: self.contact.map(ContactRead::contact),
            window: self.window,
            service_s: self.service_s,
        }
    }
}

impl ContactRead<'_> {
    #[inline]
    fn contact(self) -> Contact {
        Contact {
            name: self.name.map(str::to_owned),
            phone: self.phone.map(str::to_owned),
        }
    }
}

impl StopDraft {
    /// The address by which it is to be placed; `None` where the location was sent.
    pub fn address_to_place(&self) -> Option<&str> {
        self.address.as_deref().filter(|_| self.location.is_none())
    }

    /// The stop: where it was sent to be, or else where its address was found to be. `None` where neither is known.
    pub fn located(self, found: Option<Coordinates>) -> Option<Stop> {
        Some(Stop {
            location: self.location.or(found)?,
            address: self.address,
            contact: self.contact,
            window: self.window,
            service_s: self.service_s,
        })
    }
}

fn missing_location(addresses: Addresses) -> &'static str {
    match addresses {
        Addresses::ArePlaced => "is missing, and so is an address that could be placed instead",
        Addresses::AreNotPlaced => {
            "is missing; an address alone cannot be placed, since no geocoder is configured"
        }
    }
}

impl Stop {
    /// What to call the stop in a text for people: the address, or the coordinates.
    pub fn label(&self) -> String {
        label(self.address.as_deref(), self.location)
    }
}

/// What to call a place in a text for people: its address, or its coordinates.
pub fn label(address: Option<&str>, location: Coordinates) -> String {
    address.map_or_else(
        || format!("{:.5}, {:.5}", location.lat, location.lon),
        str::to_owned,
    )
}

#[inline]
fn read_contact<'a>(fields: &Fields<'a, impl Object<'a>>) -> ContactRead<'a> {
    fields.only(&["name", "phone"]);
    ContactRead {
        name: fields.text(CONTACT_NAME, LONGEST_NAME),
        phone: fields.text(CONTACT_PHONE, LONGEST_PHONE),
    }
}

impl TimeWindow {
    /// Reads a window that must end after it starts.
    pub fn read<'a>(fields: &Fields<'a, impl Object<'a>>) -> Option<Self> {
        fields.only(&["start", "end"]);
        let (start, end) = (
            fields.required_time(WINDOW_START),
            fields.required_time(WINDOW_END),
        );
        let (start, end) = (start?, end?);
        if end <= start {
            fields.fault(WINDOW_END, "must be after the start");
            return None;
        }
        Some(Self { start, end })
    }

    /// Reads a window that must not be over yet, nor lie more than a year ahead.
    pub fn read_upcoming<'a>(fields: &Fields<'a, impl Object<'a>>, now: Timestamp) -> Option<Self> {
        let window = Self::read(fields)?;
        if window.end <= now {
            fields.fault(WINDOW_END, "is in the past");
            return None;
        }
        let furthest = SignedDuration::from_hours(FURTHEST_WINDOW_DAYS * 24);
        let earliest = now.saturating_sub(furthest);
        if earliest.is_ok_and(|earliest| window.start < earliest) {
            fields.fault(
                WINDOW_START,
                format!("is more than {FURTHEST_WINDOW_DAYS} days ago"),
            );
            return None;
        }
        let furthest = now.saturating_add(furthest);
        if furthest.is_ok_and(|furthest| window.start > furthest) {
            fields.fault(
                WINDOW_START,
                format!("is more than {FURTHEST_WINDOW_DAYS} days ahead"),
            );
            return None;
        }
        Some(window)
    }
}
