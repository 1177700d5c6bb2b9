//! What the first bytes of a file tell: whether it is a CSV, in which encoding, with which columns.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::columns::{ADDED, ENCODING, NAMES, REJECTED_CODE, REQUIRED};
use crate::{FileFault, HEAD, MOST_COLUMNS};

/// What files begin with that are something else, and what that is.
const OTHER_KINDS: [(&[u8], &str); 6] = [
    (
        b"PK",
        "a ZIP archive or a workbook (XLSX, ODS): save the sheet as CSV (UTF-8)",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "a workbook (XLS): save the sheet as CSV (UTF-8)",
    ),
    (b"\x1f\x8b", "compressed (gzip): send it as it was before"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
];

/// What a text in UTF-8 may begin with, so that it is not taken for one in another encoding.
pub(crate) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// How the rows of a file are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Between two cells.
    pub(crate) separator: u8,
    /// The header's cells, as they are in the file; blank ones at the end left out.
    pub(crate) header: Vec<String>,
    /// For each cell of a row the column that it belongs to; none for those that are passed over.
    pub(crate) columns: Vec<Option<usize>>,
    /// Where a file of rejected rows that is sent again says why each row was rejected.
    pub(crate) rejected_code: Option<usize>,
}

impl Layout {
    /// Whether a place in the header has no name: nothing may stand below it.
    pub(crate) fn is_nameless(&self, place: usize) -> bool {
        self.header
            .get(place)
            .is_none_or(|name| name.trim().is_empty())
    }
}

/// The beginning of a file, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// How its rows are laid out.
    pub layout: Layout,
    /// The byte at which the rows begin, or the end of the header's line.
    pub rows_at: u64,
}

impl Beginning {
    /// Reads the first bytes of a file: [`crate::HEAD`] of them, or all that there are, which `whole` says.
    ///
    /// # Errors
    /// When it is no CSV of orders, and why.
    pub fn read(head: &[u8], whole: bool) -> Result<Self, FileFault> {
        let skipped = readable(head, whole)?;
        let (separator, header, rows_at) = header(head, skipped, whole)?;
        let columns = columns(&header)?;
        let mut names = header.iter();
        let rejected_code = names.position(|name| name.trim().eq_ignore_ascii_case(REJECTED_CODE));
        Ok(Self {
            layout: Layout {
                separator,
                header,
                columns,
                rejected_code,
            },
            rows_at: rows_at as u64,
        })
    }
}

/// A reader of records for a separator.
pub(crate) fn reader(separator: u8) -> Reader {
    ReaderBuilder::new().delimiter(separator).build()
}

/// How many bytes stand before the text, if it is a text that can be read.
fn readable(head: &[u8], whole: bool) -> Result<usize, FileFault> {
    let text = head.strip_prefix(UTF8_BOM).unwrap_or(head);
    if text.iter().all(u8::is_ascii_whitespace) && whole {
        return Err(FileFault::new("empty_file", "The file is empty."));
    }
    if let Some((_, kind)) = OTHER_KINDS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
    {
        return Err(FileFault::new(
            "not_csv",
            format!("The file is not a CSV but {kind}."),
        ));
    }
    let other_encoding = |name: &str| {
        let detail = format!("The file is in {name}. Save it as CSV in UTF-8 and send that.");
        Err(FileFault::new(ENCODING, detail))
    };
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") || is_utf32(head) {
        return other_encoding("UTF-32");
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || is_utf16(head) {
        return other_encoding("UTF-16");
    }
    if head.contains(&0) {
        return Err(FileFault::new(
            "not_csv",
            "The file is not a CSV: it holds bytes that are no text.",
        ));
    }
    match std::str::from_utf8(head) {
        // A character that the end of what was looked at has cut.
        Err(error) if error.error_len().is_none() && !whole => {}
        Err(_) => {
            return other_encoding("an encoding other than UTF-8, perhaps Latin-1 or Windows-1252");
        }
        Ok(_) => {}
    }
    Ok(head.len() - text.len())
}

/// Without a mark at its beginning: each four bytes are a character, which no four letters of a byte each are.
fn is_utf32(head: &[u8]) -> bool {
    let (fours, _) = head.as_chunks::<4>();
    let are_characters = |number: fn([u8; 4]) -> u32| {
        let mut numbers = fours.iter().map(|four| number(*four));
        numbers.all(|number| number != 0 && char::from_u32(number).is_some())
    };
    !fours.is_empty() && (are_characters(u32::from_le_bytes) || are_characters(u32::from_be_bytes))
}

/// Without a mark at its beginning: text in a western language has a zero in every second byte.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |first: usize| {
        let bytes = head.iter().skip(first).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    even.max(odd) * 4 > head.len() && even.min(odd) * 8 < even.max(odd)
}

/// The separator that a first line `sep=;` says outright, which spreadsheets write, and where that ends.
fn told_separator(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [
            b's',
            b'e',
            b'p',
            b'=',
            separator @ (b',' | b';' | b'\t'),
            b'\r' | b'\n',
            ..,
        ] => Some((*separator, 5)),
        _ => None,
    }
}

