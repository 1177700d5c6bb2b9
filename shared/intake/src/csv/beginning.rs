//! Reads the first bytes of a file: its encoding, its separator and its columns.

use std::borrow::Cow;

use memchr::memchr2;

use super::cut::{Cells, Cut};
use super::encoding::EncodingGuess;
use super::format::{Format, Special};
use super::{ADDED_COLUMNS, ENCODING, FileFault, HEAD, MOST_COLUMNS, REJECTED_CODE};
use crate::column::Column;
use crate::fields::is_invisible_character;

/// The first bytes of files of other kinds, and the name of each kind.
const OTHER_KINDS: [(&[u8], &str); 6] = [
    (
        b"PK\x03\x04",
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

/// A name that is more like a known one than this may be meant as that one. 1 is the same name.
const LIKE: f64 = 0.85;

/// The byte order mark that a text in UTF-8 may begin with.
pub(super) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The layout of a file's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The byte between two cells.
    pub(super) separator: u8,
    /// The header's cells, as they are in the file, without blank cells at the end.
    pub(super) header: Vec<String>,
    /// The column of each cell of a row. `None` for cells that are ignored.
    pub(super) columns: Vec<Option<Column>>,
    /// The place of the column [`REJECTED_CODE`], in a file of rejected rows that is sent again.
    pub(super) rejected_code: Option<usize>,
    /// What the settings of the import make of the rows. `None` if they are read as they are.
    pub(super) special: Option<Box<Special>>,
    /// Whether a stop may have an address alone.
    pub(super) takes_addresses: bool,
}

impl Layout {
    /// Whether a place in the header has no name. The cells below it must be empty.
    pub(super) fn is_nameless(&self, place: usize) -> bool {
        self.header
            .get(place)
            .is_none_or(|name| name.trim().is_empty())
    }

    /// Whether cells look like a row of this file: degrees are where at least two coordinates must be. So a line of a
    /// note is told from a line that a stray quote has made a part of a note. Whole numbers do not count: a size or a
    /// service time may be at that place if the line begins within a cell.
    pub(super) fn is_like_a_row(&self, cells: &Cells) -> bool {
        let columns = self.columns.iter().zip(cells.iter());
        let required = columns.filter(|(column, _)| column.is_some_and(Column::is_required));
        // The lines of a correct row have one cell more than the header together. So only one of them has more than
        // half of the cells.
        let is_most_of_a_row = || cells.ends.len() * 2 > self.columns.len() + 1;
        let may_lack = self.special.is_some() || self.takes_addresses;
        if may_lack && !self.has_coordinates() {
            return is_most_of_a_row();
        }
        // A row of such a file may have addresses alone, although the file has coordinates.
        if self.takes_addresses && self.has_address() && is_most_of_a_row() {
            return true;
        }
        required.filter(|(_, cell)| are_like_degrees(cell)).count() >= 2
    }

    fn has_coordinates(&self) -> bool {
        let columns = self.columns.iter().flatten();
        columns.filter(|column| column.is_required()).count() >= 2
    }

    fn has_address(&self) -> bool {
        let mut columns = self.columns.iter().flatten();
        columns.any(|column| matches!(column, Column::PickupAddress | Column::DropoffAddress))
    }

    /// The names of the file's columns that are not read.
    pub fn ignored(&self) -> &[String] {
        self.special
            .as_ref()
            .map_or(&[], |special| &special.ignored)
    }

    /// Whether the cells are the pickup of the rows after them.
    pub(super) fn is_pickup(&self, cells: &Cells) -> bool {
        let special = self.special.as_ref();
        special.is_some_and(|special| special.is_pickup(cells.iter()))
    }

    /// The place of the cell that should tell whether the cells are a pickup, and does not.
    pub(super) fn doubtful_pickup(&self, cells: &Cells) -> Option<usize> {
        let special = self.special.as_ref()?;
        special.doubtful_pickup(cells.iter())
    }

    /// Whether the cells belong to the order in an earlier row.
    pub(super) fn is_further(&self, cells: &Cells) -> bool {
        let special = self.special.as_ref();
        special.is_some_and(|special| special.is_further(cells.iter()))
    }

    /// Whether a point in whole numbers may separate thousands.
    pub(super) fn point_is_doubtful(&self) -> bool {
        match &self.special {
            Some(special) => special.point_is_doubtful(self.separator),
            None => self.separator == b';',
        }
    }

    /// Whether each row must have a cell for the column.
    pub(super) fn needs(&self, column: Column) -> bool {
        let special = self.special.as_ref();
        let address = column.address_in_place().filter(|_| self.takes_addresses);
        column.is_required()
            && !address.is_some_and(|address| self.columns.contains(&Some(address)))
            && !special.is_some_and(|special| special.is_mapped || special.has_default(column))
    }
}

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The layout of the rows.
    pub layout: Layout,
    /// The byte at which the rows begin, or at which the header's line ends.
    pub rows_at: u64,
}

