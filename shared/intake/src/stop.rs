//! Reads the stops of an order.

use domain::stop::StopDraft;
use domain::{Contact, Coordinates, Language, TimeWindow, VariantArray};
use jiff::{SignedDuration, Timestamp};

use crate::account::read_address_of;
use crate::column::Column;
use crate::fields::{Field, FieldSource, Fields};

/// The service time of a stop that names none, in seconds.
const DEFAULT_SERVICE_S: u32 = 120;
/// The longest service time: four hours, in seconds.
const LONGEST_SERVICE_S: u32 = 4 * 3600;
/// A window begins at most this many days before or after now.
const FURTHEST_WINDOW_DAYS: i64 = 366;

const LONGEST_ADDRESS: usize = 300;
const LONGEST_NAME: usize = 100;
const LONGEST_PHONE: usize = 40;

const ADDRESS: Field = Field::cell("address", Column::PickupAddress);
const LOCATION: Field = Field::object("location", Column::PickupLat, Column::PickupLon);
const LAT: Field = Field::cell("lat", Column::PickupLat);
const LON: Field = Field::cell("lon", Column::PickupLon);
const CONTACT: Field = Field::object(
    "contact",
    Column::PickupContactName,
    Column::PickupContactLanguage,
);
const CONTACT_NAME: Field = Field::cell("name", Column::PickupContactName);
const CONTACT_PHONE: Field = Field::cell("phone", Column::PickupContactPhone);
const CONTACT_EMAIL: Field = Field::cell("email", Column::PickupContactEmail);
const CONTACT_LANGUAGE: Field = Field::cell("language", Column::PickupContactLanguage);
const WINDOW: Field = Field::object("window", Column::PickupWindowStart, Column::PickupWindowEnd);
const WINDOW_START: Field = Field::cell("start", Column::PickupWindowStart);
const WINDOW_END: Field = Field::cell("end", Column::PickupWindowEnd);
const SERVICE_S: Field = Field::cell("service_s", Column::PickupServiceS);

/// Whether a stop may have an address and no location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressAlone {
    /// It may: a geocoder finds the location.
    Allowed,
    /// It may not: addresses are for people only.
    Refused,
}

/// Reads a stop of an order that is placed at `now`. `None` if the stop has neither a location nor an address.
pub(crate) fn read_stop<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    address_alone: AddressAlone,
    now: Timestamp,
) -> Option<StopDraft> {
    fields.only(&[ADDRESS, LOCATION, CONTACT, WINDOW, SERVICE_S].map(Field::name));
    let address = fields.text(ADDRESS, LONGEST_ADDRESS);
    let address_is_enough = address_alone == AddressAlone::Allowed && fields.has(ADDRESS);
    if !fields.has(LOCATION) && !address_is_enough {
        fields.fault(LOCATION, missing_location(address_alone));
    }
    let location = fields.object(LOCATION);
    let location = location.and_then(|location| read_coordinates(&location));
    let contact = fields.object(CONTACT).map(|contact| read_contact(&contact));
    let window = fields.object(WINDOW);
    let window = window.and_then(|window| read_upcoming_window(&window, now));
    let service_s = fields.whole_number(SERVICE_S, 0..=LONGEST_SERVICE_S);
    (location.is_some() || address.is_some()).then(|| StopDraft {
        location,
        address: address.map(str::to_owned),
        contact,
        window,
        service_s: service_s.unwrap_or(DEFAULT_SERVICE_S),
    })
}

/// Notes that the window of the drop-off ends before the window of the pickup starts.
pub(crate) fn refuse_end_of_window<'a>(stop: &Fields<'a, impl FieldSource<'a>>) {
    if let Some(window) = stop.object(WINDOW) {
        window.fault(WINDOW_END, "must be after the start of the pickup's window");
    }
}

