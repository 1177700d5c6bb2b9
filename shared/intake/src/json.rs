//! Reads the text of a JSON body.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::faults::Faults;
use crate::fields::pointer_to_member;

/// Why a body is no JSON that can be read.
#[derive(Debug)]
pub enum JsonFault {
    /// It is not UTF-8 or not JSON. The text gives the place and quotes nothing.
    Unreadable(String),
    /// It has members twice. Each is named.
    Doubled(Faults),
}

/// Reads a body. A byte order mark before it is ignored. An object that has a member twice is refused, because programs
/// do not agree which one counts (RFC 8259, section 4).
///
/// # Errors
/// If the body cannot be read.
pub fn read_json(body: &[u8]) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        JsonFault::Unreadable(format!("The body is not UTF-8 from byte {at} on."))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        let detail = "The body is empty. Send a JSON object.";
        return Err(JsonFault::Unreadable(detail.to_owned()));
    }
    // A gateway or a library puts this character in place of bytes that it could not read. The text is lost then.
    if let Some(at) = text.find('\u{fffd}') {
        let detail = format!(
            "The body has the replacement character U+FFFD at byte {at}: it was not UTF-8 when it was sent."
        );
        return Err(JsonFault::Unreadable(detail));
    }
    let doubled = RefCell::new(BTreeSet::new());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = Element {
        pointer: "#",
        doubled: &doubled,
    };
    let read = root.deserialize(&mut deserializer);
    let read = read.and_then(|value| deserializer.end().map(|()| value));
    // serde_json's message about the syntax names the place and quotes nothing.
    let value =
        read.map_err(|error| JsonFault::Unreadable(format!("The body is not JSON: {error}.")))?;
    let doubled = doubled.into_inner();
    if doubled.is_empty() {
        return Ok(value);
    }
    let faults = Faults::new();
    for pointer in doubled {
        faults.note(pointer, "is there twice");
    }
    Err(JsonFault::Doubled(faults))
}

/// A value of the body, at its place.
#[derive(Clone, Copy)]
struct Element<'p> {
    pointer: &'p str,
    /// The pointers to members that are there twice.
    doubled: &'p RefCell<BTreeSet<String>>,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let pointer = format!("{}/{}", self.pointer, list.len());
            let element = Element {
                pointer: &pointer,
                ..self
            };
            match from.next_element_seed(element)? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = from.next_key::<String>()? {
            let pointer = pointer_to_member(self.pointer, &name);
            let element = Element {
                pointer: &pointer,
                ..self
            };
            let value = from.next_value_seed(element)?;
            if members.insert(name, value).is_some() {
                self.doubled.borrow_mut().insert(pointer);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn unreadable(body: &[u8]) -> String {
        match read_json(body) {
            Err(JsonFault::Unreadable(detail)) => detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(
            read_json(b"\xef\xbb\xbf{\"a\": 1}").unwrap(),
            json!({"a": 1})
        );
        assert!(unreadable(b"\xef\xbb\xbf ").contains("empty"));
    }

    #[test]
    fn what_was_not_utf_8_is_refused_even_if_somebody_has_replaced_it() {
        assert!(unreadable(b"{\"a\": \"caf\xe9\"}").contains("byte 10"));
        assert!(unreadable("{\"a\": \"caf\u{fffd}\"}".as_bytes()).contains("U+FFFD"));
    }

    #[test]
    fn each_member_that_is_there_twice_is_named() {
        let body = br#"{"size": 1, "size": 2, "size": 3, "a": [{"b/": 1, "b/": null}], "c": {"d": 1}, "d": 1}"#;
        let Err(JsonFault::Doubled(faults)) = read_json(body) else {
            panic!("two members are there twice");
        };
        let pointers: Vec<String> = faults
            .into_vec()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect();
        assert_eq!(pointers, ["#/a/0/b~1", "#/size"]);
    }

    #[test]
    fn a_body_that_is_nested_deeply_is_refused() {
        assert!(unreadable("[".repeat(10_000).as_bytes()).contains("recursion"));
        assert!(unreadable(b"{} x").contains("trailing"));
    }

    proptest! {
        #[test]
        fn any_other_text_is_what_serde_json_makes_of_it(text in "[\\[\\]{}:,\"a-c0-9.eE+ -]{0,20}") {
            match (read_json(text.as_bytes()), serde_json::from_str::<Value>(&text)) {
                (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
                (Err(JsonFault::Unreadable(_)), Err(_)) | (Err(JsonFault::Doubled(_)), Ok(_)) => {}
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
