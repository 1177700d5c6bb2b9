//! The fields of a JSON object or of a row. Each method notes the faults that it finds.

use std::fmt::Display;
use std::ops::RangeInclusive;

use domain::skill::LONGEST_SKILL;
use domain::{Skill, Skills};
use jiff::Timestamp;
use serde_json::Value;

use crate::faults::Faults;

mod cells;
mod field;
mod json;
mod local;
mod text;
mod time;

pub use cells::RowCells;
pub use field::Field;
pub use json::JsonObject;
pub(crate) use json::pointer_to_member;
pub(crate) use local::LocalTimes;
pub(crate) use text::{is_invisible_character, nfc};

/// Where the fields of an object are: in a JSON object, or in the cells of a row.
pub trait FieldSource<'a>: Sized {
    /// The value of a field.
    type Value: FieldValue<'a>;

    /// Whether this is an object. If it is not, its fault is noted already.
    fn is_object(&self) -> bool;

    /// The value of a field that is present and not `null`.
    fn value(&self, field: Field) -> Option<Self::Value>;

    /// Whether a field is present and not `null`. In a row: whether any column of the field has a value.
    fn has(&self, field: Field) -> bool;

    /// The object in a field. A value of another kind is a fault.
    fn object(&self, field: Field, faults: &'a Faults) -> Option<Self>;

    /// Notes a fault for each field whose name is not known.
    fn refuse_others(&self, known: &[&str], faults: &Faults);

    /// The pointer to a field for [`Fault::pointer`](crate::Fault::pointer).
    fn pointer_to(&self, field: Field) -> String;
}

/// The value of a field: a JSON value, or the text of a cell.
pub trait FieldValue<'a>: Copy {
    /// The value as text.
    fn text(self) -> Option<&'a str>;

    /// The value as a number.
    fn number(self) -> Option<f64>;

    /// The value as a whole number that is not negative.
    fn whole_number(self) -> Option<u64>;

    /// The value as a list of texts. In a cell, spaces, commas and semicolons separate them. `None` if the value or one
    /// of its members is of another kind.
    fn texts(self) -> Option<Vec<&'a str>>;

    /// The value as `true` or `false`.
    fn flag(self) -> Option<bool>;

    /// The kind of the value, for people.
    fn kind(self) -> &'static str;
}

/// The fields of one object.
///
/// Each method notes a fault and returns `None` if a value does not fit. An optional field that is absent or `null` is
/// `None` without a fault.
#[derive(Debug)]
pub struct Fields<'a, S = JsonObject<'a>> {
    source: S,
    faults: &'a Faults,
}

impl<'a> Fields<'a> {
    /// The fields of a body. A body that is not an object is one fault.
    pub fn of_body(body: &'a Value, faults: &'a Faults) -> Self {
        Self {
            source: JsonObject::of_value(body, "#".to_owned(), faults),
            faults,
        }
    }

    /// The fields of an element of a list. An element that is not an object is one fault.
    pub(crate) fn of_element(element: &'a Value, pointer: String, faults: &'a Faults) -> Self {
        Self {
            source: JsonObject::of_value(element, pointer, faults),
            faults,
        }
    }

    /// The objects in a list of at most `most` members.
    pub fn objects(&self, field: impl Into<Field>, most: usize) -> Vec<Self> {
        let sources = self.source.objects(field.into(), most, self.faults);
        let faults = self.faults;
        let fields = sources.into_iter();
        fields.map(|source| Self { source, faults }).collect()
    }
}

impl<'a> Fields<'a, RowCells<'a>> {
    /// The fields of a row. `cells` has the text of each [`Column`] by its number, without the spaces around it, and
    /// `None` for an empty cell. The pointer of a fault is the name of its column.
    pub fn of_row(cells: &'a [Option<&'a str>], faults: &'a Faults) -> Self {
        Self {
            source: RowCells::new(cells),
            faults,
        }
    }
}

