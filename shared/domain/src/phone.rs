//! Phone numbers that can get text messages.

use std::fmt;

/// E.164: from 7 to 15 digits with the calling code.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A phone number in the international form of E.164: `+34600000000`.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// The beginnings of the numbers that may get text messages: calling codes of countries, such as `34`, or more digits,
/// such as `346` for a range of mobile numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedNumbers(Vec<String>);

impl PhoneNumber {
    /// Reads a number that a customer wrote: `+`, the calling code and the number, perhaps with spaces, hyphens, dots,
    /// slashes and brackets. `(0)` after the calling code is left out, as callers from abroad do. `None` for another
    /// text, such as a number without its calling code: nobody knows its country for certain.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().replacen("(0)", "", 1);
        let after_plus = text.strip_prefix('+')?;
        let mut digits = String::new();
        for character in after_plus.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')' => {}
                _ => return None,
            }
        }
        let fits = DIGITS.contains(&digits.len()) && !digits.starts_with('0');
        fits.then(|| Self(format!("+{digits}")))
    }

    /// The number: `+34600000000`.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

/// A number is personal, so no log shows it.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber")
    }
}

impl AllowedNumbers {
    /// Reads beginnings with commas between them, with or without a `+`: `34, +351`. `None` if one of them is no
    /// beginning of a number.
    pub fn read(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        let beginning = |part: &str| {
            let digits = part.strip_prefix('+').unwrap_or(part);
            let fits = digits.bytes().all(|byte| byte.is_ascii_digit())
                && !digits.starts_with('0')
                && (1..*DIGITS.end()).contains(&digits.len());
            fits.then(|| digits.to_owned())
        };
        parts.map(beginning).collect::<Option<_>>().map(Self)
    }

    /// Whether no number is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a number begins with one of the beginnings.
    pub fn allow(&self, number: &PhoneNumber) -> bool {
        let digits = number.0.trim_start_matches('+');
        self.0.iter().any(|start| digits.starts_with(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_its_calling_code_is_read() {
        for (text, number) in [
            ("+34 600 000 000", "+34600000000"),
            ("+34-600.000/000", "+34600000000"),
            (" +1 (212) 555-0100 ", "+12125550100"),
            ("+49 (0)170 1234567", "+491701234567"),
            ("+290\u{a0}12345", "+29012345"),
            ("+123456789012345", "+123456789012345"),
        ] {
            let read = PhoneNumber::read(text);
            assert_eq!(read.as_ref().map(PhoneNumber::e164), Some(number), "{text}");
        }
    }

    #[test]
    fn a_number_without_its_country_is_not_guessed() {
        for text in [
            "",
            "+",
            "600 000 000",
            "0034 600 000 000",
            "+0 600 000 000",
            "+(0)",
            "+34 600",
            "+1234567890123456",
            "+34 600 000 000 ext 5",
            "+34 600 000 000, ring twice",
            "tel:+34600000000",
            "+٣٤600000000",
            "++34600000000",
            "+34+600000000",
        ] {
            assert_eq!(PhoneNumber::read(text), None, "{text}");
        }
        let number = PhoneNumber::read("+34600000000").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber");
    }

    #[test]
    fn beginnings_name_countries_or_ranges() {
        let allowed = AllowedNumbers::read("346, +351,1787").unwrap();
        let allows = |text| allowed.allow(&PhoneNumber::read(text).unwrap());
        assert!(allows("+34600000000") && allows("+351910000000") && allows("+17875550100"));
        assert!(!allows("+34930000201") && !allows("+12125550100") && !allows("+7351000000"));
        assert!(AllowedNumbers::read(" , ").unwrap().is_empty());
        for bad in ["ES", "034", "+", "34;351", "123456789012345"] {
            assert_eq!(AllowedNumbers::read(bad), None, "{bad}");
        }
    }
}
