//! The faults of a request or of a row.

use std::cell::RefCell;

use serde::Serialize;

/// An answer names at most this many faults, so that no answer grows with a body full of nonsense.
pub const MOST_FAULTS: usize = 50;

/// One fault, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// A JSON pointer as a URI fragment for a field of the body (`#/pickup/location/lat`), `?name` for a query
    /// parameter, a plain name for a header or a column.
    pub pointer: String,
    /// The fault in words for a person.
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

    /// Adds a fault. Faults beyond [`MOST_FAULTS`] are dropped.
    pub fn note(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST_FAULTS {
            found.push(Fault {
                pointer: pointer.into(),
                detail: detail.into(),
            });
        }
    }

    /// Whether there are no faults.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All faults, in the order in which they were found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.found.into_inner()
    }

    /// The value that was read, if it is complete and there are no faults.
    ///
    /// # Errors
    /// The faults, if there are any or if the value is absent.
    pub fn or<T>(self, read: Option<T>) -> Result<T, Self> {
        match read {
            Some(read) if self.is_empty() => Ok(read),
            _ => Err(self),
        }
    }
}
