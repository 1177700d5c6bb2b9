//! Makes UTF-8 of files in other encodings, piece by piece.

use std::collections::VecDeque;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use super::LONGEST_ROW;

/// The bytes of a line that does not end are decoded when they are this many. A row is shorter in every encoding.
const MOST_WAITING: usize = 4 * LONGEST_ROW + 8;

/// A byte that no text in UTF-8 has. It stands for what cannot be decoded, so that its row is rejected.
const UNREADABLE: u8 = 0xff;

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEncoding(&'static Encoding);

impl FileEncoding {
    /// The setting that asks for a guess.
    pub const AUTO: &'static str = "auto";
    /// The encoding of files without a setting.
    pub const UTF8: Self = Self(UTF_8);

    /// The encoding of this name, such as `windows-1252` or `latin1`.
    pub fn named(name: &str) -> Option<Self> {
        let found = Encoding::for_label(name.as_bytes())?;
        (found != REPLACEMENT).then_some(Self(found))
    }

    /// The encoding that a byte order mark names. It outweighs a setting.
    pub fn marked(head: &[u8]) -> Option<Self> {
        // UTF-32 begins like UTF-16.
        if head.starts_with(b"\xff\xfe\0\0") {
            return None;
        }
        Encoding::for_bom(head).map(|(found, _)| Self(found))
    }

    /// The name of the encoding, such as `windows-1252`.
    pub fn name(self) -> String {
        self.0.name().to_lowercase()
    }

    /// Whether files in this encoding are read as they are.
    pub fn is_utf8(self) -> bool {
        self.0 == UTF_8
    }

    /// The number of bytes in a line end.
    fn unit(self) -> usize {
        if self.0 == UTF_16LE || self.0 == UTF_16BE {
            2
        } else {
            1
        }
    }

    /// The place of the next line end in bytes that begin at a character.
    fn line_end(self, bytes: &[u8]) -> Option<(usize, u8)> {
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        if self.unit() == 1 {
            // In each of these encodings, a byte of a longer character is never a line end.
            let place = memchr::memchr2(b'\n', b'\r', bytes)?;
            return bytes.get(place).map(|byte| (place, *byte));
        }
        let (units, _) = bytes.as_chunks::<2>();
        let (high, low) = if self.0 == UTF_16LE { (1, 0) } else { (0, 1) };
        let place = units
            .iter()
            .position(|unit| unit[high] == 0 && is_end(&unit[low]))?;
        units.get(place).map(|unit| (place * 2, unit[low]))
    }

    fn decode(self, line: &[u8], out: &mut Vec<u8>) {
        let (text, had_faults) = self.0.decode_without_bom_handling(line);
        if !had_faults {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        for character in text.chars() {
            if character == char::REPLACEMENT_CHARACTER {
                out.push(UNREADABLE);
            } else {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

/// Guesses the encoding of a text.
pub struct EncodingGuess(EncodingDetector);

impl Default for EncodingGuess {
    fn default() -> Self {
        Self(EncodingDetector::new(Iso2022JpDetection::Allow))
    }
}

impl EncodingGuess {
    /// Looks at a piece of the text. `true` once there was a character that is not ASCII, which a guess needs.
    pub fn look_at(&mut self, piece: &[u8], last: bool) -> bool {
        self.0.feed(piece, last)
    }

    /// The most likely encoding.
    pub fn guess(&self) -> FileEncoding {
        FileEncoding(self.0.guess(None, Utf8Detection::Allow))
    }
}

/// Makes UTF-8 of a file, and tells where in the file each line of the text is.
///
/// Lines are decoded one by one. So a position in the file is the beginning of a line, where every encoding can be
/// read from.
#[derive(Debug)]
pub struct Decoder {
    encoding: FileEncoding,
    /// Bytes of a line whose end did not come yet.
    waiting: Vec<u8>,
    /// All bytes of the file before this one are decoded.
    at: u64,
    /// The length of the text so far. The first byte of the text counts as the byte of the file at which it began.
    text: u64,
    /// Behind each line end: its place in the text and in the file.
    ends: VecDeque<(u64, u64)>,
    /// The last place in the text that was asked for, and the same place in the file.
    found: (u64, u64),
}

impl Decoder {
    /// Decodes a file from the byte `at` on, at which a line begins.
    pub fn new(encoding: FileEncoding, at: u64) -> Self {
        Self {
            encoding,
            waiting: Vec::new(),
            at,
            text: at,
            ends: VecDeque::new(),
            found: (at, at),
        }
    }

    /// The number of bytes of a byte order mark.
    pub fn mark(encoding: FileEncoding, head: &[u8]) -> usize {
        let mark = Encoding::for_bom(head);
        mark.filter(|(found, _)| *found == encoding.0)
            .map_or(0, |(_, length)| length)
    }

    /// The text of the next bytes of the file, up to the last line end. `last` says that the file ends with them.
    pub fn decode(&mut self, bytes: &[u8], last: bool) -> Vec<u8> {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend_from_slice(bytes);
        let mut out = Vec::with_capacity(waiting.len() + waiting.len() / 4);
        let (begin, mut from) = (self.text, 0);
        let unit = self.encoding.unit();
        while let Some((length, end)) = self
            .encoding
            .line_end(waiting.get(from..).unwrap_or_default())
        {
            self.encoding.decode(
                waiting.get(from..from + length).unwrap_or_default(),
                &mut out,
            );
            out.push(end);
            from += length + unit;
            self.ends
                .push_back((begin + out.len() as u64, self.at + from as u64));
        }
        let rest = waiting.get(from..).unwrap_or_default();
        if !rest.is_empty() && (last || rest.len() > MOST_WAITING) {
            self.encoding.decode(rest, &mut out);
            from = waiting.len();
            self.ends
                .push_back((begin + out.len() as u64, self.at + from as u64));
        }
        waiting.drain(..from);
        self.waiting = waiting;
        self.at += from as u64;
        self.text = begin + out.len() as u64;
        out
    }

    /// The byte of the file at a place in the text. The place is the beginning of a line or the end of the text. The
    /// places do not go back.
    pub fn place(&mut self, text: u64) -> u64 {
        while let Some(end) = self.ends.front().filter(|(place, _)| *place <= text) {
            self.found = *end;
            self.ends.pop_front();
        }
        self.found.1
    }
}
