//! Where the fields of an object are: in a JSON object, or in the cells of a row.

use serde_json::{Map, Value};

use super::plain::decimal;
use super::{Faults, Field};

/// So much is repeated of a name that somebody else has made up, in characters.
const LONGEST_ECHO: usize = 60;

/// What holds the fields of an object.
pub trait Object<'a>: Sized {
    /// What a field may hold.
    type Given: Given<'a>;

    /// Whether it is an object at all. What is not has its fault by then.
    fn is_one(&self) -> bool;

    /// A field that is there and not `null`.
    fn value(&self, field: Field) -> Option<Self::Given>;

    /// Whether a field, or any field of an object, is there and not `null`.
    fn has(&self, field: Field) -> bool;

    /// A field that is an object; what is there and is none is a fault.
    fn object(&self, field: Field, faults: &'a Faults) -> Option<Self>;

    /// Notes each field whose name is not among those that are known.
    fn refuse_others(&self, known: &[&str], faults: &Faults);

    /// How faults call a field.
    fn pointer_to(&self, field: Field) -> String;
}

/// A value as it was given: of JSON's kinds, or a text in a cell that is understood as what is asked for.
pub trait Given<'a>: Copy {
    /// As text.
    fn text(self) -> Option<&'a str>;

    /// As a number.
    fn number(self) -> Option<f64>;

    /// As a number without a sign and a fraction.
    fn whole_number(self) -> Option<u64>;

    /// As `true` or `false`.
    fn flag(self) -> Option<bool>;

    /// What kind of value it is, for people.
    fn kind(self) -> &'static str;
}

/// Fields in a JSON object.
#[derive(Debug)]
pub struct Json<'a> {
    /// None where something else was sent, which has its fault by then.
    members: Option<&'a Map<String, Value>>,
    pointer: String,
}

impl<'a> Json<'a> {
    pub(super) fn of_value(value: &'a Value, pointer: String, faults: &'a Faults) -> Self {
        if !value.is_object() {
            faults.note(
                &pointer,
                format!("must be an object, not {}", kind_of(value)),
            );
        }
        Self {
            members: value.as_object(),
            pointer,
        }
    }

    fn pointer_to_member(&self, name: &str) -> String {
        let name: String = name.chars().take(LONGEST_ECHO).collect();
        // RFC 6901: `~` and `/` within a name are escaped.
        let name = name.replace('~', "~0").replace('/', "~1");
        format!("{}/{name}", self.pointer)
    }
}

impl<'a> Object<'a> for Json<'a> {
    type Given = &'a Value;

    fn is_one(&self) -> bool {
        self.members.is_some()
    }

    fn value(&self, field: Field) -> Option<&'a Value> {
        let value = self.members?.get(field.name);
        value.filter(|value| !value.is_null())
    }

    fn has(&self, field: Field) -> bool {
        self.value(field).is_some()
    }

    fn object(&self, field: Field, faults: &'a Faults) -> Option<Self> {
        let value = self.value(field)?;
        let object = Self::of_value(value, self.pointer_to(field), faults);
        object.is_one().then_some(object)
    }

    fn refuse_others(&self, known: &[&str], faults: &Faults) {
        let names = self.members.iter().flat_map(|members| members.keys());
        for name in names.filter(|name| !known.contains(&name.as_str())) {
            faults.note(
                self.pointer_to_member(name),
                format!("is not a field here; known are {}", known.join(", ")),
            );
        }
    }

    fn pointer_to(&self, field: Field) -> String {
        self.pointer_to_member(field.name)
    }
}

impl<'a> Given<'a> for &'a Value {
    fn text(self) -> Option<&'a str> {
        self.as_str()
    }

    fn number(self) -> Option<f64> {
        self.as_f64()
    }

    fn whole_number(self) -> Option<u64> {
        self.as_u64()
    }

    fn flag(self) -> Option<bool> {
        self.as_bool()
    }

    fn kind(self) -> &'static str {
        kind_of(self)
    }
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

/// The cells of a row by number of column, without the spaces around them; `None` where there is none. An empty cell is an
/// absent value.
pub type Cells<'a> = [Option<&'a str>];

/// Fields in the cells of a row. Where each of them is follows from its number: nothing is looked up by name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'static [&'static str],
    cells: &'a Cells<'a>,
    /// The number of the object's first column.
    first: usize,
}

impl<'a> Row<'a> {
    pub(super) fn new(columns: &'static [&'static str], cells: &'a Cells<'a>) -> Self {
        Self {
            columns,
            cells,
            first: 0,
        }
    }

    #[inline]
    fn place_of(&self, field: Field) -> usize {
        self.first.saturating_add(field.place)
    }
}

impl<'a> Object<'a> for Row<'a> {
    type Given = &'a str;

    #[inline]
    fn is_one(&self) -> bool {
        true
    }

    #[inline]
    fn value(&self, field: Field) -> Option<&'a str> {
        self.cells.get(self.place_of(field)).copied().flatten()
    }

    #[inline]
    fn has(&self, field: Field) -> bool {
        let from = self.place_of(field);
        let cells = self.cells.get(from..from.saturating_add(field.columns));
        cells.is_some_and(|cells| cells.iter().any(Option::is_some))
    }

    #[inline]
    fn object(&self, field: Field, _: &'a Faults) -> Option<Self> {
        let first = self.place_of(field);
        self.has(field).then_some(Self { first, ..*self })
    }

    #[inline]
    fn refuse_others(&self, _: &[&str], _: &Faults) {}

    fn pointer_to(&self, field: Field) -> String {
        let column = self.columns.get(self.place_of(field));
        column.copied().unwrap_or(field.name).to_owned()
    }
}

impl<'a> Given<'a> for &'a str {
    #[inline]
    fn text(self) -> Option<&'a str> {
        Some(self)
    }

    #[inline]
    fn number(self) -> Option<f64> {
        decimal(self.as_bytes()).or_else(|| self.parse().ok())
    }

    #[inline]
    fn whole_number(self) -> Option<u64> {
        self.parse().ok()
    }

    fn flag(self) -> Option<bool> {
        self.parse().ok()
    }

    fn kind(self) -> &'static str {
        "text"
    }
}
