//! Reads how a file is to be read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use domain::VariantArray;
use domain::import::{
    DateOrder, DecimalMark, ImportProfiles, ImportSettings, LONGEST_PROFILE_NAME,
    MOST_SETTINGS_BYTES, Preset,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::column::Column;
use crate::csv::{FileEncoding, Format};
use crate::faults::Faults;
use crate::fields::{Fields, pointer_to_member};

/// The names of the settings.
pub(crate) const SETTINGS: [&str; 10] = [
    "preset",
    "columns",
    "defaults",
    "time_zone",
    "date_order",
    "date",
    "decimal",
    "header_row",
    "encoding",
    "sheet",
];

/// The most columns of a file that form one of ours.
const MOST_PARTS: usize = 10;
const LONGEST_COLUMN: usize = 200;
const LONGEST_DEFAULT: usize = 1_000;
const LONGEST_WORD: usize = 100;
/// The last line that may have the names of the columns.
const LAST_HEADER_ROW: u32 = 100;

/// Reads the body of a request to store settings under a name. The name is the last part of the path.
///
/// # Errors
/// Every fault in the body and the name.
pub fn read_import_profile(
    name: &str,
    body: &Value,
    now: Timestamp,
) -> Result<ImportSettings, Faults> {
    let faults = Faults::new();
    if !ImportProfiles::is_name(name) {
        faults.note(
            "/import-profiles/{name}",
            format!(
                "must be 1 to {LONGEST_PROFILE_NAME} letters of a to z, digits, dots, underscores and hyphens, with a \
                 letter or a digit first"
            ),
        );
    }
    let fields = Fields::of_body(body, &faults);
    fields.only(&SETTINGS);
    let settings = read_settings(body, &fields, &faults);
    check_whole(&settings, now, &faults);
    faults.or(Some(settings))
}

/// Reads the settings in a body. They are good only if no fault was noted, and if [`check_whole`] finds none.
pub(crate) fn read_settings(body: &Value, fields: &Fields<'_>, faults: &Faults) -> ImportSettings {
    let time_zone = fields.text("time_zone", LONGEST_WORD);
    if time_zone.is_some_and(|name| TimeZone::get(name).is_err()) {
        fields.fault(
            "time_zone",
            "must be an IANA time zone such as Europe/Madrid",
        );
    }
    let date = fields.text("date", LONGEST_WORD);
    let day = date.and_then(|date| date.parse::<Date>().ok());
    if date.is_some() && day.is_none() {
        fields.fault("date", "must be a day such as 2030-01-31");
    }
    let encoding = fields.text("encoding", LONGEST_WORD);
    if encoding
        .is_some_and(|name| name != FileEncoding::AUTO && FileEncoding::named(name).is_none())
    {
        fields.fault(
            "encoding",
            "must be auto, or the name of an encoding such as windows-1252, utf-8 or shift_jis",
        );
    }
    ImportSettings {
        preset: fields.word("preset", Preset::VARIANTS),
        columns: columns(body, faults),
        defaults: defaults(body, faults),
        time_zone: time_zone.map(str::to_owned),
        date_order: fields.word("date_order", DateOrder::VARIANTS),
        date: day,
        decimal: fields.word("decimal", DecimalMark::VARIANTS),
        header_row: fields.whole_number("header_row", 1..=LAST_HEADER_ROW),
        encoding: encoding.map(str::to_owned),
        sheet: fields.text("sheet", LONGEST_WORD).map(str::to_owned),
    }
}

/// Checks settings as a whole: their length, and the defaults with the other settings.
pub(crate) fn check_whole(settings: &ImportSettings, now: Timestamp, faults: &Faults) {
    let length = serde_json::to_string(settings).map_or(0, |text| text.len());
    if length > MOST_SETTINGS_BYTES {
        faults.note(
            "#",
            format!("has settings of {length} bytes; at most {MOST_SETTINGS_BYTES} are kept"),
        );
    }
    if faults.is_empty() {
        for (column, detail) in Format::of(settings).faults_of_defaults(now) {
            faults.note(pointer_to_member("#/defaults", column.name()), detail);
        }
    }
}

/// The columns of the file that form each of ours. An entry has one of our names with the names of the file, or a name
/// of the file with one of ours.
fn columns(body: &Value, faults: &Faults) -> BTreeMap<String, Vec<String>> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in members(body, "columns", faults) {
        let note = |detail: String| faults.note(pointer_to_member("#/columns", name), detail);
        let ours = |name: &str| name.parse::<Column>().ok().map(|_| name.to_owned());
        let (ours, theirs) = match value {
            Value::String(other) => match (ours(name), ours(other)) {
                (Some(_), Some(_)) if name != other => {
                    note(format!(
                        "is ambiguous, since both names are ours; write {name:?}: [{other:?}]"
                    ));
                    continue;
                }
                (Some(ours), _) => (ours, vec![other.clone()]),
                (None, Some(ours)) => (ours, vec![name.clone()]),
                (None, None) => {
                    note(format!(
                        "and {other:?} are no columns of ours; ours are {}",
                        Column::NAMES.join(", ")
                    ));
                    continue;
                }
            },
            Value::Array(parts) => {
                let names = parts.iter().map(|part| part.as_str().map(str::to_owned));
                match (ours(name), names.collect::<Option<Vec<String>>>()) {
                    (Some(ours), Some(names)) => (ours, names),
                    (None, _) => {
                        note(format!(
                            "is no column of ours; ours are {}",
                            Column::NAMES.join(", ")
                        ));
                        continue;
                    }
                    (_, None) => {
                        note("must be a list of the names of columns".to_owned());
                        continue;
                    }
                }
            }
            _ => {
                note("must be the name of a column, or a list of names".to_owned());
                continue;
            }
        };
        let is_name =
            |name: &String| !name.trim().is_empty() && name.chars().count() <= LONGEST_COLUMN;
        if theirs.is_empty() || theirs.len() > MOST_PARTS || !theirs.iter().all(is_name) {
            note(format!(
                "must be 1 to {MOST_PARTS} names of 1 to {LONGEST_COLUMN} characters"
            ));
        } else {
            match columns.entry(ours) {
                Entry::Occupied(other) => {
                    let ours = other.key();
                    note(format!(
                        "is the second entry for {ours}; put the names into one list"
                    ));
                }
                Entry::Vacant(place) => {
                    place.insert(theirs);
                }
            }
        }
    }
    columns
}

fn defaults(body: &Value, faults: &Faults) -> BTreeMap<String, String> {
    let mut defaults = BTreeMap::new();
    for (name, value) in members(body, "defaults", faults) {
        let note = |detail: String| faults.note(pointer_to_member("#/defaults", name), detail);
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            _ => {
                note("must be text or a number".to_owned());
                continue;
            }
        };
        if name.parse::<Column>().is_err() {
            note(format!(
                "is no column of ours; ours are {}",
                Column::NAMES.join(", ")
            ));
        } else if name == Column::ExternalId.name() {
            note("cannot be the same for each order".to_owned());
        } else if text.is_empty() || text.chars().count() > LONGEST_DEFAULT {
            note(format!("must have 1 to {LONGEST_DEFAULT} characters"));
        } else {
            defaults.insert(name.clone(), text);
        }
    }
    defaults
}

/// The members of an object in a body. Another value is a fault.
fn members<'a>(
    body: &'a Value,
    name: &str,
    faults: &Faults,
) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
    let value = body.get(name).filter(|value| !value.is_null());
    if value.is_some_and(|value| !value.is_object()) {
        faults.note(pointer_to_member("#", name), "must be an object");
    }
    value.and_then(Value::as_object).into_iter().flatten()
}
