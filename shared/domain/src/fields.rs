//! Reading a JSON body, or a row of a table, so that every fault in it is found in one pass.
//!
//! `serde` stops at the first field that does not fit; a person who corrects a form wants to hear of
//! all of them. So bodies are read from a [`serde_json::Value`], and each fault is noted with the
//! place where it is.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

mod object;
mod plain;

use plain::{has_control, time};

pub use object::{Cells, Given, Json, Object, Row};

/// So many faults are told at most: no answer grows with a body that somebody has filled with nonsense.
pub const MOST_FAULTS: usize = 50;

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// JSON pointer as a URI fragment (`#/pickup/location/lat`); `?name` for a query parameter, a plain
    /// name for a header.
    pub pointer: String,
    /// What is wrong, in words for a person.
    pub detail: String,
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults {
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single fault.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let faults = Self::new();
        faults.note(pointer, detail);
        faults
    }

    /// Adds a fault. After [`MOST_FAULTS`] of them the rest is passed over.
    pub fn note(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST_FAULTS {
            found.push(Fault {
                pointer: pointer.into(),
                detail: detail.into(),
            });
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All of them, in the order in which they were found. None are left.
    pub fn told(&self) -> Vec<Fault> {
        self.found.take()
    }

    /// All of them, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.found.into_inner()
    }

    /// What was read, if it is whole and without a fault.
    ///
    /// # Errors
    /// The faults, when there are any.
    pub fn or<T>(self, read: Option<T>) -> Result<T, Self> {
        match read {
            Some(read) if self.is_empty() => Ok(read),
            _ => Err(self),
        }
    }
}

/// A field by its name in a JSON object, and by its place in a row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    /// The first of its columns, counted from the first one of the object that it is in.
    place: usize,
    /// How many columns it has: an object has those of its fields.
    columns: usize,
}

impl Field {
    /// A field that is one column.
    pub const fn cell(name: &'static str, place: usize) -> Self {
        Self::object(name, place, 1)
    }

    /// A field that is an object: so many columns from that place on.
    pub const fn object(name: &'static str, place: usize, columns: usize) -> Self {
        Self {
            name,
            place,
            columns,
        }
    }
}

/// A field that no table has.
impl From<&'static str> for Field {
    fn from(name: &'static str) -> Self {
        Self::object(name, usize::MAX, 0)
    }
}

/// The fields of one object. Each method notes what is wrong and answers `None` then; an absent or
/// `null` optional field is `None` without a fault.
///
/// The object comes out of a JSON body, or out of a row of a table: the same rules read both.
#[derive(Debug)]
pub struct Fields<'a, O = Json<'a>> {
    object: O,
    faults: &'a Faults,
}

impl<'a> Fields<'a> {
    /// The fields of a whole body.
    pub fn of_body(body: &'a Value, faults: &'a Faults) -> Self {
        Self {
            object: Json::of_value(body, "#".to_owned(), faults),
            faults,
        }
    }
}

impl<'a> Fields<'a, Row<'a>> {
    /// The fields that a row holds. A fault's pointer is the name of its column: of the one with the cell's number.
    pub fn of_row(
        columns: &'static [&'static str],
        cells: &'a Cells<'a>,
        faults: &'a Faults,
    ) -> Self {
        Self {
            object: Row::new(columns, cells),
            faults,
        }
    }
}

