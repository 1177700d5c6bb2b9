//! Makes an order from a row.

use std::borrow::Cow;

use domain::Timestamp;
use domain::import::LONGEST_DETAIL;
use domain::order::OrderDraft;
use strum::EnumCount;

use super::beginning::Layout;
use super::cut::{Cells, StrayQuote};
use super::format::{Found as FoundTexts, OF_A_STOP, Special};
use super::rows::Pickup;
use super::{
    CODES_OF_WHOLE_ROWS, ENCODING, REJECTED_CODE, TOO_FEW_CELLS, TOO_MANY_CELLS, spreadsheet,
};
use crate::column::Column;
use crate::faults::{Fault, Faults};
use crate::fields::Fields;
use crate::order::read_draft;
use crate::proof::read_row_proof;
use crate::stop::AddressAlone;

/// Why a row is not an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellFault {
    /// The column. `None` for a fault of the row as a whole.
    pub column: Option<Column>,
    /// The kind of fault, for programs.
    pub code: &'static str,
    /// The fault in words for a person. The text does not repeat the cell.
    pub detail: String,
}

/// A row of a file.
#[derive(Debug, Clone, Copy)]
pub struct ImportRow<'r> {
    layout: &'r Layout,
    number: u32,
    cells: &'r Cells,
    /// The quote that makes the row unreadable.
    stray: Option<StrayQuote>,
    /// The columns of the pickup that an earlier row gave.
    pickup: Option<&'r [Option<String>; OF_A_STOP]>,
}

/// The text of each column.
#[derive(Debug)]
struct ByColumn<'r> {
    texts: [Option<Cow<'r, str>>; Column::COUNT],
    /// What is wrong with a text already.
    faults: Vec<(Column, &'static str)>,
}

impl ByColumn<'_> {
    fn text(&self, column: Column) -> Option<&str> {
        self.texts.get(column as usize)?.as_deref()
    }

    fn ruined(&self, column: Column, point_is_doubtful: bool) -> Option<&'static str> {
        spreadsheet::ruined(column, self.text(column)?, point_is_doubtful)
    }
}

impl<'r> ImportRow<'r> {
    pub(super) fn new(
        layout: &'r Layout,
        number: u32,
        cells: &'r Cells,
        stray: Option<StrayQuote>,
        pickup: Option<&'r [Option<String>; OF_A_STOP]>,
    ) -> Self {
        Self {
            layout,
            number,
            cells,
            stray,
            pickup,
        }
    }

    /// The number of the row: 1 for the first one after the header.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The length of the text in bytes, without separators and quotes.
    pub fn len(&self) -> usize {
        self.cells.text.len()
    }

    /// Whether the text is empty. [`Rows`](super::Rows) skips such rows.
    pub fn is_empty(&self) -> bool {
        self.cells.text.is_empty()
    }

    /// The cells as they are in the file, without the quotes around them.
    pub fn cells(&self) -> impl Iterator<Item = &'r [u8]> + use<'r> {
        self.cells.iter()
    }

    /// Reads the order that the row describes, if it is placed at `now`. Only if the format of the file says so, a stop
    /// may have an address and no location.
    ///
    /// # Errors
    /// The first fault. Its text names the other faults.
    pub fn read(&self, now: Timestamp) -> Result<OrderDraft, CellFault> {
        let cells = self.by_column()?;
        let faults = Faults::new();
        let point_is_doubtful = self.layout.point_is_doubtful();
        for column in Column::ALL {
            if let Some(detail) = cells.ruined(*column, point_is_doubtful) {
                faults.note(column.name(), detail);
            }
        }
        for (column, detail) in &cells.faults {
            faults.note(column.name(), *detail);
        }
        let texts = cells.texts.each_ref().map(Option::as_deref);
        let fields = Fields::of_row(&texts, &faults);
        let address_alone = if self.layout.takes_addresses {
            AddressAlone::Allowed
        } else {
            AddressAlone::Refused
        };
        let draft = read_draft(&fields, address_alone, now);
        let requires_proof = read_row_proof(&fields);
        let draft = draft.map(|draft| OrderDraft {
            requires_proof,
            ..draft
        });
        let read = faults.or(draft);
        read.map_err(|faults| fault(&cells, faults.into_vec(), address_alone))
    }