/// What separates the cells of the line that the text begins with: of the three, it is the one that is in it most often,
/// quoted text left aside.
fn separator(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(known, _)| known == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The first of equals: a file of one column has commas.
    let [comma, semicolon, tab] = counts;
    let most =
        [semicolon, tab].into_iter().fold(
            comma,
            |most, other| {
                if other.1 > most.1 { other } else { most }
            },
        );
    most.0
}

/// Where the first line begins in which there is more than spaces and tabs.
fn first_line(text: &[u8]) -> Option<usize> {
    let first = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let before = text.get(..first).unwrap_or_default();
    let end = before
        .iter()
        .rposition(|byte| matches!(byte, b'\r' | b'\n'));
    Some(end.map_or(0, |end| end + 1))
}

/// What separates the cells, those of the header, and where its line ends. Lines before it that hold nothing but
/// separators and spaces are passed over.
fn header(head: &[u8], mut at: usize, whole: bool) -> Result<(u8, Vec<String>, usize), FileFault> {
    let mut text = vec![0; head.len() + 1];
    let mut ends = vec![0; head.len() + 2];
    let told = told_separator(head.get(at..).unwrap_or_default());
    at += told.map_or(0, |(_, length)| length);
    loop {
        let rest = head.get(at..).unwrap_or_default();
        let first = first_line(rest);
        if first.is_none() && whole {
            let detail = "The file holds nothing but separators and spaces.";
            return Err(FileFault::new("empty_file", detail));
        }
        at += first.unwrap_or_default();
        let line = head.get(at..).unwrap_or_default();
        let separator = told.map_or_else(|| separator(line), |(separator, _)| separator);
        let (header, length) = names(line, separator, whole, &mut text, &mut ends)?;
        at += length;
        if !header.is_empty() {
            return Ok((separator, header, at));
        }
    }
}

/// The cells of the line that `input` begins with, blank ones at its end left out, and how long it is.
fn names(
    input: &[u8],
    separator: u8,
    whole: bool,
    text: &mut [u8],
    ends: &mut [usize],
) -> Result<(Vec<String>, usize), FileFault> {
    let mut core = reader(separator);
    let (mut result, mut read, mut written, mut cells) = core.read_record(input, text, ends);
    if result == ReadRecordResult::InputEmpty && whole {
        // Within a quote a line's end does not end the line.
        let (_, room) = text.split_at_mut(written);
        let (_, room_for_ends) = ends.split_at_mut(cells);
        let (ended, _, more, more_cells) = core.read_record(b"\n", room, room_for_ends);
        (result, written, cells) = (ended, written + more, cells + more_cells);
        read = input.len();
        if result == ReadRecordResult::InputEmpty {
            return Err(FileFault::new(
                "unterminated_quote",
                "The header has a quote that is not closed.",
            ));
        }
    }
    let mut from = 0;
    let mut header: Vec<String> = Vec::new();
    for end in ends.iter().take(cells) {
        let end = (*end).min(written);
        header.push(String::from_utf8_lossy(text.get(from..end).unwrap_or_default()).into_owned());
        from = end;
    }
    while header.last().is_some_and(|cell| cell.trim().is_empty()) {
        header.pop();
    }
    if header.len() > MOST_COLUMNS {
        let detail = format!(
            "The header has more than {MOST_COLUMNS} columns; known are {}.",
            NAMES.join(", ")
        );
        return Err(FileFault::new("too_many_columns", detail));
    }
    if result != ReadRecordResult::Record {
        let detail = format!("The header's line does not end within the first {HEAD} bytes.");
        return Err(FileFault::new("row_too_long", detail));
    }
    Ok((header, read))
}

/// Which column each cell of a row belongs to.
fn columns(header: &[String]) -> Result<Vec<Option<usize>>, FileFault> {
    let mut columns = Vec::new();
    for cell in header {
        let name = cell.trim().to_ascii_lowercase();
        // A cell without a name has no column: spreadsheets leave such ones behind.
        if name.is_empty() || ADDED.contains(&name.as_str()) {
            columns.push(None);
            continue;
        }
        let Some(number) = NAMES.iter().position(|known| *known == name) else {
            let shown: String = name.chars().take(60).collect();
            let detail = format!(
                "The column {shown:?} is not known; known are {}.",
                NAMES.join(", ")
            );
            return Err(FileFault::new("unknown_column", detail));
        };
        if columns.contains(&Some(number)) {
            let detail = format!("The column {name:?} is there twice.");
            return Err(FileFault::new("doubled_column", detail));
        }
        columns.push(Some(number));
    }
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|name| {
            !columns
                .iter()
                .flatten()
                .any(|number| NAMES[*number] == *name)
        })
        .collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    let detail = format!("The file has no column {}.", missing.join(", "));
    Err(FileFault::new("missing_column", detail))
}