impl Beginning {
    /// Reads the first bytes of a file: [`HEAD`] bytes, or all of them if the file is shorter, which `whole` says.
    ///
    /// # Errors
    /// If the file is not a CSV of orders.
    pub fn read(head: &[u8], whole: bool) -> Result<Self, FileFault> {
        Self::read_as(&Format::default(), head, whole)
    }

    /// Reads the first bytes of a file whose format is given.
    ///
    /// # Errors
    /// If the file is not a CSV of orders.
    pub fn read_as(format: &Format, head: &[u8], whole: bool) -> Result<Self, FileFault> {
        let skipped = readable(head, whole)?;
        Self::of_text(format, head, skipped, whole)
    }

    /// Reads the beginning of a file that was decoded.
    ///
    /// # Errors
    /// If the file is not a CSV of orders.
    pub fn read_decoded(format: &Format, text: &[u8], whole: bool) -> Result<Self, FileFault> {
        if text.iter().all(u8::is_ascii_whitespace) && whole {
            return Err(empty());
        }
        Self::of_text(format, text, 0, whole)
    }

    fn of_text(
        format: &Format,
        head: &[u8],
        skipped: usize,
        whole: bool,
    ) -> Result<Self, FileFault> {
        let (separator, header, rows_at) = header(head, skipped, format.header_row, whole)?;
        let (special, columns) = if format.is_mapped() {
            let (special, columns) = format.mapped(&header)?;
            (Some(Box::new(special)), columns)
        } else {
            let columns = columns(&header, format)?;
            let special = (!format.is_plain()).then(|| Box::new(format.unmapped(&columns)));
            (special, columns)
        };
        let mut names = header.iter();
        let rejected_code = names.position(|name| name.trim().eq_ignore_ascii_case(REJECTED_CODE));
        Ok(Self {
            layout: Layout {
                separator,
                header,
                columns,
                rejected_code,
                special,
                takes_addresses: format.takes_addresses,
            },
            rows_at: rows_at as u64,
        })
    }
}

/// Whether a cell holds a number with a decimal point or a decimal comma. It may have a stray quote.
fn are_like_degrees(cell: &[u8]) -> bool {
    let mut bytes = cell.trim_ascii().iter();
    let has = |wanted: fn(&u8) -> bool| cell.iter().any(wanted);
    has(u8::is_ascii_digit)
        && has(|byte| matches!(byte, b'.' | b','))
        && bytes.all(|byte| byte.is_ascii_digit() || b".,+-\"".contains(byte))
}

/// Refuses files that are no text in any encoding.
///
/// # Errors
/// If the bytes are the beginning of a workbook, an archive or a picture.
pub fn refuse_other_kinds(head: &[u8]) -> Result<(), FileFault> {
    let mut kinds = OTHER_KINDS.iter();
    match kinds.find(|(magic, _)| head.starts_with(magic)) {
        None => Ok(()),
        Some((_, kind)) => {
            let detail = format!("The file is not a CSV but {kind}.");
            Err(FileFault::new("not_csv", detail))
        }
    }
}

fn empty() -> FileFault {
    FileFault::new("empty_file", "The file is empty.")
}

