//! The two stops of an order, the pickup and the drop-off, as the customer describes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;
use crate::language::Language;

/// The time in which the service at a stop may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// The service begins at this time or later.
    pub start: Timestamp,
    /// The service begins at this time or earlier.
    pub end: Timestamp,
}

/// The end of a window that is open. It is the last second that [`Timestamp`] has. The calendar's last day,
/// `9999-12-31`, is after it.
pub const OPEN_END: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// The person at a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The person's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The person's phone number, as the customer wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The person's email address, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The language for messages to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

/// The location of a stop, or the place for it.
pub trait StopPlace {
    /// Whether the location is not known yet.
    fn is_missing(&self) -> bool;
}

impl StopPlace for Coordinates {
    fn is_missing(&self) -> bool {
        false
    }
}

impl StopPlace for Option<Coordinates> {
    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

/// The pickup or the drop-off of an order. In a [`StopDraft`] the location may be missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(serialize = "L: Serialize + StopPlace"))]
pub struct OrderStop<L = Coordinates> {
    /// The address, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The location.
    #[serde(skip_serializing_if = "StopPlace::is_missing")]
    pub location: L,
    /// The person at the stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// When the service may begin. Without a window it may begin at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<TimeWindow>,
    /// The service time, in seconds.
    pub service_s: u32,
}

/// A stop that may have an address and no location yet.
pub type StopDraft = OrderStop<Option<Coordinates>>;

impl StopDraft {
    /// The address that a geocoder must find. `None` if the customer sent the location.
    pub fn address_to_place(&self) -> Option<&str> {
        self.address.as_deref().filter(|_| self.location.is_none())
    }

    /// The stop at the location that the customer sent, or else at `found`. `None` if there is neither.
    pub fn located(self, found: Option<Coordinates>) -> Option<OrderStop> {
        Some(OrderStop {
            location: self.location.or(found)?,
            address: self.address,
            contact: self.contact,
            window: self.window,
            service_s: self.service_s,
        })
    }
}

impl StopDraft {
    /// The name of the stop in a text for people. A stop without a location always has an address.
    pub fn label(&self) -> String {
        match self.location {
            Some(location) => label(self.address.as_deref(), location),
            None => self.address.clone().unwrap_or_default(),
        }
    }
}

impl From<OrderStop> for StopDraft {
    fn from(stop: OrderStop) -> Self {
        Self {
            address: stop.address,
            location: Some(stop.location),
            contact: stop.contact,
            window: stop.window,
            service_s: stop.service_s,
        }
    }
}

/// The name of a place in a text for people: its address, or else its coordinates.
pub fn label(address: Option<&str>, location: Coordinates) -> String {
    address.map_or_else(
        || format!("{:.5}, {:.5}", location.lat, location.lon),
        str::to_owned,
    )
}
