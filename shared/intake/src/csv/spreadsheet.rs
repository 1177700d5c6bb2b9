//! What spreadsheets make of the cells of a file.

use std::borrow::Cow;

use crate::column::{Column, Content};
use crate::fields::is_invisible_character;

/// The value of a formula that failed. Spreadsheets write these in every language.
const FORMULA_ERRORS: [&str; 8] = [
    "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#ERROR!",
];

/// The text of a cell without what a spreadsheet needs to keep it: `="0034"` and `'0034` are `0034`. An address of
/// several lines becomes one line.
pub(super) fn plain(column: Column, cell: &str) -> Cow<'_, str> {
    // Nearly all cells are as they look.
    if !cell.starts_with(['\'', '=']) && column.content() != Content::Address {
        return match column.content() {
            Content::Phone => without_fraction(cell).into(),
            _ => cell.into(),
        };
    }
    let mut text = without_apostrophe(cell);
    if let Some(inner) = text
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'))
        && !inner.contains('"')
    {
        text = inner.trim();
    }
    match column.content() {
        Content::Degrees | Content::WholeNumber | Content::Phone | Content::Name => {
            let digits = text.strip_prefix('\'');
            let digits = digits.filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
            let text = digits.unwrap_or(text);
            match column.content() {
                Content::Phone => without_fraction(text).into(),
                _ => text.into(),
            }
        }
        Content::Address if text.contains(['\n', '\r']) => {
            let lines = text.split(['\n', '\r']).map(str::trim);
            let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
            lines.join(", ").into()
        }
        Content::Address | Content::Time | Content::Words | Content::Text => text.into(),
    }
}

/// `34930000201` for `34930000201.0`: a program took the phone number for a number and wrote it with a fraction.
fn without_fraction(phone: &str) -> &str {
    let whole = phone.strip_suffix(".0").unwrap_or(phone);
    let is_whole = whole.len() > 5 && whole.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole { whole } else { phone }
}

/// The cell without the apostrophe that the file of rejected rows puts before formulas.
fn without_apostrophe(mut cell: &str) -> &str {
    while let Some(rest) = cell.strip_prefix('\'') {
        let inner = rest.trim_start();
        if inner.starts_with(['=', '+', '-', '@']) {
            return inner;
        }
        if !rest.starts_with(['\t', '\r']) {
            break;
        }
        // The cell began with a tab. After it, there may be another apostrophe.
        cell = inner;
    }
    cell
}

/// What a spreadsheet did to a text that would be taken otherwise: the fault in words for a person.
pub(super) fn ruined(column: Column, text: &str, point_is_doubtful: bool) -> Option<&'static str> {
    if text.starts_with('#') && FORMULA_ERRORS.contains(&text) {
        return Some("is the error of a formula in a spreadsheet");
    }
    match column.content() {
        Content::Phone if is_in_powers_of_ten(text) => Some(
            "is what a spreadsheet made of a long number, and the digits are lost; format the column as text before \
             you write numbers into it",
        ),
        // Where a semicolon separates cells, the comma is the decimal one, and the point separates thousands.
        Content::WholeNumber if point_is_doubtful && is_in_thousands(text, '.') => {
            Some("may mean thousands or a fraction; write a whole number, without separators")
        }
        Content::Phone
        | Content::WholeNumber
        | Content::Degrees
        | Content::Address
        | Content::Name
        | Content::Time
        | Content::Words
        | Content::Text => None,
    }
}

/// The code and the words for a text that is no number.
pub(super) fn not_a_number(column: Column, text: &str) -> Option<(&'static str, String)> {
    let is_whole = column.content() == Content::WholeNumber;
    let mut separators = [',', '\'', '’', ' ', '\u{a0}', '\u{202f}'].into_iter();
    if is_whole && separators.any(|separator| is_in_thousands(text, separator)) {
        let detail = "must be a whole number, without separators";
        return Some(("invalid", detail.to_owned()));
    }
    if is_decimal_comma(text) {
        let detail = "has a decimal comma; write numbers with a point";
        return Some(("decimal_comma", detail.to_owned()));
    }
    if text.parse::<f64>().is_ok() {
        return None;
    }
    let foreign = text.chars().find(|c| !c.is_ascii() || c.is_ascii_control());
    let detail = if text.matches('.').count() > 1
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    {
        "is not a number: it has more than one point".to_owned()
    } else if !is_whole && is_sexagesimal(text) {
        "is not a number; write decimal degrees such as 41.98617, without ° and N, S, E or W"
            .to_owned()
    } else if let Some(character) = foreign {
        let code = u32::from(character);
        match character {
            '\u{2212}' => {
                format!("is not a number: it has U+{code:04X} in place of a minus sign (-)")
            }
            it if is_invisible_character(it) => {
                format!("is not a number: it has the character U+{code:04X}, which cannot be seen")
            }
            _ => format!("is not a number: it has the character U+{code:04X}"),
        }
    } else {
        return None;
    };
    Some(("not_a_number", detail))
}

/// `41°59'10.2"N`, `41.98°`, `41.98 N`.
fn is_sexagesimal(text: &str) -> bool {
    let text = text.trim_end_matches(['N', 'S', 'E', 'W']);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let marks = |c: char| {
        matches!(
            c,
            '°' | 'º' | '\'' | '"' | '′' | '″' | '’' | '”' | ' ' | '.' | ',' | '-' | '+'
        )
    };
    digits > 0 && text.chars().all(|c| c.is_ascii_digit() || marks(c))
}

/// `3.4930E+11`, `3.493e11`.
fn is_in_powers_of_ten(text: &str) -> bool {
    let Some((digits, power)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let power = power.strip_prefix('+').unwrap_or(power);
    let is_power = !power.is_empty() && power.bytes().all(|byte| byte.is_ascii_digit());
    let digits = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let mut bytes = digits.bytes();
    is_power
        && !digits.is_empty()
        && bytes.all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
}

/// `1.000`, `12.345.678`.
fn is_in_thousands(text: &str, separator: char) -> bool {
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && is_group(first)
        && text.contains(separator)
        && groups.all(|group| group.len() == 3 && is_group(group))
}

fn is_decimal_comma(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned
        .split_once(',')
        .is_some_and(|(whole, part)| digits(whole) && digits(part))
}
