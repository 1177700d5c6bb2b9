//! The fields of a JSON object.

use serde_json::{Map, Value};

use super::{Field, FieldSource, FieldValue};
use crate::faults::Faults;

/// An answer repeats at most this many characters of an unknown field name.
const LONGEST_ECHO: usize = 60;

/// All whole numbers up to this one are floats too.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// The fields of a JSON object.
#[derive(Debug)]
pub struct JsonObject<'a> {
    /// `None` if the value is not an object. Its fault is noted then.
    members: Option<&'a Map<String, Value>>,
    pointer: String,
}

impl<'a> JsonObject<'a> {
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

    /// The objects in a list. A value of another kind is a fault, and so is a list of more than `most` members.
    pub(super) fn objects(&self, field: Field, most: usize, faults: &'a Faults) -> Vec<Self> {
        let Some(value) = self.value(field) else {
            return Vec::new();
        };
        let pointer = self.pointer_to(field);
        let Some(list) = value.as_array() else {
            faults.note(pointer, format!("must be a list, not {}", kind_of(value)));
            return Vec::new();
        };
        if list.len() > most {
            let length = list.len();
            faults.note(
                pointer,
                format!("must have at most {most} members, not {length}"),
            );
            return Vec::new();
        }
        let members = list.iter().enumerate();
        members
            .map(|(at, value)| Self::of_value(value, format!("{pointer}/{at}"), faults))
            .collect()
    }

    fn pointer_to_member(&self, name: &str) -> String {
        pointer_to_member(&self.pointer, name)
    }
}

/// The pointer to a member of the object at `pointer`.
pub(crate) fn pointer_to_member(pointer: &str, name: &str) -> String {
    let name: String = name.chars().take(LONGEST_ECHO).collect();
    // RFC 6901: `~` and `/` in a name are escaped.
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{name}")
}

impl<'a> FieldSource<'a> for JsonObject<'a> {
    type Value = &'a Value;

    fn is_object(&self) -> bool {
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
        object.is_object().then_some(object)
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

impl<'a> FieldValue<'a> for &'a Value {
    fn text(self) -> Option<&'a str> {
        self.as_str()
    }

    fn number(self) -> Option<f64> {
        self.as_f64()
    }

    fn whole_number(self) -> Option<u64> {
        // `2.0` and `2e0` are integers (JSON Schema 2020-12). Above 2^53 a float does not stand for one number.
        let whole = |number: &f64| number.fract() == 0.0 && (0.0..=MOST_EXACT).contains(number);
        self.as_u64()
            .or_else(|| self.as_f64().filter(whole).map(|number| number as u64))
    }

    fn texts(self) -> Option<Vec<&'a str>> {
        self.as_array()?.iter().map(Value::as_str).collect()
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
