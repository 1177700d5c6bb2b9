//! Cuts the cells out of a row. Decision 0025 says why this is not the `csv` crate.

use memchr::{memchr, memchr2, memchr3};

use super::{LONGEST_ROW, TEXT_AFTER_QUOTE, UNTERMINATED_QUOTE};

/// A quote that makes a row unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StrayQuote {
    /// The number of the cell that the quote opens, from 0.
    pub(super) cell: usize,
    /// What is wrong with it.
    pub(super) kind: StrayKind,
}

/// What is wrong with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StrayKind {
    /// The cell goes on after its closing quote.
    TextAfter,
    /// The same, and a backslash is before the closing quote.
    Backslash,
    /// No quote closes the cell before its row ends.
    Unterminated,
}

impl StrayKind {
    /// The code of the fault.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TextAfter | Self::Backslash => TEXT_AFTER_QUOTE,
            Self::Unterminated => UNTERMINATED_QUOTE,
        }
    }

    /// The fault in words for a person.
    pub(super) fn detail(self) -> &'static str {
        match self {
            Self::TextAfter => {
                "there is text after the quote that closes the cell; double each quote within a cell, and put quotes \
                 around the whole cell"
            }
            Self::Backslash => {
                "there is a backslash before a quote; a quote within a cell is doubled (\"\"), a backslash does not \
                 help"
            }
            Self::Unterminated => {
                "a quote opens the cell and is not closed within its row; close it, or double it and put quotes \
                 around the whole cell"
            }
        }
    }
}

/// What the first bytes of an input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// A row of this many bytes, with its line end if it has one.
    Row(usize),
    /// A line that is no row, because of a quote. It has this many bytes, with its line end if it has one. The cells
    /// are those of the line, and the stray quote is part of its cell.
    Stray(usize, StrayQuote),
    /// The input ends within the row.
    Unfinished,
    /// The first line is longer than [`LONGEST_ROW`].
    TooLong,
}

/// How a cell ends.
enum End {
    /// With the byte at this place, which is a separator.
    Separator(usize),
    /// With the line. The next line begins at this place.
    Line(usize),
    /// With the file.
    File(usize),
}

/// The cells of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Cells {
    /// The cells without separators and quotes, one after the other.
    pub(super) text: Vec<u8>,
    /// The end of each cell in `text`.
    pub(super) ends: Vec<usize>,
}

impl Cells {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Removes the Ctrl-Z with which old programs end a file, if the last cell ends with it.
    pub(super) fn without_end_of_file(&mut self) {
        if self.text.last() == Some(&0x1a) {
            self.text.pop();
            if let Some(end) = self.ends.last_mut() {
                *end = (*end).min(self.text.len());
            }
        }
    }

