//! The names and the columns of fields.

use crate::column::Column;

/// A field: its name in a JSON object, and its columns in a file.
///
/// The fields of a stop carry the columns of the pickup. A drop-off has the same columns some places further on.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub(super) name: &'static str,
    /// The number of the first column.
    pub(super) first: usize,
    /// The number of columns: an object has the columns of all its fields.
    pub(super) count: usize,
    /// By how many places the fields in this object are moved.
    pub(super) shift: usize,
}

impl Field {
    /// A field with one column.
    pub const fn cell(name: &'static str, column: Column) -> Self {
        Self::object(name, column, column)
    }

    /// An object whose fields have the columns from `first` to `last`.
    pub const fn object(name: &'static str, first: Column, last: Column) -> Self {
        Self {
            name,
            first: first as usize,
            count: last as usize + 1 - first as usize,
            shift: 0,
        }
    }

    /// A stop with the columns from `first` to `last`.
    pub const fn stop(name: &'static str, first: Column, last: Column) -> Self {
        let shift = first as usize - Column::PickupLat as usize;
        Self {
            shift,
            ..Self::object(name, first, last)
        }
    }

    /// The name of the field in a JSON object.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// A field that no file has.
impl From<&'static str> for Field {
    fn from(name: &'static str) -> Self {
        Self {
            name,
            first: usize::MAX,
            count: 0,
            shift: 0,
        }
    }
}
