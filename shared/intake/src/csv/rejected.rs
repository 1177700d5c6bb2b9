//! Writes the file of rejected rows: the rows as they came, and why they were rejected.
//!
//! The file has the layout of the customer's own file, so that the same program opens both. The customer corrects it
//! and sends it again.

use domain::RowFault;

use super::ADDED_COLUMNS;
use super::beginning::{Layout, UTF8_BOM};
use super::row::ImportRow;

/// Writes a byte order mark and the header: the customer's own columns, then the added columns. Without the mark,
/// spreadsheets read the file as Latin-1.
pub fn rejected_header(layout: &Layout, out: &mut Vec<u8>) {
    out.extend_from_slice(UTF8_BOM);
    let mut line = Line::new(layout, out);
    let own = layout.header.iter().zip(own_columns(layout));
    for (name, _) in own.filter(|(_, own)| *own) {
        line.cell(name.trim().as_bytes());
    }
    for name in ADDED_COLUMNS {
        line.cell(name.as_bytes());
    }
    line.end();
}

/// Writes the line of a row: the cells of the customer's own columns, the added columns, and then the cells for which
/// the header has no column. Missing cells are empty, and bytes that are not UTF-8 become `�`. A row with such a fault
/// is refused when it is sent again, until somebody empties its `rejected_code` cell.
pub fn rejected_line(row: &ImportRow<'_>, layout: &Layout, fault: &RowFault, out: &mut Vec<u8>) {
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

/// Whether each of the file's columns is the customer's own. A file of rejected rows that was corrected and sent again
/// still has the added columns.
fn own_columns(layout: &Layout) -> impl Iterator<Item = bool> {
    let columns = layout.columns.iter().enumerate();
    columns.map(|(place, column)| column.is_some() || layout.is_nameless(place))
}

fn is_blank(cell: &[u8]) -> bool {
    String::from_utf8_lossy(cell).trim().is_empty()
}

/// An unfinished line.
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

    /// Adds a cell. Quotes go around each cell that some program might cut in two. A blank cell becomes an empty one.
    /// An apostrophe goes before each text that a spreadsheet would run as a formula. The reader removes the
    /// apostrophe.
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
        // A program may use a separator other than the file's.
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