/// The number of bytes before the text, if the file is a text that can be read.
fn readable(head: &[u8], whole: bool) -> Result<usize, FileFault> {
    let text = head.strip_prefix(UTF8_BOM).unwrap_or(head);
    if text.iter().all(u8::is_ascii_whitespace) && whole {
        return Err(empty());
    }
    refuse_other_kinds(head)?;
    let other_encoding = |name: &str| {
        let detail = format!(
            "The file is in {name}. Save it as CSV in UTF-8 and send that, or name its encoding in the settings of \
             the import."
        );
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
        // The end of the head has cut a character in two.
        Err(error) if error.error_len().is_none() && !whole => {}
        Err(_) => {
            let mut guess = EncodingGuess::default();
            guess.look_at(head, whole);
            let name = guess.guess().name();
            return other_encoding(&format!("an encoding other than UTF-8, perhaps {name}"));
        }
        Ok(_) => {}
    }
    Ok(head.len() - text.len())
}

/// Detects UTF-32 without a byte order mark: each four bytes are a character. No four ASCII letters are one.
fn is_utf32(head: &[u8]) -> bool {
    let (fours, _) = head.as_chunks::<4>();
    let are_characters = |number: fn([u8; 4]) -> u32| {
        let mut numbers = fours.iter().map(|four| number(*four));
        numbers.all(|number| number != 0 && char::from_u32(number).is_some())
    };
    !fours.is_empty() && (are_characters(u32::from_le_bytes) || are_characters(u32::from_be_bytes))
}

/// Detects UTF-16 without a byte order mark: text in a western language has a zero in every second byte.
fn is_utf16(head: &[u8]) -> bool {
    let zeros = |first: usize| {
        let bytes = head.iter().skip(first).step_by(2);
        bytes.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    even.max(odd) * 4 > head.len() && even.min(odd) * 8 < even.max(odd)
}

/// The separator that a first line such as `sep=;` names, and where that line ends. Spreadsheets write such lines.
fn named_separator(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [
            b's',
            b'e',
            b'p',
            b'=',
            separator @ (b',' | b';' | b'\t' | b'|'),
            b'\r' | b'\n',
            ..,
        ] => Some((*separator, 5)),
        // Some programs write quotes around each cell, and this line is one for them.
        [
            b'"',
            b's',
            b'e',
            b'p',
            b'=',
            separator @ (b',' | b';' | b'\t' | b'|'),
            b'"',
            b'\r' | b'\n',
            ..,
        ] => Some((*separator, 7)),
        _ => None,
    }
}

/// The separator of the first line of a text: the most frequent of the four outside quotes.
fn separator(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
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
    // The comma wins a tie: a file with one column counts as separated by commas.
    let [comma, others @ ..] = counts;
    let most = others.into_iter().fold(
        comma,
        |most, other| {
            if other.1 > most.1 { other } else { most }
        },
    );
    most.0
}

/// The beginning of the first line that holds more than white space.
fn first_line(text: &[u8]) -> Option<usize> {
    let first = text.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let before = text.get(..first).unwrap_or_default();
    let end = before
        .iter()
        .rposition(|byte| matches!(byte, b'\r' | b'\n'));
    Some(end.map_or(0, |end| end + 1))
}

/// The separator, the cells of the header, and the end of its line. Lines before it that hold only separators and
/// spaces are skipped.
fn header(
    head: &[u8],
    mut at: usize,
    row: Option<u32>,
    whole: bool,
) -> Result<(u8, Vec<String>, usize), FileFault> {
    let named = named_separator(head.get(at..).unwrap_or_default());
    match row {
        Some(row) => at = line(head, at, row, whole)?,
        None => at += named.map_or(0, |(_, length)| length),
    }
    loop {
        let rest = head.get(at..).unwrap_or_default();
        let first = first_line(rest);
        if first.is_none() && whole {
            let detail = "The file holds nothing but separators and spaces.";
            return Err(FileFault::new("empty_file", detail));
        }
        at += first.unwrap_or_default();
        let line = head.get(at..).unwrap_or_default();
        let separator = named.map_or_else(|| separator(line), |(separator, _)| separator);
        let (header, length) = names(line, separator, whole)?;
        at += length;
        if !header.is_empty() {
            return Ok((separator, header, at));
        }
    }
}

/// Where the line of this number begins.
fn line(head: &[u8], mut at: usize, number: u32, whole: bool) -> Result<usize, FileFault> {
    for _ in 1..number {
        let rest = head.get(at..).unwrap_or_default();
        let Some(end) = memchr2(b'\n', b'\r', rest) else {
            let detail =
                format!("Line {number}, which must have the names of the columns, is not there.");
            let detail = if whole { detail } else { too_long() };
            return Err(FileFault::new("missing_column", detail));
        };
        let is_pair = rest.get(end..end + 2) == Some(b"\r\n");
        at += end + 1 + usize::from(is_pair);
    }
    Ok(at)
}

