//! A row, and the order that it is.

use domain::import::LONGEST_DETAIL;
use domain::{Fault, Faults, Fields, NewOrder, Timestamp};

use crate::beginning::Layout;
use crate::columns::{
    COUNT, ENCODING, NAMES, OF_WHOLE_ROWS, REJECTED_CODE, REQUIRED_NUMBERS, TOO_FEW_CELLS,
    TOO_MANY_CELLS, is_numeric,
};
use crate::cut::Span;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The column, unless it is the row as a whole.
    pub column: Option<&'static str>,
    /// For programs.
    pub code: &'static str,
    /// For people: nothing of what the cell holds.
    pub detail: String,
}

/// A row of a file.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    layout: &'r Layout,
    number: u32,
    text: &'r [u8],
    cells: &'r [Span],
}

/// The cells of a row by column.
#[derive(Debug)]
struct ByColumn<'r>([Option<&'r str>; COUNT]);

impl<'r> Row<'r> {
    pub(crate) fn new(layout: &'r Layout, number: u32, text: &'r [u8], cells: &'r [Span]) -> Self {
        Self {
            layout,
            number,
            text,
            cells,
        }
    }

    /// Its number: 1 for the first one after the header.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How long its text is, in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing is in it. Such rows are passed over.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Its cells as they are in the file.
    pub fn cells(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        let text = self.text;
        let cells = self.cells.iter();
        cells.map(move |(from, to)| text.get(*from..*to).unwrap_or_default())
    }

    /// The order that the row describes, if it is placed at `now`.
    ///
    /// # Errors
    /// What is wrong with it: the first fault by name, the others in its words.
    pub fn read(&self, now: Timestamp) -> Result<NewOrder, CellFault> {
        let cells = self.by_column()?;
        let faults = Faults::new();
        let fields = Fields::of_row(&NAMES, &cells.0, &faults);
        NewOrder::read_fields(&fields, now, &faults, || fault(&cells, faults.told()))
    }

    fn by_column(&self) -> Result<ByColumn<'r>, CellFault> {
        let Ok(text) = std::str::from_utf8(self.text) else {
            return Err(self.not_utf8());
        };
        if let Some(place) = self.layout.rejected_code {
            self.is_mended(text, place)?;
        }
        let known = &self.layout.columns;
        if self.cells.len() < known.len() {
            return Err(self.wrong_count(TOO_FEW_CELLS));
        }
        let mut cells = [None; COUNT];
        for (place, (from, to)) in self.cells.iter().enumerate() {
            // Two halves of a character on both sides of a separator make a character, but no text.
            let Some(cell) = text.get(*from..*to) else {
                return Err(self.not_utf8());
            };
            let cell = trimmed(cell);
            if cell.is_empty() {
                continue;
            }
            match known.get(place) {
                Some(Some(column)) => {
                    cells[*column] = Some(undefused(cell)).filter(|cell| !cell.is_empty());
                }
                Some(None) if !self.layout.is_nameless(place) => {}
                _ => return Err(self.wrong_count(TOO_MANY_CELLS)),
            }
        }
        Ok(ByColumn(cells))
    }

    /// Of a file of rejected rows: that the cells were not lost or moved when the row was rejected, or that somebody has
    /// mended them since, and says so by emptying the cell with the reason, which is at `place`.
    fn is_mended(&self, text: &str, place: usize) -> Result<(), CellFault> {
        let cell = self.cells.get(place);
        let code = cell.and_then(|(from, to)| text.get(*from..*to));
        let code = code.map(str::trim).unwrap_or_default();
        let mut known = OF_WHOLE_ROWS.into_iter();
        match known.find(|known| code.eq_ignore_ascii_case(known)) {
            None => Ok(()),
            Some(code) => Err(CellFault {
                column: None,
                // So that it is refused until it is mended, however often it is sent.
                code,
                detail: format!(
                    "the row was rejected before for this and is not mended; mend all its cells, then empty its {REJECTED_CODE} cell"
                ),
            }),
        }
    }

    fn not_utf8(&self) -> CellFault {
        CellFault {
            column: None,
            code: ENCODING,
            detail: "the row is not UTF-8; save the file as CSV in UTF-8".to_owned(),
        }
    }

    fn wrong_count(&self, code: &'static str) -> CellFault {
        let (found, expected) = (self.cells.len(), self.layout.columns.len());
        CellFault {
            column: None,
            code,
            detail: format!(
                "the row has {found} cells and the header {expected}; a separator within a cell needs quotes around the cell"
            ),
        }
    }
}