/// Reads `{"lat": …, "lon": …}` in degrees.
pub(crate) fn read_coordinates<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
) -> Option<Coordinates> {
    fields.only(&[LAT, LON].map(Field::name));
    read_coordinates_in(fields)
}

/// The same among other fields.
pub(crate) fn read_coordinates_in<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
) -> Option<Coordinates> {
    let lat = fields.required_number(LAT, -90.0..=90.0);
    let lon = fields.required_number(LON, -180.0..=180.0);
    let (lat, lon) = (lat?, lon?);
    if lat == 0.0 && lon == 0.0 {
        fields.fault(
            LAT,
            "and the longitude are both 0, in the Atlantic; programs write that for a place that they do not know",
        );
        return None;
    }
    Some(Coordinates { lat, lon })
}

/// Reads `{"start": …, "end": …}`. The window must end after it starts and after now, and start within a year of now.
pub(crate) fn read_upcoming_window<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    now: Timestamp,
) -> Option<TimeWindow> {
    fields.only(&[WINDOW_START, WINDOW_END].map(Field::name));
    read_upcoming_window_in(fields, now)
}

/// The same among other fields.
pub(crate) fn read_upcoming_window_in<'a>(
    fields: &Fields<'a, impl FieldSource<'a>>,
    now: Timestamp,
) -> Option<TimeWindow> {
    let window = read_start_and_end(fields)?;
    if window.end <= now {
        fields.fault(WINDOW_END, "is in the past");
        return None;
    }
    let furthest = SignedDuration::from_hours(FURTHEST_WINDOW_DAYS * 24);
    let earliest = now.saturating_sub(furthest);
    if earliest.is_ok_and(|earliest| window.start < earliest) {
        let detail = format!("is more than {FURTHEST_WINDOW_DAYS} days ago");
        fields.fault(WINDOW_START, detail);
        return None;
    }
    let latest = now.saturating_add(furthest);
    if latest.is_ok_and(|latest| window.start > latest) {
        let detail = format!("is more than {FURTHEST_WINDOW_DAYS} days ahead");
        fields.fault(WINDOW_START, detail);
        return None;
    }
    Some(window)
}

/// Reads `{"start": …, "end": …}`. The window must end after it starts.
pub(crate) fn read_window<'a>(fields: &Fields<'a, impl FieldSource<'a>>) -> Option<TimeWindow> {
    fields.only(&[WINDOW_START, WINDOW_END].map(Field::name));
    read_start_and_end(fields)
}

fn read_start_and_end<'a>(fields: &Fields<'a, impl FieldSource<'a>>) -> Option<TimeWindow> {
    let start = fields.required_time(WINDOW_START);
    let end = fields.required_time(WINDOW_END);
    let (start, end) = (start?, end?);
    if end <= start {
        let detail = if end == start {
            "must be after the start; for a certain moment, send a window of some minutes around it"
        } else {
            "must be after the start"
        };
        fields.fault(WINDOW_END, detail);
        return None;
    }
    Some(TimeWindow { start, end })
}

fn read_contact<'a>(fields: &Fields<'a, impl FieldSource<'a>>) -> Contact {
    fields.only(&[CONTACT_NAME, CONTACT_PHONE, CONTACT_EMAIL, CONTACT_LANGUAGE].map(Field::name));
    let name = fields.text(CONTACT_NAME, LONGEST_NAME);
    let phone = fields.text(CONTACT_PHONE, LONGEST_PHONE);
    Contact {
        name: name.map(str::to_owned),
        phone: phone.map(str::to_owned),
        email: read_address_of(fields, CONTACT_EMAIL),
        language: fields.word(CONTACT_LANGUAGE, Language::VARIANTS),
    }
}

fn missing_location(address_alone: AddressAlone) -> &'static str {
    match address_alone {
        AddressAlone::Allowed => "is missing, and so is an address that could be placed instead",
        AddressAlone::Refused => {
            "is missing; an address alone cannot be placed, since no geocoder is configured"
        }
    }
}
