//! Reads a whole file.

#![allow(dead_code, reason = "each suite uses what it needs")]

use domain::Timestamp;
use domain::order::OrderDraft;
use intake::csv::{Beginning, CellFault, FileFault, Format, HEAD, Rows, Step};

/// The time at which the orders are placed.
pub fn now() -> Timestamp {
    "2030-05-06T08:00:00Z".parse().unwrap()
}

/// The order in a row, or its fault.
pub type Outcome = Result<OrderDraft, CellFault>;

/// All rows with their numbers, and the fault that ended the reading.
pub fn read_in_pieces(bytes: &[u8], piece: usize) -> (Vec<(u32, Outcome)>, Option<FileFault>) {
    read_as(&Format::default(), bytes, piece)
}

/// The same for a file in this format.
pub fn read_as(
    format: &Format,
    bytes: &[u8],
    piece: usize,
) -> (Vec<(u32, Outcome)>, Option<FileFault>) {
    let head = &bytes[..bytes.len().min(HEAD)];
    let beginning = match Beginning::read_as(format, head, bytes.len() <= HEAD) {
        Ok(beginning) => beginning,
        Err(fault) => return (Vec::new(), Some(fault)),
    };
    let mut rows = Rows::new(&beginning.layout, beginning.rows_at, 0);
    let mut found = Vec::new();
    let mut rest = &bytes[beginning.rows_at as usize..];
    let mut input: &[u8] = &[];
    loop {
        match rows.advance(&mut input, rest.is_empty()) {
            Ok(Step::Row) => found.push((rows.row().number(), rows.row().read(now()))),
            Ok(Step::Pickup) => {}
            Ok(Step::NeedsInput) => {
                assert!(input.is_empty(), "all of a piece is taken in");
                (input, rest) = rest.split_at(rest.len().min(piece));
            }
            Ok(Step::End) => return (found, None),
            Err(fault) => return (found, Some(fault)),
        }
    }
}

/// The same for a file in one piece.
pub fn read(file: impl AsRef<[u8]>) -> (Vec<(u32, Outcome)>, Option<FileFault>) {
    read_in_pieces(file.as_ref(), usize::MAX)
}