    fn by_column(&self) -> Result<ByColumn<'r>, CellFault> {
        let Ok(text) = std::str::from_utf8(&self.cells.text) else {
            return Err(self.not_utf8());
        };
        if let Some(place) = self.layout.rejected_code {
            self.refuse_uncorrected(text, place)?;
        }
        let known = &self.layout.columns;
        if let Some(stray) = self.stray {
            return Err(CellFault {
                column: known.get(stray.cell).copied().flatten(),
                code: stray.kind.code(),
                detail: stray.kind.detail().to_owned(),
            });
        }
        // Spreadsheets leave off empty cells at the end of a row.
        let left_off = known.get(self.cells.ends.len()..).unwrap_or_default();
        if left_off
            .iter()
            .flatten()
            .any(|column| self.layout.needs(*column))
        {
            return Err(self.wrong_count(TOO_FEW_CELLS));
        }
        if let Some(place) = self.layout.doubtful_pickup(self.cells) {
            let name = self.layout.header.get(place).map_or("", |name| name.trim());
            return Err(CellFault {
                column: None,
                code: "invalid",
                detail: format!(
                    "the column {name} must say TRUE for a pickup, and FALSE otherwise"
                ),
            });
        }
        if let Some(special) = &self.layout.special {
            let found = self.texts(text, |cell| {
                special.texts(cell, spreadsheet::plain, self.pickup)
            })?;
            return Ok(ByColumn {
                texts: found.texts,
                faults: found.faults,
            });
        }
        let mut cells = [const { None }; Column::COUNT];
        for (place, (from, to)) in self.cells.places().enumerate() {
            // Two halves of a character in two cells are UTF-8 together, but each cell alone is not.
            let Some(cell) = text.get(from..to) else {
                return Err(self.not_utf8());
            };
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            match known.get(place) {
                Some(Some(column)) => {
                    let text = spreadsheet::plain(*column, cell);
                    cells[*column as usize] = Some(text).filter(|text| !text.is_empty());
                }
                Some(None) if !self.layout.is_nameless(place) => {}
                _ => return Err(self.wrong_count(TOO_MANY_CELLS)),
            }
        }
        Ok(ByColumn {
            texts: cells,
            faults: Vec::new(),
        })
    }

    /// What the row says as the pickup of the rows after it. `None` if it cannot be read: then those rows lack their
    /// pickup.
    pub(super) fn as_pickup(&self) -> Option<Pickup> {
        let special: &Special = self.layout.special.as_ref()?;
        let text = std::str::from_utf8(&self.cells.text).ok()?;
        let found = self
            .texts(text, |cell| special.own_texts(cell, spreadsheet::plain))
            .ok()?;
        Some(Pickup {
            texts: special.pickup_in(&found),
            cells: self.cells.clone(),
        })
    }

    /// Passes the cells of the row by their places, if none is where the header has no name.
    fn texts(
        &self,
        text: &'r str,
        read: impl FnOnce(&dyn Fn(usize) -> Option<&'r str>) -> FoundTexts<'r>,
    ) -> Result<FoundTexts<'r>, CellFault> {
        let mut cells: Vec<Option<&'r str>> = Vec::with_capacity(self.cells.ends.len());
        for (place, (from, to)) in self.cells.places().enumerate() {
            let cell = text.get(from..to).ok_or_else(|| self.not_utf8())?.trim();
            let cell = Some(cell).filter(|cell| !cell.is_empty());
            if cell.is_some() && self.layout.is_nameless(place) {
                return Err(self.wrong_count(TOO_MANY_CELLS));
            }
            cells.push(cell);
        }
        Ok(read(&|place| cells.get(place).copied().flatten()))
    }

    /// Refuses a row from a file of rejected rows whose cells were lost or moved and are not corrected yet. The
    /// customer empties the cell with the reason, at `place`, to say that the row is corrected.
    fn refuse_uncorrected(&self, text: &str, place: usize) -> Result<(), CellFault> {
        let cell = self.cells.places().nth(place);
        let code = cell.and_then(|(from, to)| text.get(from..to));
        let code = code.map(str::trim).unwrap_or_default();
        let mut known = CODES_OF_WHOLE_ROWS.into_iter();
        match known.find(|known| code.eq_ignore_ascii_case(known)) {
            None => Ok(()),
            // The code stays the same, so that the row is refused until it is corrected.
            Some(code) => Err(CellFault {
                column: None,
                code,
                detail: format!(
                    "the row was rejected before for this and is not mended; mend all its cells, then empty its \
                     {REJECTED_CODE} cell"
                ),
            }),
        }
    }

    fn not_utf8(&self) -> CellFault {
        CellFault {
            column: None,
            code: ENCODING,
            detail: "the row is no text in the encoding of the file; save the file as CSV in UTF-8"
                .to_owned(),
        }
    }

    fn wrong_count(&self, code: &'static str) -> CellFault {
        let (found, expected) = (self.cells.ends.len(), self.layout.columns.len());
        CellFault {
            column: None,
            code,
            detail: format!(
                "the row has {found} cells and the header {expected}; a separator within a cell needs quotes around \
                 the cell"
            ),
        }
    }
}

