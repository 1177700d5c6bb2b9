//! Stops and their parts.

use domain::stop::StopDraft;
use domain::{Break, Contact, Coordinates, Language, TimeWindow, Timestamp};
use serde::{Deserialize, Serialize};

/// DynamoDB refuses numbers closer to zero than 1e-130. Useful digits of a degree are far above that.
const TINIEST: f64 = 1e-100;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredCoordinates {
    lat: f64,
    lon: f64,
}

impl From<Coordinates> for StoredCoordinates {
    fn from(place: Coordinates) -> Self {
        let storable = |degrees: f64| {
            if degrees.abs() < TINIEST {
                0.0
            } else {
                degrees
            }
        };
        Self {
            lat: storable(place.lat),
            lon: storable(place.lon),
        }
    }
}

impl From<StoredCoordinates> for Coordinates {
    fn from(stored: StoredCoordinates) -> Self {
        Self {
            lat: stored.lat,
            lon: stored.lon,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredWindow {
    start: Timestamp,
    end: Timestamp,
}

impl From<TimeWindow> for StoredWindow {
    fn from(window: TimeWindow) -> Self {
        Self {
            start: window.start,
            end: window.end,
        }
    }
}

impl From<StoredWindow> for TimeWindow {
    fn from(stored: StoredWindow) -> Self {
        Self {
            start: stored.start,
            end: stored.end,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredBreak {
    window: StoredWindow,
    duration_s: u32,
}

impl From<Break> for StoredBreak {
    fn from(pause: Break) -> Self {
        Self {
            window: pause.window.into(),
            duration_s: pause.duration_s,
        }
    }
}

impl From<StoredBreak> for Break {
    fn from(stored: StoredBreak) -> Self {
        Self {
            window: stored.window.into(),
            duration_s: stored.duration_s,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredContact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
}

/// One end of an order.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredStop {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Absent as long as the address is not placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<StoredCoordinates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contact: Option<StoredContact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<StoredWindow>,
    service_s: u32,
}

impl From<StopDraft> for StoredStop {
    fn from(stop: StopDraft) -> Self {
        Self {
            address: stop.address,
            location: stop.location.map(Into::into),
            contact: stop.contact.map(|contact| StoredContact {
                name: contact.name,
                phone: contact.phone,
                email: contact.email,
                language: contact.language,
            }),
            window: stop.window.map(Into::into),
            service_s: stop.service_s,
        }
    }
}

impl From<StoredStop> for StopDraft {
    fn from(stored: StoredStop) -> Self {
        Self {
            address: stored.address,
            location: stored.location.map(Into::into),
            contact: stored.contact.map(|contact| Contact {
                name: contact.name,
                phone: contact.phone,
                email: contact.email,
                language: contact.language,
            }),
            window: stored.window.map(Into::into),
            service_s: stored.service_s,
        }
    }
}
