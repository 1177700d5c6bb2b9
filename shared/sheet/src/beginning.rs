//! What the first bytes of a file tell: whether it is a CSV, in which encoding, with which columns.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::columns::{ADDED, ENCODING, NAMES, REJECTED_CODE, REQUIRED};
use crate::{FileFault, MOST_COLUMNS};

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
        let (separator, header_at) = separator(head, skipped);
        let (header, rows_at) = header(head, header_at, separator, whole)?;
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
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
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

/// Without a mark at its beginning: text in a western language has a zero in every second byte.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |first: usize| {
        let bytes = head.iter().skip(first).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    even.max(odd) * 4 > head.len() && even.min(odd) * 8 < even.max(odd)
}

/// What separates the cells, and where the header begins. The header tells: of the three, it is the one that is in it most
/// often, quoted text left aside. A first line `sep=;`, which spreadsheets write, says it outright.
fn separator(head: &[u8], skipped: usize) -> (u8, usize) {
    let text = head.get(skipped..).unwrap_or_default();
    if let [
        b's',
        b'e',
        b'p',
        b'=',
        separator @ (b',' | b';' | b'\t'),
        b'\r' | b'\n',
        ..,
    ] = text
    {
        return (*separator, skipped + 5);
    }
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    let line = text.iter().skip_while(|byte| matches!(byte, b'\r' | b'\n'));
    for byte in line {
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
    (most.0, skipped)
}

/// The cells of the header, and where its line ends.
fn header(
    head: &[u8],
    at: usize,
    separator: u8,
    whole: bool,
) -> Result<(Vec<String>, usize), FileFault> {
    let mut core = reader(separator);
    let mut text = vec![0; head.len() + 1];
    let mut ends = vec![0; head.len() + 2];
    let input = head.get(at..).unwrap_or_default();
    let (mut result, mut read, mut written, mut cells) =
        core.read_record(input, &mut text, &mut ends);
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
    ends.truncate(cells);
    let mut from = 0;
    let mut header: Vec<String> = Vec::new();
    for end in ends {
        let end = end.min(written);
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
        let detail = format!(
            "The header's line does not end within {} bytes.",
            head.len()
        );
        return Err(FileFault::new("row_too_long", detail));
    }
    Ok((header, at + read))
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
