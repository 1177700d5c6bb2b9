//! The file of rejected rows: the rows as they came, and why they were rejected.

use std::borrow::Cow;

use domain::RowFault;

use crate::beginning::Layout;
use crate::columns::ADDED;
use crate::row::Row;

/// Its header: the file's own columns, then those that say why.
pub fn rejected_header(layout: &Layout, out: &mut Vec<u8>) {
    let own = layout.header.iter().zip(own_columns(layout));
    for (cell, _) in own.filter(|(_, own)| *own) {
        write_cell(cell.as_bytes(), out);
        out.push(b',');
    }
    out.extend_from_slice(ADDED.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The line of a row. A row that has more or fewer cells than the header keeps them; what says why comes after the
/// header's columns all the same, and after the cells where there are more of them.
pub fn rejected_line(row: &Row<'_>, layout: &Layout, fault: &RowFault, out: &mut Vec<u8>) {
    let mut cells = row.cells();
    for own in own_columns(layout) {
        let cell = cells.next().unwrap_or_default();
        if own {
            write_cell(cell, out);
            out.push(b',');
        }
    }
    let number = fault.row.to_string();
    let column = fault.column.as_deref().unwrap_or_default();
    let mut detail = Cow::Borrowed(fault.detail.as_str());
    let surplus: Vec<&[u8]> = cells.filter(|cell| !cell.is_empty()).collect();
    if !surplus.is_empty() {
        // They have no column of their own here.
        let surplus: Vec<Cow<'_, str>> = surplus
            .iter()
            .map(|cell| String::from_utf8_lossy(cell))
            .collect();
        detail = Cow::Owned(format!(
            "{detail}; cells without a column: {}",
            surplus.join(" | ")
        ));
    }
    for (place, cell) in [&number, column, &fault.code, detail.as_ref()]
        .iter()
        .enumerate()
    {
        if place > 0 {
            out.push(b',');
        }
        write_cell(cell.as_bytes(), out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Which of the file's columns are the customer's own: a file of rejected rows that was mended and sent again has those
/// of the last time.
fn own_columns(layout: &Layout) -> impl Iterator<Item = bool> {
    let columns = layout.columns.iter().enumerate();
    columns.map(|(place, column)| column.is_some() || layout.is_nameless(place))
}

/// A cell, quoted where it must be. What a spreadsheet would run as a formula gets an apostrophe in front, which
/// spreadsheets do not show.
fn write_cell(cell: &[u8], out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(cell);
    let defused = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains([',', '"', '\r', '\n']);
    if quoted {
        out.push(b'"');
    }
    if defused {
        out.push(b'\'');
    }
    if quoted {
        out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}
