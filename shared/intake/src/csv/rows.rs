//! Cuts a file into rows, piece by piece.

use csv_core::{ReadRecordResult, Reader};

use super::beginning::{Layout, reader};
use super::row::ImportRow;
use super::{FileFault, LONGEST_ROW};

/// The rows of a file, from some byte on.
#[derive(Debug)]
pub struct Rows<'l> {
    layout: &'l Layout,
    /// The state machine of the `csv` crate. Unlike that crate, it tells how many bytes a row took.
    core: Reader,
    /// The cells of the row, one after the other, up to `written`.
    text: Vec<u8>,
    written: usize,
    /// The end of each cell in `text`, up to `ended`.
    ends: Vec<usize>,
    ended: usize,
    /// The bytes of the row so far, as they are in the file.
    row_bytes: usize,
    /// All bytes of the file before this one are read.
    offset: u64,
    /// The number of the last row.
    number: u32,
    /// Whether the last row is complete.
    complete: bool,
}

/// What [`Rows::advance`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A row, which [`Rows::row`] gives.
    Row,
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
            core: reader(layout.separator),
            text: vec![0; LONGEST_ROW + 1],
            written: 0,
            ends: vec![0; LONGEST_ROW + 2],
            ended: 0,
            row_bytes: 0,
            offset,
            number,
            complete: false,
        }
    }

    /// The byte at which the next row begins, or at which the line of the last row ends.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next row and cuts its bytes off `input`. `last` says that the file ends with this input. Lines that
    /// are empty, or hold only separators and spaces, are skipped and not counted.
    ///
    /// # Errors
    /// If the file cannot be read any further. The rows before are good.
    pub fn advance(&mut self, input: &mut &[u8], last: bool) -> Result<Step, FileFault> {
        if self.complete {
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
        self.complete = true;
        Ok(Step::Row)
    }

    /// The row that [`Rows::advance`] has read.
    pub fn row(&self) -> ImportRow<'_> {
        let ends = self.ends.get(..self.ended).unwrap_or_default();
        ImportRow::new(self.layout, self.number, self.text(), ends)
    }

    fn text(&self) -> &[u8] {
        self.text.get(..self.written).unwrap_or_default()
    }

    fn clear(&mut self) {
        (self.written, self.ended, self.row_bytes) = (0, 0, 0);
        self.complete = false;
    }

    fn is_blank(&self) -> bool {
        self.text().iter().all(u8::is_ascii_whitespace)
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
        // The last line has no end. A line end completes the row, unless the row ends within a quote.
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

    fn feed(&mut self, input: &[u8]) -> (ReadRecordResult, usize) {
        let text = self.text.get_mut(self.written..).unwrap_or_default();
        let ends = self.ends.get_mut(self.ended..).unwrap_or_default();
        let (result, read, written, cells) = self.core.read_record(input, text, ends);
        self.written += written;
        self.ended += cells;
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
