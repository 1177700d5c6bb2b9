//! Writes the file of rejected rows: the rows as they came, and why they were rejected.
//!
//! The file has the layout of the customer's own file, so that the same program opens both. The customer corrects it
//! and sends it again.

use domain::RowFault;

use super::ADDED_COLUMNS;
use super::beginning::{Layout, UTF8_BOM};
use super::row::ImportRow;
use super::rows::Rows;

/// Writes a byte order mark and the header: the customer's own columns, then the added columns. Without the mark,
/// spreadsheets read the file as Latin-1.
pub fn rejected_header(layout: &Layout, out: &mut Vec<u8>) {
    out.extend_from_slice(UTF8_BOM);
    // The same settings read the file: its header is in the line where they look for it.
    let header_row = layout
        .special
        .as_ref()
        .and_then(|special| special.header_row);
    for _ in 1..header_row.unwrap_or(1) {
        out.extend_from_slice(b"\r\n");
    }
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

/// Writes the line of the row that is the pickup of the present row of `rows`, if there is one. The rejected rows after
/// it need it when they are sent again.
pub fn rejected_pickup(rows: &Rows<'_>, out: &mut Vec<u8>) {
    let Some(pickup) = rows.pickup() else {
        return;
    };
    let layout = rows.layout();
    let mut line = Line::new(layout, out);
    let mut cells = pickup.cells.iter();
    for own in own_columns(layout) {
        let cell = cells.next().unwrap_or_default();
        if own {
            line.cell(cell);
        }
    }
    for _ in ADDED_COLUMNS {
        line.cell(b"");
    }
    line.end();
}

/// Whether each of the file's columns is the customer's own. A file of rejected rows that was corrected and sent again
/// still has the added columns.
fn own_columns(layout: &Layout) -> impl Iterator<Item = bool> {
    let columns = layout.columns.iter().enumerate();
    let is_mapped = layout
        .special
        .as_ref()
        .is_some_and(|special| special.is_mapped);
    columns.map(move |(place, column)| {
        // Columns that are not read stay, too: the row is as it came.
        let is_added = || {
            let mut added = ADDED_COLUMNS.iter();
            let name = layout.header.get(place).map(|name| name.trim());
            name.is_some_and(|name| added.any(|added| name.eq_ignore_ascii_case(added)))
        };
        column.is_some() || layout.is_nameless(place) || (is_mapped && !is_added())
    })
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
        let line = if text.contains([',', ';', '\t', '|', '"', '\r', '\n']) {
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
