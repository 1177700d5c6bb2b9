//! Cutting a row into cells: 64 bytes are looked at together, and then nothing but the separators, quotes and line ends among
//! them.

use crate::LONGEST_ROW;

/// Where a cell is in the text of its row, in bytes: from the first to that after the last.
pub(crate) type Span = (usize, usize);

const BLOCK: usize = 64;

/// A row that was cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutRow {
    /// How many bytes it has, its line end included.
    pub(crate) bytes: usize,
    /// Whether a quote is doubled within one of its cells: [`undouble`] is to be called on its text.
    pub(crate) doubled: bool,
}

/// Where the row's cell is that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// In none that has quotes around it.
    Plain,
    Quotes,
    /// After the quote at this place, which closes the cell unless another one follows.
    Closed(usize),
}

/// Finds the cells of the row that `input` begins with. None where it is not there whole, or where something comes after the
/// quotes around a cell: that is for the crate's state machine, which looks at each byte by itself.
pub(crate) fn cut(input: &[u8], separator: u8, cells: &mut Vec<Span>) -> Option<CutRow> {
    let input = input.get(..LONGEST_ROW).unwrap_or(input);
    cells.clear();
    let (mut from, mut within, mut doubled) = (0, Within::Plain, false);
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let mut marks = match rest.first_chunk() {
            Some(block) => marks(block, separator),
            None => {
                let mut block = [0; BLOCK];
                block
                    .iter_mut()
                    .zip(rest)
                    .for_each(|(to, byte)| *to = *byte);
                marks(&block, separator)
            }
        };
        while marks != 0 {
            let place = at + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            let byte = *input.get(place)?;
            if byte == b'"' {
                within = match within {
                    Within::Plain if place == from => {
                        from += 1;
                        Within::Quotes
                    }
                    Within::Quotes => Within::Closed(place),
                    Within::Closed(before) if place == before + 1 => {
                        doubled = true;
                        Within::Quotes
                    }
                    // Within a cell that did not begin with one, it is a character like any other.
                    within => within,
                };
                continue;
            }
            match within {
                Within::Plain => cells.push((from, place)),
                Within::Quotes => continue,
                Within::Closed(before) if place == before + 1 => {
                    cells.push((from, before));
                    within = Within::Plain;
                }
                Within::Closed(_) => return None,
            }
            if byte != separator {
                let bytes = place + 1;
                return Some(CutRow { bytes, doubled });
            }
            from = place + 1;
        }
        at += BLOCK;
    }
    None
}

/// Which of the bytes are separators, quotes or line ends: a bit for each, the lowest for the first.
#[inline]
fn marks(block: &[u8; BLOCK], separator: u8) -> u64 {
    let mut is_mark = [0_u8; BLOCK];
    for (mark, byte) in is_mark.iter_mut().zip(block) {
        let found = (*byte == separator) | (*byte == b'"') | (*byte == b'\n') | (*byte == b'\r');
        *mark = u8::from(found);
    }
    let (eights, _) = is_mark.as_chunks::<8>();
    let mut bits = 0;
    for (place, eight) in eights.iter().enumerate() {
        // The product gathers the lowest bits of eight bytes in its highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits |= gathered << (8 * place);
    }
    bits
}

/// Writes each doubled quote once. Quotes take what room that leaves behind a cell: half a character there would make the
/// whole row no text.
pub(crate) fn undouble(text: &mut [u8], cells: &mut [Span]) {
    for (from, to) in cells {
        // Before the others there is a separator, or nothing.
        let quoted = *from > 0 && text.get(*from - 1) == Some(&b'"');
        let Some(cell) = text.get_mut(*from..*to).filter(|_| quoted) else {
            continue;
        };
        let Some(first) = cell.iter().position(|byte| *byte == b'"') else {
            continue;
        };
        let (mut read, mut written) = (first, first);
        while let Some(byte) = cell.get(read).copied() {
            if let Some(place) = cell.get_mut(written) {
                *place = byte;
            }
            read += if byte == b'"' { 2 } else { 1 };
            written += 1;
        }
        if let Some(left) = cell.get_mut(written..) {
            left.fill(b'"');
        }
        *to = *from + written;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use csv_core::{ReadRecordResult, ReaderBuilder};
    use proptest::prelude::*;

    /// The cells and the length of the first row, as the crate's state machine has them.
    fn by_the_crate(input: &[u8], separator: u8) -> Option<(Vec<Vec<u8>>, usize)> {
        let mut reader = ReaderBuilder::new().delimiter(separator).build();
        let (mut text, mut ends) = (vec![0; input.len() + 1], vec![0; input.len() + 2]);
        let (result, read, _, cells) = reader.read_record(input, &mut text, &mut ends);
        if result != ReadRecordResult::Record {
            return None;
        }
        let starts = std::iter::once(0).chain(ends.clone());
        let cells = starts
            .zip(&ends[..cells])
            .map(|(from, to)| text[from..*to].to_vec());
        Some((cells.collect(), read))
    }

    fn by_us(input: &[u8], separator: u8) -> Option<(Vec<Vec<u8>>, usize)> {
        let mut cells = Vec::new();
        let row = cut(input, separator, &mut cells)?;
        let mut text = input[..row.bytes].to_vec();
        if row.doubled {
            undouble(&mut text, &mut cells);
        }
        let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
        assert_eq!(is_text(&text), is_text(&input[..row.bytes]));
        Some((
            cells
                .iter()
                .map(|(from, to)| text[*from..*to].to_vec())
                .collect(),
            row.bytes,
        ))
    }

    proptest! {
        #[test]
        fn rows_are_cut_as_the_crate_cuts_them(
            row in "([a-zç ]{0,9}|\"([a-zç€,;\n]|\"\"){0,40}\"|[a\",;]{0,5}|[0-9]{60,70})([,;](\"([ab,\n]|\"\"){0,9}\"|[a-z]{0,70}|[a\"]{0,3})){0,9}[\n\r]{1,2}[a,\"\n]{0,80}",
        ) {
            // Empty lines before a row are passed over elsewhere.
            prop_assume!(!row.starts_with(['\n', '\r']));
            if let Some(ours) = by_us(row.as_bytes(), b',') {
                prop_assert_eq!(Some(ours), by_the_crate(row.as_bytes(), b','));
            }
        }

        #[test]
        fn no_row_that_is_whole_and_simple_is_left_to_the_crate(
            cells in proptest::collection::vec("[a-zç ]{0,30}|\"([a-zç€,\n]|\"\"){0,40}\"", 1..20),
        ) {
            let row = format!("x{}\r\n", cells.iter().map(|cell| format!(",{cell}")).collect::<String>());
            prop_assert_eq!(by_us(row.as_bytes(), b','), by_the_crate(row.as_bytes(), b','));
        }
    }
}
