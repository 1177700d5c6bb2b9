//! Reads values from JSON objects and collects the faults.

use serde_json::Value;

use crate::input::FileFault;

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Faults {
    pub(crate) found: Vec<FileFault>,
}

impl Faults {
    pub(crate) fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.found.push(FileFault::new(place, what));
    }
}

/// An object and its place in the file. A bad value is noted as a fault and replaced by a harmless one, so that reading
/// continues.
pub(crate) struct Walk<'a> {
    place: String,
    object: &'a Value,
    faults: &'a mut Faults,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(place: String, object: &'a Value, faults: &'a mut Faults) -> Self {
        Self {
            place,
            object,
            faults,
        }
    }

    /// An object inside this one.
    pub(crate) fn inside(&mut self, key: &str) -> Walk<'_> {
        Walk {
            place: format!("{}.{key}", self.place),
            object: self.object.get(key).unwrap_or(&Value::Null),
            faults: self.faults,
        }
    }

    /// A value somewhere inside this object.
    pub(crate) fn at<'b>(&'b mut self, place: &str, object: &'b Value) -> Walk<'b> {
        Walk {
            place: format!("{}.{place}", self.place),
            object,
            faults: self.faults,
        }
    }

    pub(crate) fn fault(&mut self, key: &str, what: &str) {
        self.faults.add(format!("{}.{key}", self.place), what);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key)
    }

    /// Whether there is a value that is not null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| !value.is_null())
    }

    /// Notes a fault for each key that is not in this list, since a misspelt rule would not be kept. `of` is what has
    /// the keys.
    pub(crate) fn only(&mut self, known: &[&str], of: &str) {
        let Some(object) = self.object.as_object() else {
            return;
        };
        for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
            self.fault(key, &unknown(known, of));
        }
    }

    /// A moment or a length of time in whole seconds. Fractions are rounded.
    pub(crate) fn seconds(&mut self, key: &str) -> i64 {
        let value = self.get(key);
        let found = value.and_then(rounded);
        if found.is_none() {
            let what = match value {
                None => "is missing",
                Some(_) => "is not a number of seconds",
            };
            self.fault(key, what);
        }
        found.unwrap_or(0)
    }

    fn integer(&mut self, key: &str) -> Option<i64> {
        let value = self.get(key);
        let found = value.and_then(integer);
        if found.is_none() {
            let what = match value {
                None => "is missing",
                Some(_) => "is not a whole number",
            };
            self.fault(key, what);
        }
        found
    }

    pub(crate) fn whole(&mut self, key: &str) -> i64 {
        self.integer(key).unwrap_or(0)
    }

    /// An index. A bad value becomes `usize::MAX`, which is beyond every list.
    pub(crate) fn index(&mut self, key: &str) -> usize {
        let Some(number) = self.integer(key) else {
            return usize::MAX;
        };
        usize::try_from(number).unwrap_or_else(|_| {
            self.fault(key, "is negative");
            usize::MAX
        })
    }

    /// A count.
    pub(crate) fn count(&mut self, key: &str) -> u32 {
        let Some(number) = self.integer(key) else {
            return 1;
        };
        u32::try_from(number).unwrap_or_else(|_| {
            self.fault(key, "is negative or too large");
            1
        })
    }

    pub(crate) fn flag(&mut self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or_else(|| {
            self.fault(key, "is neither true nor false");
            false
        })
    }

    /// An angle between -`bound` and `bound`.
    pub(crate) fn degrees(&mut self, key: &str, bound: f64) -> f64 {
        match self.get(key).and_then(Value::as_f64) {
            Some(angle) if angle.abs() <= bound => angle,
            Some(_) => {
                self.fault(key, &format!("is not between -{bound} and {bound}"));
                0.0
            }
            None => {
                self.fault(key, "is not a number");
                0.0
            }
        }
    }

    /// `[begin, end]` in seconds; `None` if it is absent or null.
    pub(crate) fn span(&mut self, key: &str) -> Option<(i64, i64)> {
        if !self.has(key) {
            return None;
        }
        let pair = self.get(key).and_then(Value::as_array);
        let pair = pair.and_then(|pair| match pair.as_slice() {
            [begin, end] => Some((rounded(begin)?, rounded(end)?)),
            _ => None,
        });
        if pair.is_none() {
            self.fault(key, "is not a pair of numbers of seconds");
        }
        Some(pair.unwrap_or((0, 0)))
    }
}

/// What is said of a key that nothing reads.
pub(crate) fn unknown(known: &[&str], of: &str) -> String {
    format!("is not known; {of} may have {}", known.join(", "))
}

/// A number of seconds, rounded.
fn rounded(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?.round();
        #[allow(clippy::cast_possible_truncation, reason = "checked to be in range")]
        (number.abs() < 9e15).then_some(number as i64)
    })
}

/// A whole number; `3.0` is one too.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and in range"
        )]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}
