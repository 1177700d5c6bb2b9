//! Files of orders: from the bytes of a CSV to orders, row by row.
//!
//! A file is read in pieces of any size. [`Beginning::read`] looks at the first [`HEAD`] bytes: whether it is a CSV at
//! all, how it is encoded, what separates its cells, what its columns are. [`Rows`] then cuts what follows into rows,
//! each with the byte at which the next one begins, so that reading can go on from there another time. [`Row::read`]
//! makes an order of a row, by the rules of `POST /orders`.
//!
//! Memory does not grow with the file: a row has at most [`LONGEST_ROW`] bytes.

mod beginning;
mod columns;
mod cut;
mod rejected;
mod row;
mod rows;

pub use beginning::{Beginning, Layout};
pub use columns::{NAMES, REQUIRED};
pub use rejected::{rejected_header, rejected_line};
pub use row::{CellFault, Row};
pub use rows::{Rows, Step};

/// So much of a file tells what it is, in bytes.
pub const HEAD: usize = 64 * 1024;
/// The longest row, in bytes as they are in the file, quotes and separators included.
pub const LONGEST_ROW: usize = 64 * 1024;
/// So many columns a file may have.
pub const MOST_COLUMNS: usize = 100;

/// Why a file cannot be read, or not any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl FileFault {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}
