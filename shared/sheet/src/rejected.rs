//! The file of rejected rows: the rows as they came, and why they were rejected.
//!
//! It is laid out as the customer's own file, so that what opens the one opens the other. Mended, it is sent again.

use domain::RowFault;

use crate::beginning::{Layout, UTF8_BOM};
use crate::columns::ADDED;
use crate::row::Row;

/// Its beginning: a mark that it is UTF-8, without which spreadsheets take it for Latin-1, and the header, which is the
/// file's own columns and then those that say why.
pub fn rejected_header(layout: &Layout, out: &mut Vec<u8>) {
    out.extend_from_slice(UTF8_BOM);
    let mut line = Line::new(layout, out);
    let own = layout.header.iter().zip(own_columns(layout));
    for (name, _) in own.filter(|(_, own)| *own) {
        line.cell(name.trim().as_bytes());
    }
    for name in ADDED {
        line.cell(name.as_bytes());
    }
    line.end();
}

/// The line of a row. What says why comes after the header's columns; cells for which the header has no column come after
/// that, each in a cell of its own. Cells that the row lacks are empty, and characters that are no UTF-8 are `�`: such rows
/// are refused when they are sent again, until somebody empties the cell that says why.
pub fn rejected_line(row: &Row<'_>, layout: &Layout, fault: &RowFault, out: &mut Vec<u8>) {
    let mut line = Line::new(layout, out);
    let mut cells = row.cells();
    for own in own_columns(layout) {
        let cell = cells.next().unwrap_or_default();
        if own {
            line.cell(cell);
        }
    }
    let number = fault.row.to_string();
    let column = fault.column.as_deref().unwrap_or_default();
    for cell in [number.as_str(), column, &fault.code, &fault.detail] {
        line.cell(cell.as_bytes());
    }
    let mut blank = 0;
    for surplus in cells {
        if is_blank(surplus) {
            blank += 1;
            continue;
        }
        (0..blank).for_each(|_| line.cell(b""));
        blank = 0;
        line.cell(surplus);
    }
    line.end();
}

/// Which of the file's columns are the customer's own: a file of rejected rows that was mended and sent again has those
/// of the last time.
fn own_columns(layout: &Layout) -> impl Iterator<Item = bool> {
    let columns = layout.columns.iter().enumerate();
    columns.map(|(place, column)| column.is_some() || layout.is_nameless(place))
}

fn is_blank(cell: &[u8]) -> bool {
    String::from_utf8_lossy(cell).trim().is_empty()
}

/// A line that is being written.
struct Line<'o> {
    separator: u8,
    is_begun: bool,
    out: &'o mut Vec<u8>,
}

impl<'o> Line<'o> {
    fn new(layout: &Layout, out: &'o mut Vec<u8>) -> Self {
        Self {
            separator: layout.separator,
            is_begun: false,
            out,
        }
    }

    /// A cell, quoted if any program might cut it in two; nothing for one of spaces alone. What a spreadsheet would run as
    /// a formula gets an apostrophe in front, which reading takes off again.
    fn cell(&mut self, cell: &[u8]) {
        if self.is_begun {
            self.out.push(self.separator);
        }
        self.is_begun = true;
        if is_blank(cell) {
            return;
        }
        let text = String::from_utf8_lossy(cell);
        let is_formula =
            text.starts_with(['\t', '\r']) || text.trim_start().starts_with(['=', '+', '-', '@']);
        let apostrophe = if is_formula { "'" } else { "" };
        // Another program may take another separator than the file's.
        let line = if text.contains([',', ';', '\t', '"', '\r', '\n']) {
            format!("\"{apostrophe}{}\"", text.replace('"', "\"\""))
        } else {
            format!("{apostrophe}{text}")
        };
        self.out.extend_from_slice(line.as_bytes());
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}
