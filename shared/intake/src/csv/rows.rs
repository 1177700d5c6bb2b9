//! Cuts a file into rows, piece by piece.

use super::beginning::Layout;
use super::cut::{Cells, Cut, StrayQuote};
use super::format::OF_A_STOP;
use super::row::ImportRow;
use super::{FileFault, LONGEST_ROW};

/// The rows of a file, from some byte on.
#[derive(Debug)]
pub struct Rows<'l> {
    layout: &'l Layout,
    cells: Cells,
    /// The quote that made the last row unreadable.
    stray: Option<StrayQuote>,
    /// Bytes of the file that were taken in and are not read: the beginning of a row that an earlier input ended in.
    waiting: Vec<u8>,
    /// All bytes of the file before this one are read.
    offset: u64,
    /// The number of the last row.
    number: u32,
    /// The last row that is the pickup of the rows after it.
    pickup: Option<Pickup>,
}

/// A row that is the pickup of the rows after it.
#[derive(Debug)]
pub(super) struct Pickup {
    pub(super) cells: Cells,
    pub(super) texts: [Option<String>; OF_A_STOP],
}

/// What [`Rows::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row, which [`Rows::row`] gives.
    Row,
    /// A row that is not counted, because it is only the pickup of the rows after it.
    Pickup,
    /// The input ends within a row. The caller passes the next piece of the file.
    NeedsInput,
    /// The end of the file.
    End,
}

impl<'l> Rows<'l> {
    /// The rows from the byte `offset`, at which a row begins. `number` rows were read before.
    pub fn new(layout: &'l Layout, offset: u64, number: u32) -> Self {
        Self {
            layout,
            cells: Cells::default(),
            stray: None,
            waiting: Vec::new(),
            offset,
            number,
            pickup: None,
        }
    }

    /// Whether an earlier row is the pickup of the next ones.
    pub fn has_pickup(&self) -> bool {
        self.pickup.is_some()
    }

    /// Takes over the pickup that other rows of the file ended with.
    pub fn take_pickup(&mut self, before: Self) {
        self.pickup = before.pickup;
    }

    /// The cells of the row that is the pickup of the present one.
    pub(super) fn pickup(&self) -> Option<&Pickup> {
        self.pickup.as_ref()
    }

    /// The layout of the rows.
    pub(super) fn layout(&self) -> &'l Layout {
        self.layout
    }

    /// The byte at which the next row begins, or at which the line of the last row ends.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next row and cuts its bytes off `input`. `last` says that the file ends with this input. Lines that
    /// are empty, or hold only separators and spaces, are skipped and not counted, and so are rows that belong to the
    /// order in an earlier row.
    ///
    /// # Errors
    /// If the file cannot be read any further. The rows before are good.
    pub fn advance(&mut self, input: &mut &[u8], last: bool) -> Result<Step, FileFault> {
        loop {
            let cut = if self.waiting.is_empty() {
                self.skip_line_ends(input);
                let cut = self.cut(input, last);
                if cut == Cut::Unfinished {
                    self.waiting.extend_from_slice(input);
                    *input = &[];
                } else {
                    *input = input.get(length(cut)..).unwrap_or_default();
                }
                cut
            } else {
                self.cut_waiting(input, last)
            };
            self.offset += length(cut) as u64;
            if last && input.is_empty() {
                self.cells.without_end_of_file();
            }
            self.stray = match cut {
                Cut::Row(0) => return Ok(Step::End),
                Cut::Row(_) if self.is_blank() || self.layout.is_further(&self.cells) => continue,
                Cut::Row(_) if self.layout.is_pickup(&self.cells) => {
                    self.stray = None;
                    self.pickup = self.row().as_pickup();
                    return Ok(Step::Pickup);
                }
                Cut::Row(_) => {
                    // It may be the next pickup. The rows after it must not get the one before.
                    if self.layout.doubtful_pickup(&self.cells).is_some() {
                        self.pickup = None;
                    }
                    None
                }
                Cut::Stray(_, stray) => {
                    self.forget_pickup(stray);
                    Some(stray)
                }
                Cut::Unfinished => return Ok(Step::NeedsInput),
                Cut::TooLong => return Err(self.too_long()),
            };
            self.number += 1;
            return Ok(Step::Row);
        }
    }

    /// The row that [`Rows::advance`] has read.
    pub fn row(&self) -> ImportRow<'_> {
        let pickup = self.pickup.as_ref().map(|pickup| &pickup.texts);
        ImportRow::new(self.layout, self.number, &self.cells, self.stray, pickup)
    }

    /// Forgets the pickup if an unreadable row may have been the next one.
    fn forget_pickup(&mut self, stray: StrayQuote) {
        let special = self.layout.special.as_ref();
        if let Some(place) = special.and_then(|special| special.pickup_place())
            && (stray.cell <= place || self.layout.is_pickup(&self.cells))
        {
            self.pickup = None;
        }
    }

    fn is_blank(&self) -> bool {
        // Old programs end a file with Ctrl-Z.
        let mut bytes = self.cells.text.iter();
        bytes.all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)
    }

    fn skip_line_ends(&mut self, input: &mut &[u8]) {
        let ends = input.iter();
        let ends = ends.take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let ends = ends.count();
        *input = input.get(ends..).unwrap_or_default();
        self.offset += ends as u64;
    }

    fn cut(&mut self, input: &[u8], last: bool) -> Cut {
        if input.is_empty() {
            return if last { Cut::Row(0) } else { Cut::Unfinished };
        }
        let layout = self.layout;
        self.cells.cut(input, layout.separator, last, |cells| {
            layout.is_like_a_row(cells)
        })
    }

    /// Reads a row that an earlier input began. What was taken in beyond the row goes back to the input, so that all
    /// other rows are read without a copy.
    fn cut_waiting(&mut self, input: &mut &[u8], last: bool) -> Cut {
        let before = self.waiting.len();
        let taken = input.len().min((LONGEST_ROW + 1).saturating_sub(before));
        let (more, rest) = input.split_at(taken);
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(more);
        let cut = self.cut(&waiting, last && rest.is_empty());
        let length = length(cut);
        if length >= before {
            *input = input.get(length - before..).unwrap_or_default();
            waiting.clear();
        } else {
            waiting.truncate(if cut == Cut::Unfinished {
                waiting.len()
            } else {
                before
            });
            waiting.drain(..length);
            *input = if cut == Cut::Unfinished { rest } else { input };
        }
        self.waiting = waiting;
        cut
    }

    fn too_long(&self) -> FileFault {
        let detail = format!(
            "Row {} is longer than {LONGEST_ROW} bytes. Perhaps a quote is not closed.",
            self.number + 1
        );
        FileFault::new("row_too_long", detail)
    }
}

/// The number of bytes that were read.
fn length(cut: Cut) -> usize {
    match cut {
        Cut::Row(length) | Cut::Stray(length, _) => length,
        Cut::Unfinished | Cut::TooLong => 0,
    }
}
