//! What texts may be made of.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Whether nobody can see the text: it has only spaces and characters without an image.
pub(crate) fn is_invisible(text: &str) -> bool {
    text.chars().all(is_invisible_character)
}

/// Whether nobody can see the character.
pub(crate) fn is_invisible_character(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_graphic();
    }
    // U+2800 is a pattern of Braille without dots.
    character.is_whitespace()
        || character.is_control()
        || character == '\u{2800}'
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// The first control character of a text that may have several lines.
pub(super) fn control_within_lines(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.find(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t'))
}

/// The first character that one line of text must not have: a control character, or a line break of Unicode.
pub(super) fn control_within_line(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.find(|it| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}'))
}

/// The text in NFC: letters and their accents are one character where there is one. Programs write them in either way.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    const { ComposingNormalizerBorrowed::new_nfc() }.normalize(text)
}

/// The text in NFKC. A keyboard or an input method may write the same password in another way (RFC 8265).
pub(super) fn nfkc(text: &str) -> Cow<'_, str> {
    const { ComposingNormalizerBorrowed::new_nfkc() }.normalize(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_characters_without_an_image_is_invisible() {
        for text in [
            "",
            " \u{a0}",
            "\u{200b}\u{feff}",
            "\u{2060}\u{ad}\u{202e}",
            "\u{3164}",
            "\u{2800}",
            "\u{e0020}",
        ] {
            assert!(is_invisible(text), "{text:?}");
        }
        for text in ["a\u{200b}", ".", "👩\u{200d}🚀", "١"] {
            assert!(!is_invisible(text), "{text:?}");
        }
    }

    #[test]
    fn accents_are_composed() {
        assert_eq!(nfc("CAFE\u{300}-4"), "CAFÈ-4");
        assert_eq!(nfc("ﬁ"), "ﬁ");
        assert_eq!(nfkc("ﬁ\u{ff11}e\u{301}"), "fi1é");
    }
}
