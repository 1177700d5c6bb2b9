//! Reads files of orders: from the bytes of a CSV to orders, row by row.
//!
//! A file is read in pieces of any size. [`Beginning::read`] looks at the first [`HEAD`] bytes and finds the encoding,
//! the separator and the columns. [`Rows`] then cuts the rest into rows. It tells at which byte the next row begins, so
//! that another run can continue there. [`ImportRow::read`] makes an order from a row, by the rules for JSON bodies.
//!
//! [`Format`] holds the settings of an import, for files with other columns, times and numbers than ours. [`Decoder`]
//! makes UTF-8 of files in other encodings.
//!
//! Memory does not grow with the file: a row has at most [`LONGEST_ROW`] bytes.

mod beginning;
mod cut;
mod encoding;
mod format;
mod presets;
mod rejected;
mod row;
mod rows;
mod spreadsheet;

pub use beginning::{Beginning, Layout, refuse_other_kinds};
pub use encoding::{Decoder, EncodingGuess, FileEncoding};
pub use format::Format;
pub use rejected::{rejected_header, rejected_line, rejected_pickup};
pub use row::{CellFault, ImportRow};
pub use rows::{Rows, Step};

/// [`Beginning::read`] looks at this many bytes of a file.
pub const HEAD: usize = 64 * 1024;
/// The longest row in bytes, as it is in the file, with its quotes and separators.
pub const LONGEST_ROW: usize = 64 * 1024;
/// The largest number of columns in a file.
pub const MOST_COLUMNS: usize = 100;

/// The columns that the file of rejected rows adds. They may stay when the file is corrected and sent again.
const ADDED_COLUMNS: [&str; 4] = [
    "rejected_row",
    "rejected_column",
    REJECTED_CODE,
    "rejected_detail",
];
/// The added column that says why a row was rejected. While it holds one of [`CODES_OF_WHOLE_ROWS`], the row counts as
/// not corrected.
const REJECTED_CODE: &str = "rejected_code";

/// The codes of faults in a row as a whole. The cells of such a row are not what the customer meant: cells are lost,
/// moved to other columns, or hold characters that nobody can read.
const CODES_OF_WHOLE_ROWS: [&str; 5] = [
    TOO_FEW_CELLS,
    TOO_MANY_CELLS,
    ENCODING,
    TEXT_AFTER_QUOTE,
    UNTERMINATED_QUOTE,
];
const TOO_FEW_CELLS: &str = "too_few_cells";
const TOO_MANY_CELLS: &str = "too_many_cells";
const ENCODING: &str = "encoding";
const TEXT_AFTER_QUOTE: &str = "text_after_quote";
const UNTERMINATED_QUOTE: &str = "unterminated_quote";

/// Why a file cannot be read, or cannot be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The kind of fault, for programs.
    pub code: &'static str,
    /// The fault in words for a person.
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
