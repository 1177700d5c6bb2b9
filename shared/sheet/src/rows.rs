//! Cutting a file into rows, piece by piece.

use csv_core::{ReadRecordResult, Reader};

use crate::beginning::{Layout, reader};
use crate::cut::{CutRow, Span, cut, undouble};
use crate::row::Row;
use crate::{FileFault, LONGEST_ROW, MOST_COLUMNS};

/// The rows of a file, from some byte on.
#[derive(Debug)]
pub struct Rows<'l> {
    layout: &'l Layout,
    core: Reader,
    /// The text of the row, and where its cells are in it.
    text: Vec<u8>,
    written: usize,
    cells: Vec<Span>,
    /// Where the cells end that the state machine has found.
    ends: Vec<usize>,
    ended: usize,
    /// Bytes of the row so far, as they are in the file.
    row_bytes: usize,
    /// The byte of the file up to which everything has been taken in.
    offset: u64,
    /// The number of the last row.
    number: u32,
    /// Whether the last row is whole, so that the next one begins.
    whole: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row, which [`Rows::row`] gives.
    Row,
    /// Nothing before more of the file is there.
    NeedsInput,
    /// The file is at its end.
    End,
}

impl<'l> Rows<'l> {
    /// The rows from a byte at which a row begins, after `number` rows that were read before.
    pub fn new(layout: &'l Layout, offset: u64, number: u32) -> Self {
        Self {
            layout,
            core: reader(layout.separator),
            text: vec![0; LONGEST_ROW + 1],
            written: 0,
            cells: Vec::with_capacity(MOST_COLUMNS),
            ends: vec![0; LONGEST_ROW + 2],
            ended: 0,
            row_bytes: 0,
            offset,
            number,
            whole: false,
        }
    }

    /// The byte at which the row after the last one begins, or the end of the last one's line.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to the next row out of `input`, from which what was taken in is cut off. `last` says that nothing comes after
    /// it. Lines that are empty, or hold nothing but separators and spaces, are passed over and not counted.
    ///
    /// # Errors
    /// When the file cannot be read any further; the rows before are good.
    pub fn advance(&mut self, input: &mut &[u8], last: bool) -> Result<Step, FileFault> {
        if self.whole {
            self.clear();
        }
        loop {
            match self.record(input, last)? {
                ReadRecordResult::Record if self.is_blank() => self.clear(),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(Step::End),
                _ => return Ok(Step::NeedsInput),
            }
        }
        self.number += 1;
        self.whole = true;
        Ok(Step::Row)
    }

    /// The row to which [`Rows::advance`] has gone.
    pub fn row(&self) -> Row<'_> {
        Row::new(
            self.layout,
            self.number,
            self.text.get(..self.written).unwrap_or_default(),
            &self.cells,
        )
    }

    fn clear(&mut self) {
        (self.written, self.ended, self.row_bytes) = (0, 0, 0);
        self.whole = false;
    }

    fn is_blank(&self) -> bool {
        let mut cells = self.row().cells();
        cells.all(|cell| cell.iter().all(u8::is_ascii_whitespace))
    }

    fn record(&mut self, input: &mut &[u8], last: bool) -> Result<ReadRecordResult, FileFault> {
        if self.row_bytes == 0 {
            let ends = input
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let ends = ends.count();
            *input = input.get(ends..).unwrap_or_default();
            self.offset += ends as u64;
        }
        if self.row_bytes == 0 && self.take_simple(input) {
            return Ok(ReadRecordResult::Record);
        }
        if !input.is_empty() {
            let (result, read) = self.feed(input);
            *input = input.get(read..).unwrap_or_default();
            self.offset += read as u64;
            self.row_bytes += read;
            let full = matches!(
                result,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull
            );
            if full || self.row_bytes > LONGEST_ROW {
                return Err(self.too_long());
            }
            if result == ReadRecordResult::Record || !last {
                return Ok(result);
            }
        }
        if !last {
            return Ok(ReadRecordResult::InputEmpty);
        }
        if self.row_bytes == 0 {
            return Ok(ReadRecordResult::End);
        }
        // The last line has no end. Giving it one ends the row, but not within a quote.
        let (result, _) = self.feed(b"\n");
        if result == ReadRecordResult::Record {
            return Ok(result);
        }
        let detail = format!(
            "In row {} a quote is not closed before the file ends.",
            self.number + 1
        );
        Err(FileFault::new("unterminated_quote", detail))
    }

    /// Takes a row that is there whole and can simply be cut, which most rows are.
    fn take_simple(&mut self, input: &mut &[u8]) -> bool {
        let Some(CutRow { bytes, doubled }) = cut(input, self.layout.separator, &mut self.cells)
        else {
            return false;
        };
        let (row, rest) = input.split_at(bytes);
        let Some(text) = self.text.get_mut(..bytes) else {
            return false;
        };
        text.copy_from_slice(row);
        if doubled {
            undouble(text, &mut self.cells);
        }
        (self.written, self.row_bytes) = (bytes, bytes);
        self.offset += bytes as u64;
        *input = rest;
        true
    }

    fn feed(&mut self, input: &[u8]) -> (ReadRecordResult, usize) {
        let text = self.text.get_mut(self.written..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
        let (result, read, written, cells) = self.core.read_record(input, text, ends);
        self.written += written;
        self.ended += cells;
        if result == ReadRecordResult::Record {
            let ends = self.ends.get(..self.ended).unwrap_or_default();
            let starts = std::iter::once(0).chain(ends.iter().copied());
            self.cells.clear();
            self.cells.extend(starts.zip(ends.iter().copied()));
        }
        (result, read)
    }

    fn too_long(&self) -> FileFault {
        let detail = format!(
            "Row {} is longer than {LONGEST_ROW} bytes. Perhaps a quote is not closed.",
            self.number + 1
        );
        FileFault::new("row_too_long", detail)
    }
}