impl<'a, S: FieldSource<'a>> Fields<'a, S> {
    /// Refuses fields that are not in the list: a misspelt optional field must not be lost silently. The columns of a
    /// file are checked with its header.
    pub fn only(&self, known: &[&str]) {
        self.source.refuse_others(known, self.faults);
    }

    /// Notes a fault at a field of this object.
    pub fn fault(&self, field: impl Into<Field>, detail: impl Into<String>) {
        let pointer = self.source.pointer_to(field.into());
        self.faults.note(pointer, detail);
    }

    /// Whether the field is there and not `null`.
    pub fn has(&self, field: impl Into<Field>) -> bool {
        self.source.has(field.into())
    }

    /// An object within this one.
    pub fn object(&self, field: impl Into<Field>) -> Option<Self> {
        let source = self.source.object(field.into(), self.faults)?;
        Some(Self {
            source,
            faults: self.faults,
        })
    }

    /// An object within this one. It is required.
    pub fn required_object(&self, field: impl Into<Field>) -> Option<Self> {
        let field = field.into();
        let object = self.object(field);
        if object.is_none() && self.source.is_object() && !self.has(field) {
            self.fault(field, "is missing");
        }
        object
    }

    /// One line of text, of 1 to `most` characters, without the spaces around it. Line breaks and other control
    /// characters are refused, so that nobody can add lines to an email.
    pub fn text(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        let text = self.visible(field, most)?.trim();
        self.without(field, text, text::control_within_line(text))
    }

    /// Text of 1 to `most` characters, on any number of lines. Control characters other than line breaks and tabs are
    /// refused.
    pub fn lines(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        let text = self.visible(field, most)?;
        self.without(field, text, text::control_within_lines(text))
    }

    /// A password, in NFKC. It is required, and the spaces around it count.
    pub fn required_secret(&self, field: impl Into<Field>, most: usize) -> Option<String> {
        let field = field.into();
        self.required(field)?;
        let text = self.visible(field, most)?;
        let text = self.without(field, text, text::control_within_line(text))?;
        let secret = text::nfkc(text);
        // NFKC makes several characters of some. The spaces around the text were not counted above.
        if secret.chars().count() > most {
            self.fault(field, format!("must have at most {most} characters"));
            return None;
        }
        Some(secret.into_owned())
    }

    fn visible(&self, field: Field, most: usize) -> Option<&'a str> {
        let value = self.value(field)?;
        let Some(text) = value.text() else {
            self.fault(field, format!("must be text, not {}", value.kind()));
            return None;
        };
        let trimmed = text.trim();
        let length = trimmed.chars().count();
        if trimmed.is_empty() {
            self.fault(field, "must not be empty");
        } else if text::is_invisible(trimmed) {
            self.fault(field, "must have characters that can be seen");
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

    /// The text, unless it has a character that is not allowed.
    fn without(&self, field: Field, text: &'a str, found: Option<char>) -> Option<&'a str> {
        let Some(character) = found else {
            return Some(text);
        };
        let detail = match character {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => "must be one line".to_owned(),
            other => {
                let code = u32::from(other);
                format!("must not have control characters, and has U+{code:04X}")
            }
        };
        self.fault(field, detail);
        None
    }

    /// One line of text. It is required.
    pub fn required_text(&self, field: impl Into<Field>, most: usize) -> Option<&'a str> {
        let field = field.into();
        self.required(field)?;
        self.text(field, most)
    }

    /// The name of one of these values.
    pub fn word<T: Copy + Into<&'static str>>(
        &self,
        field: impl Into<Field>,
        allowed: &[T],
    ) -> Option<T> {
        let field = field.into();
        let value = self.value(field)?;
        let text = value.text();
        let found = allowed.iter().find(|word| text == Some((**word).into()));
        if found.is_none() {
            let names: Vec<&str> = allowed.iter().map(|word| (*word).into()).collect();
            self.fault(field, format!("must be one of {}", names.join(", ")));
        }
        found.copied()
    }

    /// A list of names of these values. The list may be empty.
    pub fn words<T: Copy + Into<&'static str>>(
        &self,
        field: impl Into<Field>,
        allowed: &[T],
    ) -> Option<Vec<T>> {
        let field = field.into();
        let named = |name: &str| allowed.iter().copied().find(|word| (*word).into() == name);
        let names = self.value(field)?.texts();
        let found: Option<Vec<T>> = names.and_then(|names| names.into_iter().map(named).collect());
        if found.is_none() {
            let names: Vec<&str> = allowed.iter().map(|word| (*word).into()).collect();
            self.fault(
                field,
                format!("must be a list with some of {}", names.join(", ")),
            );
        }
        found
    }

    /// At most `most` names of skills, such as `cold`. The same name twice is one skill.
    pub fn skills(&self, field: impl Into<Field>, most: usize) -> Option<Skills> {
        let field = field.into();
        let value = self.value(field)?;
        let names = value.texts();
        let skills: Option<Skills> =
            names.and_then(|names| names.into_iter().map(Skill::named).collect());
        let Some(skills) = skills else {
            self.fault(
                field,
                format!(
                    "must be words such as cold or cargo-bike: letters a to z, digits, and hyphens within, at most \
                     {LONGEST_SKILL} characters each"
                ),
            );
            return None;
        };
        if skills.len() > most {
            self.fault(
                field,
                format!("must have at most {most} words, not {}", skills.len()),
            );
            return None;
        }
        Some(skills)
    }

    /// A list of at most `most` different texts, each one line of 1 to `longest` characters, without the spaces around
    /// them.
    pub fn texts(
        &self,
        field: impl Into<Field>,
        most: usize,
        longest: usize,
    ) -> Option<Vec<String>> {
        let field = field.into();
        let texts = self.value(field)?.texts();
        let texts: Option<Vec<&str>> =
            texts.map(|texts| texts.into_iter().map(str::trim).collect());
        let fits = |text: &&str| {
            !text::is_invisible(text)
                && text.chars().count() <= longest
                && text::control_within_line(text).is_none()
        };
        let texts = texts.filter(|texts| {
            let repeated = (1..texts.len()).any(|at| texts[..at].contains(&texts[at]));
            texts.len() <= most && !repeated && texts.iter().all(fits)
        });
        if texts.is_none() {
            self.fault(
                field,
                format!(
                    "must be a list of at most {most} different texts of 1 to {longest} characters"
                ),
            );
        }
        texts.map(|texts| texts.into_iter().map(str::to_owned).collect())
    }

    /// One text, or a list of texts as in [`texts`](Self::texts).
    pub fn text_or_texts(
        &self,
        field: impl Into<Field>,
        most: usize,
        longest: usize,
    ) -> Option<Vec<String>> {
        let field = field.into();
        match self.value(field)?.text() {
            Some(_) => Some(vec![self.text(field, longest)?.to_owned()]),
            None => self.texts(field, most, longest),
        }
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

    /// A whole number within a range. It is required.
    pub fn required_whole_number<N: TryFrom<u64> + PartialOrd + Display>(
        &self,
        field: impl Into<Field>,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        let field = field.into();
        self.required(field)?;
        self.whole_number(field, range)
    }

    /// A number within a range. It is required.
    pub fn required_number(
        &self,
        field: impl Into<Field>,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        let field = field.into();
        let value = self.required(field)?;
        // Adding zero makes -0.0 a plain 0.
        let number = value.number().map(|number| number + 0.0);
        let fitting = number.filter(|n| range.contains(n));
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

    /// A time in RFC 3339, or in a form close to it. It is required.
    pub fn required_time(&self, field: impl Into<Field>) -> Option<Timestamp> {
        let field = field.into();
        let value = self.required(field)?;
        let read = value.text().map(time::read_time);
        let read = read.unwrap_or(Err(
            "must be text: a time such as 2030-01-31T09:30:00Z (RFC 3339)",
        ));
        read.map_err(|fault| self.fault(field, fault)).ok()
    }

    fn required(&self, field: Field) -> Option<S::Value> {
        // A value that is not an object has its fault already.
        if !self.source.is_object() {
            return None;
        }
        let value = self.value(field);
        if value.is_none() {
            self.fault(field, "is missing");
        }
        value
    }

    fn value(&self, field: Field) -> Option<S::Value> {
        self.source.value(field)
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
