//! Reading a JSON body, or a row of a table, so that every fault in it is found in one pass.
//!
//! `serde` stops at the first field that does not fit; a person who corrects a form wants to hear of
//! all of them. So bodies are read from a [`serde_json::Value`], and each fault is noted with the
//! place where it is.

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// So many faults are told at most: no answer grows with a body that somebody has filled with nonsense.
pub const MOST_FAULTS: usize = 50;
/// So much is repeated of a name that somebody else has made up, in characters.
const LONGEST_ECHO: usize = 60;

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

/// The fields of one object. Each method notes what is wrong and answers `None` then; an absent or
/// `null` optional field is `None` without a fault.
///
/// The object comes out of a JSON body, or out of a row of a table: the same rules read both.
#[derive(Debug)]
pub struct Fields<'a> {
    object: Object<'a>,
    faults: &'a Faults,
}

/// Where the fields of an object are.
#[derive(Debug)]
enum Object<'a> {
    /// In a JSON object; none where something else was sent, which has its fault by then.
    Json {
        members: Option<&'a Map<String, Value>>,
        pointer: String,
    },
    /// In the cells of a row, by a tree of columns.
    Cells {
        columns: &'static Columns,
        row: &'a Cells<'a>,
        /// Where the last field was found. Fields are asked for in the order in which columns are declared, so
        /// that the next one is mostly there or right behind it.
        last: Cell<usize>,
    },
}

/// A row of a table: text by number of column, without the spaces around it; `None` where there is none. An empty cell
/// is an absent value.
pub type Cells<'a> = [Option<&'a str>];

/// Which columns of a table hold the fields of an object, and of the objects within it.
#[derive(Debug)]
pub struct Columns(pub &'static [(&'static str, Column)]);

/// What holds a field of an object.
#[derive(Debug)]
pub enum Column {
    /// A column.
    Cell {
        /// Its number, as [`Cells`] has it.
        number: usize,
        /// Its name in the table, which faults name.
        name: &'static str,
    },
    /// Several, which are an object together.
    Object(Columns),
}

impl Columns {
    #[inline]
    fn of(&self, field: &str, last: &Cell<usize>) -> Option<&Column> {
        let is_it = |at: &usize| self.0.get(*at).is_some_and(|(name, _)| *name == field);
        let guesses = [last.get(), last.get() + 1];
        let found = guesses
            .into_iter()
            .find(is_it)
            .or_else(|| (0..self.0.len()).find(is_it))?;
        last.set(found);
        self.0.get(found).map(|(_, column)| column)
    }

    fn any(&self, row: &Cells<'_>) -> bool {
        self.0.iter().any(|(_, column)| column.any(row))
    }
}

impl Column {
    /// Whether anything is written in it.
    fn any(&self, row: &Cells<'_>) -> bool {
        match self {
            Self::Cell { number, .. } => cell(row, *number).is_some(),
            Self::Object(columns) => columns.any(row),
        }
    }

    /// The name of the column, or of the first one of an object.
    fn name(&self) -> &'static str {
        match self {
            Self::Cell { name, .. } => name,
            Self::Object(columns) => columns.0.first().map_or("", |(_, column)| column.name()),
        }
    }
}

#[inline]
fn cell<'a>(row: &Cells<'a>, number: usize) -> Option<&'a str> {
    row.get(number).copied().flatten()
}