    /// Where each cell begins and ends in the text.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + Clone {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(self.ends.iter().copied())
    }

    /// The cells.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let places = self.places();
        places.map(|(from, to)| self.text.get(from..to).unwrap_or_default())
    }

    /// Cuts the row that `input` begins with. `last` says that the file ends with this input. `is_row` says whether
    /// these cells look like a row of the file: a quoted cell that has swallowed such lines was not meant.
    pub(super) fn cut(
        &mut self,
        input: &[u8],
        separator: u8,
        last: bool,
        is_row: impl Fn(&Self) -> bool,
    ) -> Cut {
        // No byte behind the longest row makes a difference.
        let seen = input.get(..=LONGEST_ROW).unwrap_or(input);
        let whole = last && seen.len() == input.len();
        match self.row(seen, separator, whole) {
            Ok(Some(length)) if length <= LONGEST_ROW => {
                let row = seen.get(..length).unwrap_or_default();
                if !has_swallowed_rows(row, separator, is_row) {
                    return Cut::Row(length);
                }
            }
            Ok(None) if seen.len() <= LONGEST_ROW && !whole => return Cut::Unfinished,
            Ok(_) | Err(_) => {}
        }
        let line = seen.get(..line_length(seen)).unwrap_or_default();
        if line.len() > LONGEST_ROW {
            return Cut::TooLong;
        }
        let is_whole_line = line.ends_with(b"\n") || line.ends_with(b"\r");
        if !is_whole_line && !whole {
            return Cut::Unfinished;
        }
        // A quoted cell that is too long or swallows rows is open at the end of the line, and so it is noted too.
        let stray = self.line(line, separator);
        Cut::Stray(
            line.len(),
            stray.unwrap_or(StrayQuote {
                cell: 0,
                kind: StrayKind::Unterminated,
            }),
        )
    }

    /// Cuts a row and returns its length. `None` if the input ends before the row.
    fn row(
        &mut self,
        input: &[u8],
        separator: u8,
        whole: bool,
    ) -> Result<Option<usize>, StrayKind> {
        self.clear();
        let mut at = 0;
        loop {
            let end = match opened(input, at, separator) {
                Some(inner) => self.quoted(input, inner, separator, whole)?,
                None => self.plain(input, at, separator, whole),
            };
            match end {
                Some(End::Separator(place)) => at = place + 1,
                Some(End::Line(next) | End::File(next)) => return Ok(Some(next)),
                None => return Ok(None),
            }
        }
    }

    /// Cuts one line as far as possible. A quoted cell that is not good is taken as it stands, with its quotes. Returns
    /// the first of these.
    fn line(&mut self, line: &[u8], separator: u8) -> Option<StrayQuote> {
        self.clear();
        let (mut at, mut first) = (0, None);
        loop {
            let (text, cells) = (self.text.len(), self.ends.len());
            let quoted =
                opened(line, at, separator).map(|inner| self.quoted(line, inner, separator, true));
            let end = match quoted {
                Some(Ok(Some(end))) => Some(end),
                Some(bad) => {
                    let kind = bad.err().unwrap_or(StrayKind::Unterminated);
                    first = first.or(Some(StrayQuote { cell: cells, kind }));
                    self.text.truncate(text);
                    self.plain(line, at, separator, true)
                }
                None => self.plain(line, at, separator, true),
            };
            match end {
                Some(End::Separator(place)) => at = place + 1,
                Some(End::Line(_) | End::File(_)) | None => return first,
            }
        }
    }

    /// Cuts one line at each separator. All quotes are characters of the cells.
    fn without_quotes(&mut self, line: &[u8], separator: u8) {
        self.clear();
        let mut at = 0;
        while let Some(End::Separator(place)) = self.plain(line, at, separator, true) {
            at = place + 1;
        }
    }

    /// Adds a cell that begins at `at` and has no quotes around it.
    fn plain(&mut self, input: &[u8], at: usize, separator: u8, whole: bool) -> Option<End> {
        let rest = input.get(at..).unwrap_or_default();
        let Some(length) = memchr3(separator, b'\n', b'\r', rest) else {
            if whole {
                self.text.extend_from_slice(rest);
                self.ends.push(self.text.len());
            }
            return whole.then_some(End::File(input.len()));
        };
        self.text
            .extend_from_slice(rest.get(..length).unwrap_or_default());
        self.ends.push(self.text.len());
        let place = at + length;
        Some(if input.get(place) == Some(&separator) {
            End::Separator(place)
        } else {
            End::Line(place + 1)
        })
    }

    /// Adds a cell whose opening quote is before `at`.
    fn quoted(
        &mut self,
        input: &[u8],
        mut at: usize,
        separator: u8,
        whole: bool,
    ) -> Result<Option<End>, StrayKind> {
        loop {
            let rest = input.get(at..).unwrap_or_default();
            let Some(length) = memchr(b'"', rest) else {
                return Ok(None);
            };
            self.text
                .extend_from_slice(rest.get(..length).unwrap_or_default());
            at += length + 1;
            if input.get(at) != Some(&b'"') {
                break;
            }
            self.text.push(b'"');
            at += 1;
        }
        let closing = at - 1;
        while input.get(at).is_some_and(|byte| is_space(*byte, separator)) {
            at += 1;
        }
        let end = match input.get(at) {
            None if whole => End::File(at),
            None => return Ok(None),
            Some(byte) if *byte == separator => End::Separator(at),
            Some(b'\n' | b'\r') => End::Line(at + 1),
            Some(_) if input.get(closing.wrapping_sub(1)) == Some(&b'\\') => {
                return Err(StrayKind::Backslash);
            }
            Some(_) => return Err(StrayKind::TextAfter),
        };
        self.ends.push(self.text.len());
        Ok(Some(end))
    }
}

/// Whether a quoted cell of a row has swallowed rows: the row's first line and a later one each look like a row.
fn has_swallowed_rows(row: &[u8], separator: u8, is_row: impl Fn(&Cells) -> bool) -> bool {
    let (first, mut rest) = row.split_at(line_length(row));
    if rest.is_empty() {
        return false;
    }
    let mut line = Cells::default();
    // The quotes of a line are not known to be right, so it is looked at with them and without them.
    let mut looks_like_a_row = |bytes: &[u8]| {
        line.line(bytes, separator);
        if is_row(&line) {
            return true;
        }
        line.without_quotes(bytes, separator);
        is_row(&line)
    };
    if !looks_like_a_row(first) {
        return false;
    }
    while !rest.is_empty() {
        let (next, others) = rest.split_at(line_length(rest));
        if looks_like_a_row(next) {
            return true;
        }
        rest = others;
    }
    false
}

/// Where the text of a quoted cell begins, if the cell at `at` begins with a quote. Spaces may be before it.
fn opened(input: &[u8], mut at: usize, separator: u8) -> Option<usize> {
    while input.get(at).is_some_and(|byte| is_space(*byte, separator)) {
        at += 1;
    }
    (input.get(at) == Some(&b'"')).then_some(at + 1)
}

fn is_space(byte: u8, separator: u8) -> bool {
    matches!(byte, b' ' | b'\t') && byte != separator
}

/// The length of the first line, with its line end.
fn line_length(input: &[u8]) -> usize {
    match memchr2(b'\n', b'\r', input) {
        Some(end) if input.get(end..end + 2) == Some(b"\r\n") => end + 2,
        Some(end) => end + 1,
        None => input.len(),
    }
}
