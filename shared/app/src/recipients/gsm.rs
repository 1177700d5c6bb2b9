//! The alphabet of text messages.

use any_ascii::any_ascii_char;

/// The alphabet of GSM 03.38, which fits 160 characters into a message. The characters of its extension count twice.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &str = "^{}\\[~]|€";

/// The text in one line, in the characters of the alphabet. Other characters become Latin letters that stand for them.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            character if character.is_whitespace() || character.is_control() => line.push(' '),
            character if BASIC.contains(character) => line.push(character),
            // In ASCII, only the characters of the extension and the grave accent are not in the alphabet.
            character if character.is_ascii() => line.push('-'),
            character => line.extend(
                any_ascii_char(character)
                    .chars()
                    .filter(|it| BASIC.contains(*it)),
            ),
        }
    }
    line.trim().to_owned()
}

/// The number of messages that carriers bill for a text: one for 160 characters of GSM-7 or for 70 others, or parts of
/// 153 or 67.
pub fn segments(text: &str) -> usize {
    let size = |character| match character {
        character if BASIC.contains(character) => Some(1),
        character if EXTENSION.contains(character) => Some(2),
        _ => None,
    };
    let in_gsm: Option<Vec<usize>> = text.chars().map(size).collect();
    let (length, one, part) = match in_gsm {
        Some(sizes) => (sizes.into_iter().sum(), 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if length <= one {
        1
    } else {
        length.div_ceil(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_line_of_the_alphabet() {
        assert_eq!(line("Müller & Söhne"), "Müller & Söhne");
        assert_eq!(line(" Łódź\nKurier\u{202e} "), "Lodz Kurier");
        assert_eq!(
            line("Correu Ràpid, Vallès i França"),
            "Correu Ràpid, Vallès i Franca"
        );
        assert_eq!(line("{link} [x] `€`"), "-link- -x- -EUR-");
        for character in (0..0x11_0000_u32).filter_map(char::from_u32) {
            let made = line(&character.to_string());
            assert!(made.chars().all(|it| BASIC.contains(it)), "{character:?}");
        }
    }

    #[test]
    fn segments_are_counted_as_carriers_do() {
        for (text, count) in [
            ("x".repeat(160), 1),
            ("x".repeat(161), 2),
            ("x".repeat(306), 2),
            ("x".repeat(307), 3),
            ("é".repeat(160), 1),
            ("á".repeat(70), 1),
            ("á".repeat(71), 2),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("🚲".repeat(35), 1),
            ("🚲".repeat(36), 2),
        ] {
            assert_eq!(segments(&text), count, "{} of {text:?}", text.len());
        }
    }
}