/// Without the spaces around it.
fn trimmed(cell: &str) -> &str {
    let bytes = cell.as_bytes();
    let plain = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_graphic());
    if plain(bytes.first()) && plain(bytes.last()) {
        return cell;
    }
    cell.trim()
}

/// As it was before it was defused for spreadsheets: a file of rejected rows can be mended and sent again.
fn undefused(mut cell: &str) -> &str {
    while let Some(rest) = cell.strip_prefix('\'') {
        let inner = rest.trim_start();
        if inner.starts_with(['=', '+', '-', '@']) {
            return inner;
        }
        if !rest.starts_with(['\t', '\r']) {
            break;
        }
        // The cell began with a tab. Without it, it may begin with an apostrophe.
        cell = inner;
    }
    cell
}

/// The first fault with its code; the others join its words.
#[cold]
fn fault(cells: &ByColumn<'_>, faults: Vec<Fault>) -> CellFault {
    let mut found: Vec<(&'static str, &'static str, String)> = Vec::new();
    for number in REQUIRED_NUMBERS {
        if cells.0[number].is_none() {
            // The reason once: there are others to be told.
            let detail = match found.as_slice() {
                [] => {
                    "is missing; in a file each row needs the coordinates of both stops, an address alone is not enough"
                }
                _ => "is missing",
            };
            found.push((NAMES[number], "missing", detail.to_owned()));
        }
    }
    for fault in faults {
        // A pointer of a row is a column's name.
        let Some(number) = NAMES.iter().position(|name| *name == fault.pointer) else {
            continue;
        };
        if found.iter().any(|(name, ..)| *name == NAMES[number]) {
            continue;
        }
        let (code, detail) = match cells.0[number] {
            None => ("missing", fault.detail),
            Some(text) if is_numeric(number) && is_decimal_comma(text) => (
                "decimal_comma",
                "has a decimal comma; write numbers with a point".to_owned(),
            ),
            Some(text) if is_numeric(number) && text.parse::<f64>().is_err() => {
                ("not_a_number", format!("is not a number; {}", fault.detail))
            }
            Some(_) => ("invalid", fault.detail),
        };
        found.push((NAMES[number], code, detail));
    }
    let mut found = found.into_iter();
    let Some((column, code, detail)) = found.next() else {
        return CellFault {
            column: None,
            code: "invalid",
            detail: "the row is not an order".to_owned(),
        };
    };
    let detail = joined(detail, found.as_slice());
    CellFault {
        column: Some(column),
        code,
        detail,
    }
}

/// Adds what else is wrong. Where that would be too long, some columns are named alone, but each of them is named.
fn joined(mut detail: String, others: &[(&'static str, &'static str, String)]) -> String {
    const ALONE: &str = "; also wrong: ";
    let mut alone: Vec<&str> = Vec::new();
    // What is to be kept free: for the name of each that is not told yet.
    let mut names: usize = others.iter().map(|(column, ..)| column.len() + 2).sum();
    for (column, _, more) in others {
        let told = format!("; {column} {more}");
        let name = column.len() + 2;
        let longest = detail.len() + told.len() + ALONE.len() + names - name;
        if longest > LONGEST_DETAIL {
            alone.push(column);
            continue;
        }
        detail.push_str(&told);
        names -= name;
    }
    if !alone.is_empty() {
        detail.push_str(ALONE);
        detail.push_str(&alone.join(", "));
    }
    detail
}

fn is_decimal_comma(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned
        .split_once(',')
        .is_some_and(|(whole, part)| digits(whole) && digits(part))
}