impl<'a, O: Object<'a>> Fields<'a, O> {
    /// Refuses fields that are not in the list: a misspelt optional field must not be lost silently. A table's columns
    /// are known before its first row is read.
    pub fn only(&self, known: &[&str]) {
        self.object.refuse_others(known, self.faults);
    }

    /// Notes a fault at a field of this object.
    #[cold]
    pub fn fault(&self, field: impl Into<Field>, detail: impl Into<String>) {
        let pointer = self.object.pointer_to(field.into());
        self.faults.note(pointer, detail);
    }

    /// Whether the field is there and not `null`.
    pub fn has(&self, field: impl Into<Field>) -> bool {
        self.object.has(field.into())
    }

    /// An object within this one.
    pub fn object(&self, field: impl Into<Field>) -> Option<Self> {
        let object = self.object.object(field.into(), self.faults)?;
        Some(Self {
            object,
            faults: self.faults,
        })
    }

    /// An object that must be there.
    pub fn required_object(&self, field: impl Into<Field>) -> Option<Self> {
        let field = field.into();
        let object = self.object(field);
        if object.is_none() && self.object.is_one() && !self.has(field) {
            self.fault(field, "is missing");
        }
        object
    }

    /// A line of text, of 1 to `most` characters. Line breaks and other control characters are refused: nobody writes lines
    /// of their own into an email.
    pub fn text(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        let text = self.lines(field, most)?;
        if has_control(text) {
            self.fault(field, "must be one line, without control characters");
            return None;
        }
        Some(text)
    }

    /// Text of 1 to `most` characters, over as many lines as it likes.
    pub fn lines(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        let value = self.value(field)?;
        let Some(text) = value.text() else {
            self.fault(field, format!("must be text, not {}", value.kind()));
            return None;
        };
        // No text has more characters than bytes.
        let length = if text.len() > most {
            text.chars().count()
        } else {
            text.len()
        };
        if text.chars().all(char::is_whitespace) {
            self.fault(field, "must not be empty");
        } else if length > most {
            self.fault(
                field,
                format!("must have at most {most} characters, not {length}"),
            );
        } else {
            return Some(text);
        }
        None
    }

    /// Text that must be there.
    pub fn required_text(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        self.required(field)?;
        self.text(field, most)
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, field: impl Into<Field>, words: &[(&str, T)]) -> Option<T> {
        let field = field.into();
        let value = self.value(field)?;
        let found = words.iter().find(|(word, _)| value.text() == Some(*word));
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(field, format!("must be one of {}", known.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A whole number within a range.
    pub fn whole_number<N: TryFrom<u64> + PartialOrd + Display>(
        &self,
        field: impl Into<Field>,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        let field = field.into();
        let value = self.value(field)?;
        let number = value.whole_number().and_then(|n| N::try_from(n).ok());
        let fitting = number.filter(|n| range.contains(n));
        if fitting.is_none() {
            let (least, most) = (range.start(), range.end());
            self.fault(
                field,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        fitting
    }

    /// A number within a range, that must be there.
    pub fn required_number(
        &self,
        field: impl Into<Field>,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let field = field.into();
        let value = self.required(field)?;
        let fitting = value.number().filter(|n| range.contains(n));
        if fitting.is_none() {
            let (least, most) = (range.start(), range.end());
            self.fault(field, format!("must be a number from {least} to {most}"));
        }
        fitting
    }

    /// `true` or `false`.
    pub fn flag(&self, field: impl Into<Field>) -> Option<bool> {
        let field = field.into();
        let value = self.value(field)?;
        if value.flag().is_none() {
            self.fault(
                field,
                format!("must be true or false, not {}", value.kind()),
            );
        }
        value.flag()
    }

    /// An RFC 3339 time that must be there.
    pub fn required_time(&self, field: impl Into<Field>) -> Option<Timestamp> {
        let field = field.into();
        let value = self.required(field)?;
        let time = value.text().and_then(time);
        if time.is_none() {
            self.fault(
                field,
                "must be a time such as 2030-01-31T09:30:00Z (RFC 3339)",
            );
        }
        time
    }

    fn required(&self, field: Field) -> Option<O::Given> {
        // An object of the wrong kind has its fault already.
        if !self.object.is_one() {
            return None;
        }
        let value = self.value(field);
        if value.is_none() {
            self.fault(field, "is missing");
        }
        value
    }

    fn value(&self, field: Field) -> Option<O::Given> {
        self.object.value(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pointers(faults: Faults) -> Vec<String> {
        faults
            .into_vec()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect()
    }

    #[test]
    fn every_fault_is_found_in_one_pass() {
        let body = json!({"size": 0, "notes": "", "when": "tomorrow", "a/b": 1, "place": []});
        let faults = Faults::new();
        let fields = Fields::of_body(&body, &faults);
        fields.only(&["size", "notes", "when", "place", "name"]);
        fields.whole_number("size", 1..=9);
        fields.text("notes", 10);
        fields.required_time("when");
        fields.object("place");
        fields.required_text("name", 10);
        assert_eq!(
            pointers(faults),
            ["#/a~1b", "#/size", "#/notes", "#/when", "#/place", "#/name"]
        );
    }

    #[test]
    fn null_is_absent() {
        let body = json!({"notes": null});
        let faults = Faults::new();
        assert_eq!(Fields::of_body(&body, &faults).text("notes", 10), None);
        assert!(faults.is_empty());
    }

    #[test]
    fn a_body_of_another_kind_is_one_fault_and_not_one_per_field() {
        let body = json!([1, 2]);
        let faults = Faults::new();
        let fields = Fields::of_body(&body, &faults);
        fields.required_text("name", 10);
        fields.required_object("pickup");
        assert_eq!(pointers(faults), ["#"]);
    }

    #[test]
    fn length_is_counted_in_characters() {
        let body = json!({"name": "Zoë"});
        let faults = Faults::new();
        assert_eq!(Fields::of_body(&body, &faults).text("name", 3), Some("Zoë"));
    }
}