fn too_long() -> String {
    format!("The header's line does not end within the first {HEAD} bytes.")
}

/// The cells of the first line of `input`, without blank cells at its end, and the length of the line in bytes.
fn names(input: &[u8], separator: u8, whole: bool) -> Result<(Vec<String>, usize), FileFault> {
    let mut cells = Cells::default();
    let cut = cells.cut(input, separator, whole, |_| false);
    if let Cut::Stray(_, stray) = cut {
        let detail = format!("In the header, {}.", stray.kind.detail());
        return Err(FileFault::new(stray.kind.code(), detail));
    }
    let names = cells.iter().map(String::from_utf8_lossy);
    let mut header: Vec<String> = names.map(Cow::into_owned).collect();
    // A second byte order mark, or a character without an image that was copied with a name. They say nothing.
    for name in &mut header {
        let seen = name.trim_matches(|c: char| !c.is_ascii() && is_invisible_character(c));
        if seen.len() < name.len() {
            *name = seen.to_owned();
        }
    }
    while header.last().is_some_and(|cell| cell.trim().is_empty()) {
        header.pop();
    }
    if header.len() > MOST_COLUMNS {
        let detail = format!(
            "The header has more than {MOST_COLUMNS} columns; known are {}.",
            Column::NAMES.join(", ")
        );
        return Err(FileFault::new("too_many_columns", detail));
    }
    let Cut::Row(length) = cut else {
        return Err(FileFault::new("row_too_long", too_long()));
    };
    Ok((header, length))
}

/// The column of each cell of the header. One fault names everything that is wrong. A column with a default is not
/// required, and neither are coordinates for which a file may have addresses.
fn columns(header: &[String], format: &Format) -> Result<Vec<Option<Column>>, FileFault> {
    let mut columns = Vec::new();
    let (mut unknown, mut doubled) = (Vec::new(), Vec::new());
    for cell in header {
        let name = cell.trim().to_ascii_lowercase();
        // Spreadsheets leave cells without a name behind.
        let column = name.parse::<Column>().ok();
        if column.is_none() && !name.is_empty() && !ADDED_COLUMNS.contains(&name.as_str()) {
            unknown.push(name);
        } else if column.is_some() && columns.contains(&column) && !doubled.contains(&name) {
            doubled.push(name);
        }
        columns.push(column);
    }
    let required = Column::ALL.iter().filter(|column| column.is_required());
    let missing: Vec<&str> = required
        .filter(|column| !columns.contains(&Some(**column)) && !format.has_default(**column))
        .filter(|column| !format.may_lack(**column, |address| columns.contains(&Some(address))))
        .map(|column| column.name())
        .collect();
    let mut faults = Vec::new();
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|name| with_nearest(name)).collect();
        let (names, known) = (names.join(", "), Column::NAMES.join(", "));
        faults.push((
            "unknown_column",
            format!("Not known: {names}; known are {known}."),
        ));
    }
    if !doubled.is_empty() {
        let detail = format!("There twice: {}.", doubled.join(", "));
        faults.push(("doubled_column", detail));
    }
    if !missing.is_empty() {
        let detail = format!("The file has no column {}.", missing.join(", "));
        faults.push(("missing_column", detail));
    }
    let details: Vec<&str> = faults.iter().map(|(_, detail)| detail.as_str()).collect();
    match faults.first() {
        Some((code, _)) => Err(FileFault::new(code, details.join(" "))),
        None => Ok(columns),
    }
}

/// The name of an unknown column, and the known one that it is like.
fn with_nearest(name: &str) -> String {
    let likeness = |known: &'static str| (strsim::jaro_winkler(name, known), known);
    let like = Column::NAMES.iter().map(|known| likeness(known));
    let like = like.filter(|(likeness, _)| *likeness > LIKE);
    let nearest = like.max_by(|one, other| one.0.total_cmp(&other.0));
    let shown: String = name.chars().take(60).collect();
    match nearest {
        Some((_, nearest)) => format!("{shown:?} (did you mean {nearest}?)"),
        None => format!("{shown:?}"),
    }
}
