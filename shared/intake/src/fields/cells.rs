//! The fields of a row.

use super::{Field, FieldSource, FieldValue};
use crate::column::Column;
use crate::faults::Faults;

/// The fields of an object that is spread over the cells of a row. The number of a column gives the place of a field,
/// so that no name is looked up for each row.
#[derive(Debug, Clone, Copy)]
pub struct RowCells<'a> {
    cells: &'a [Option<&'a str>],
    /// By how many places the columns of the object's fields are moved.
    shift: usize,
}

impl<'a> RowCells<'a> {
    pub(super) fn new(cells: &'a [Option<&'a str>]) -> Self {
        Self { cells, shift: 0 }
    }

    fn first(&self, field: Field) -> usize {
        self.shift.saturating_add(field.first)
    }
}

impl<'a> FieldSource<'a> for RowCells<'a> {
    type Value = &'a str;

    fn is_object(&self) -> bool {
        true
    }

    fn value(&self, field: Field) -> Option<&'a str> {
        self.cells.get(self.first(field)).copied().flatten()
    }

    fn has(&self, field: Field) -> bool {
        let first = self.first(field);
        let cells = self.cells.get(first..first.saturating_add(field.count));
        cells.is_some_and(|cells| cells.iter().any(Option::is_some))
    }

    fn object(&self, field: Field, _: &'a Faults) -> Option<Self> {
        let shift = self.shift + field.shift;
        self.has(field).then_some(Self { shift, ..*self })
    }

    fn refuse_others(&self, _: &[&str], _: &Faults) {}

    fn pointer_to(&self, field: Field) -> String {
        let column = Column::NAMES.get(self.first(field));
        column.copied().unwrap_or(field.name).to_owned()
    }
}

impl<'a> FieldValue<'a> for &'a str {
    fn text(self) -> Option<&'a str> {
        Some(self)
    }

    fn number(self) -> Option<f64> {
        self.parse().ok()
    }

    fn whole_number(self) -> Option<u64> {
        // Spreadsheets write `1.0` and `2.000`.
        let whole = match self.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
            Some(_) | None => self,
        };
        whole.parse().ok()
    }

    fn texts(self) -> Option<Vec<&'a str>> {
        let words = self.split([' ', ',', ';']);
        Some(words.filter(|word| !word.is_empty()).collect())
    }

    fn flag(self) -> Option<bool> {
        self.parse().ok()
    }

    fn kind(self) -> &'static str {
        "text"
    }
}