/// A value as it was given: of JSON's kinds, or a text in a cell that is understood as what is asked for.
#[derive(Clone, Copy)]
enum Given<'a> {
    Json(&'a Value),
    Cell(&'a str),
}

impl<'a> Given<'a> {
    fn text(self) -> Option<&'a str> {
        match self {
            Self::Json(value) => value.as_str(),
            Self::Cell(text) => Some(text),
        }
    }

    fn number(self) -> Option<f64> {
        match self {
            Self::Json(value) => value.as_f64(),
            Self::Cell(text) => text.parse().ok(),
        }
    }

    fn whole_number(self) -> Option<u32> {
        match self {
            Self::Json(value) => value.as_u64().and_then(|n| u32::try_from(n).ok()),
            Self::Cell(text) => text.parse().ok(),
        }
    }

    fn flag(self) -> Option<bool> {
        match self {
            Self::Json(value) => value.as_bool(),
            Self::Cell(text) => text.parse().ok(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Json(value) => kind_of(value),
            Self::Cell(_) => "text",
        }
    }
}

impl<'a> Fields<'a> {
    /// The fields of a whole body.
    pub fn of_body(body: &'a Value, faults: &'a Faults) -> Self {
        Self::of_value(body, "#".to_owned(), faults)
    }

    /// The fields that the cells of a row hold. A fault's pointer is the name of its column.
    pub fn of_row(columns: &'static Columns, row: &'a Cells<'a>, faults: &'a Faults) -> Self {
        let last = Cell::new(0);
        Self {
            object: Object::Cells { columns, row, last },
            faults,
        }
    }

    fn of_value(value: &'a Value, pointer: String, faults: &'a Faults) -> Self {
        if !value.is_object() {
            faults.note(
                &pointer,
                format!("must be an object, not {}", kind_of(value)),
            );
        }
        Self {
            object: Object::Json {
                members: value.as_object(),
                pointer,
            },
            faults,
        }
    }

    /// Refuses fields that are not in the list: a misspelt optional field must not be lost silently. A table's columns
    /// are known before its first row is read.
    pub fn only(&self, known: &[&str]) {
        let Object::Json { members, .. } = &self.object else {
            return;
        };
        let names = members.iter().flat_map(|members| members.keys());
        for name in names.filter(|name| !known.contains(&name.as_str())) {
            self.fault(
                name,
                format!("is not a field here; known are {}", known.join(", ")),
            );
        }
    }

    /// Notes a fault at a field of this object.
    pub fn fault(&self, name: &str, detail: impl Into<String>) {
        self.faults.note(self.pointer_to(name), detail);
    }

    /// Whether the field is there and not `null`.
    pub fn has(&self, name: &str) -> bool {
        match &self.object {
            Object::Json { .. } => self.value(name).is_some(),
            Object::Cells { columns, row, last } => {
                columns.of(name, last).is_some_and(|column| column.any(row))
            }
        }
    }

    /// An object within this one.
    pub fn object(&self, name: &str) -> Option<Fields<'a>> {
        match &self.object {
            Object::Json { members, .. } => {
                let value = member(members, name)?;
                let fields = Self::of_value(value, self.pointer_to(name), self.faults);
                fields.is_object().then_some(fields)
            }
            Object::Cells { columns, row, last } => match columns.of(name, last)? {
                Column::Object(columns) if columns.any(row) => {
                    Some(Self::of_row(columns, row, self.faults))
                }
                _ => None,
            },
        }
    }

    fn is_object(&self) -> bool {
        match &self.object {
            Object::Json { members, .. } => members.is_some(),
            Object::Cells { .. } => true,
        }
    }

    /// An object that must be there.
    pub fn required_object(&self, name: &str) -> Option<Fields<'a>> {
        let object = self.object(name);
        if object.is_none() && self.is_object() && !self.has(name) {
            self.fault(name, "is missing");
        }
        object
    }

    /// A line of text, of 1 to `most` characters. Line breaks and other control characters are refused: nobody writes lines
    /// of their own into an email.
    pub fn text(&self, name: &str, most: usize) -> Option<&'a str> {
        let text = self.lines(name, most)?;
        if has_control(text) {
            self.fault(name, "must be one line, without control characters");
            return None;
        }
        Some(text)
    }

    /// Text of 1 to `most` characters, over as many lines as it likes.
    pub fn lines(&self, name: &str, most: usize) -> Option<&'a str> {
        let value = self.value(name)?;
        let Some(text) = value.text() else {
            self.fault(name, format!("must be text, not {}", value.kind()));
            return None;
        };
        // No text has more characters than bytes.
        let length = if text.len() > most {
            text.chars().count()
        } else {
            text.len()
        };
        if text.trim().is_empty() {
            self.fault(name, "must not be empty");
        } else if length > most {
            self.fault(
                name,
                format!("must have at most {most} characters, not {length}"),
            );
        } else {
            return Some(text);
        }
        None
    }

    /// Text that must be there.
    pub fn required_text(&self, name: &str, most: usize) -> Option<&'a str> {
        self.required(name)?;
        self.text(name, most)
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let value = self.value(name)?;
        let found = words.iter().find(|(word, _)| value.text() == Some(*word));
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("must be one of {}", known.join(", ")));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A whole number within a range.
    pub fn whole_number(&self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.value(name)?;
        let fitting = value.whole_number().filter(|n| range.contains(n));
        if fitting.is_none() {
            let (least, most) = (range.start(), range.end());
            self.fault(
                name,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        fitting
    }

    /// A number within a range, that must be there.
    pub fn required_number(&self, name: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.required(name)?;
        let fitting = value.number().filter(|n| range.contains(n));
        if fitting.is_none() {
            let (least, most) = (range.start(), range.end());
            self.fault(name, format!("must be a number from {least} to {most}"));
        }
        fitting
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let value = self.value(name)?;
        if value.flag().is_none() {
            self.fault(name, format!("must be true or false, not {}", value.kind()));
        }
        value.flag()
    }

    /// An RFC 3339 time that must be there.
    pub fn required_time(&self, name: &str) -> Option<Timestamp> {
        let value = self.required(name)?;
        let time = value.text().and_then(|text| text.parse().ok());
        if time.is_none() {
            self.fault(
                name,
                "must be a time such as 2030-01-31T09:30:00Z (RFC 3339)",
            );
        }
        time
    }

    fn required(&self, name: &str) -> Option<Given<'a>> {
        // An object of the wrong kind has its fault already.
        if !self.is_object() {
            return None;
        }
        let value = self.value(name);
        if value.is_none() {
            self.fault(name, "is missing");
        }
        value
    }

    fn value(&self, name: &str) -> Option<Given<'a>> {
        match &self.object {
            Object::Json { members, .. } => member(members, name).map(Given::Json),
            Object::Cells { columns, row, last } => match columns.of(name, last)? {
                Column::Cell { number, .. } => cell(row, *number).map(Given::Cell),
                Column::Object(_) => None,
            },
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        match &self.object {
            Object::Json { pointer, .. } => {
                let name: String = name.chars().take(LONGEST_ECHO).collect();
                // RFC 6901: `~` and `/` within a name are escaped.
                let name = name.replace('~', "~0").replace('/', "~1");
                format!("{pointer}/{name}")
            }
            Object::Cells { columns, last, .. } => {
                let column = columns.of(name, last).map(Column::name);
                column.unwrap_or(name).to_owned()
            }
        }
    }
}

/// A member of an object that is not `null`.
fn member<'a>(members: &Option<&'a Map<String, Value>>, name: &str) -> Option<&'a Value> {
    let value = members.as_ref()?.get(name);
    value.filter(|value| !value.is_null())
}

/// Whether a text has control characters. Most are ASCII, of which a byte tells.
fn has_control(text: &str) -> bool {
    // Without an early end, many bytes are looked at together. Beyond ASCII, control characters all begin with C2.
    let of_ascii = |found: bool, byte: u8| found | byte.is_ascii_control();
    text.bytes().fold(false, of_ascii)
        || (text.as_bytes().contains(&0xC2) && text.chars().any(char::is_control))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
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