/// A fault in a column: its code and its text.
type Found = (Column, &'static str, String);

/// The first fault, with the texts of the others.
#[cold]
fn fault(cells: &ByColumn<'_>, faults: Vec<Fault>, address_alone: AddressAlone) -> CellFault {
    let mut found: Vec<Found> = Vec::new();
    let has_address_alone = |column: &Column| {
        let address = column.address_in_place();
        let mut of_the_stop = Column::ALL
            .iter()
            .filter(|it| it.address_in_place() == address);
        address_alone == AddressAlone::Allowed
            && address.is_some_and(|address| cells.text(address).is_some())
            && of_the_stop.all(|coordinate| cells.text(*coordinate).is_none())
    };
    let required = Column::ALL.iter().filter(|column| column.is_required());
    for column in required.filter(|column| !has_address_alone(column)) {
        if cells.text(*column).is_none() {
            // Only the first fault gives the reason, to leave room for the others.
            let detail = match address_alone {
                AddressAlone::Allowed if found.is_empty() => {
                    "is missing; in a file each row needs the coordinates or the address of both stops"
                }
                AddressAlone::Refused if found.is_empty() => {
                    "is missing; in a file each row needs the coordinates of both stops, an address alone is not enough"
                }
                AddressAlone::Allowed | AddressAlone::Refused => "is missing",
            };
            found.push((*column, "missing", detail.to_owned()));
        }
    }
    for fault in faults {
        // The pointer of a fault in a row is the name of its column.
        let Ok(column) = fault.pointer.parse::<Column>() else {
            continue;
        };
        if found.iter().any(|(other, ..)| *other == column) {
            continue;
        }
        let (code, detail) = match cells.text(column) {
            None => ("missing", fault.detail),
            Some(text) if column.is_number() => match spreadsheet::not_a_number(column, text) {
                Some(found) => found,
                None if text.parse::<f64>().is_err() => {
                    ("not_a_number", format!("is not a number; {}", fault.detail))
                }
                None => ("invalid", fault.detail),
            },
            Some(_) => ("invalid", fault.detail),
        };
        found.push((column, code, detail));
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

/// Adds the texts of the other faults. If that would be too long, some columns are only named, but each one is.
fn joined(mut detail: String, others: &[Found]) -> String {
    const ONLY_NAMED: &str = "; also wrong: ";
    let length = |column: Column| column.name().len() + 2;
    let mut only_named: Vec<&str> = Vec::new();
    // The room for the names of all columns that have no text yet.
    let mut room: usize = others.iter().map(|(column, ..)| length(*column)).sum();
    for (column, _, more) in others {
        let text = format!("; {column} {more}");
        let longest = detail.len() + text.len() + ONLY_NAMED.len() + room - length(*column);
        if longest > LONGEST_DETAIL {
            only_named.push(column.name());
            continue;
        }
        detail.push_str(&text);
        room -= length(*column);
    }
    if !only_named.is_empty() {
        detail.push_str(ONLY_NAMED);
        detail.push_str(&only_named.join(", "));
    }
    detail
}
