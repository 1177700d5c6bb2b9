//! Reading what nearly all fields look like, without the cost of what they might look like: a million rows have four million
//! coordinates. All that is unusual is left to the library, and what is read here is what the library reads.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// Whether a text has control characters. Most are ASCII, of which a byte tells.
#[inline]
pub(super) fn has_control(text: &str) -> bool {
    // Eight bytes are looked at together. Beyond ASCII, control characters all begin with C2.
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let perhaps = |byte: &u8| byte.is_ascii_control() || *byte == 0xC2;
    let suspect = eights
        .iter()
        .any(|eight| perhaps_control(u64::from_le_bytes(*eight)))
        || rest.iter().any(perhaps);
    suspect && text.chars().any(char::is_control)
}

/// Whether any of eight bytes is below 20, or 7F, or C2; also for some that come right after one of those.
#[inline]
fn perhaps_control(eight: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes & (ONES * 0x80);
    below(eight, 0x20) | below(eight ^ (ONES * 0x7F), 1) | below(eight ^ (ONES * 0xC2), 1) != 0
}

/// A time in RFC 3339. The shape that most have, `2030-01-31T09:30:00Z`, is read by itself.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    plain_time(text.as_bytes()).or_else(|| text.parse().ok())
}

/// A time of exactly that shape. What is `None` here may be a time all the same.
#[inline]
fn plain_time(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    if [text[4], text[7], text[10], text[13], text[16], text[19]] != *b"--T::Z" {
        return None;
    }
    let two = |tens: u8, ones: u8| -> Option<i8> {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| ((tens - b'0') * 10 + (ones - b'0')) as i8)
    };
    let year = i16::from(two(text[0], text[1])?) * 100 + i16::from(two(text[2], text[3])?);
    let (month, day) = (two(text[5], text[6])?, two(text[8], text[9])?);
    let (hour, minute) = (two(text[11], text[12])?, two(text[14], text[15])?);
    let date = Date::new(year, month, day).ok()?;
    let time = Time::new(hour, minute, two(text[17], text[18])?, 0).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// A number of at most 15 digits with or without a point, `-41.40363`: what coordinates are. Numerator and denominator have an
/// exact `f64` each, so that their quotient is the nearest there is, which is what the library's own reading gives. What is
/// `None` here may be a number all the same.
#[inline]
pub(super) fn decimal(text: &[u8]) -> Option<f64> {
    const TENS: [f64; 16] = [
        1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    if unsigned.len() > 15 {
        return None;
    }
    let (mut digits, mut point) = (0_u64, None);
    for (place, byte) in unsigned.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && place > 0 => point = Some(place),
            _ => return None,
        }
    }
    let after = point.map_or(0, |point| unsigned.len() - 1 - point);
    let number = digits as f64 / TENS.get(after)?;
    let is_one = !unsigned.is_empty();
    is_one.then(|| {
        if unsigned.len() < text.len() {
            -number
        } else {
            number
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_decimal_is_the_number_that_the_library_reads(text in "-?[0-9]{0,9}\\.?[0-9]{0,9}|\\PC{0,5}") {
            if let Some(number) = decimal(text.as_bytes()) {
                let expected: f64 = text.parse().unwrap();
                prop_assert_eq!(number.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn a_plain_time_is_the_time_that_the_library_reads(
            text in "[0-9]{3}[0-9x]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9][Zz]?|20[23][0-9]-02-[23][0-9]T23:59:59Z",
        ) {
            let expected: Option<Timestamp> = text.parse().ok();
            if let Some(read) = plain_time(text.as_bytes()) {
                prop_assert_eq!(Some(read), expected);
            }
            prop_assert_eq!(time(&text), expected);
        }

        #[test]
        fn control_characters_are_found_wherever_they_are(text in "([ -~]{0,9}|[\\u{0}-\\u{ff}]|\\PC){0,4}") {
            prop_assert_eq!(has_control(&text), text.chars().any(char::is_control));
        }
    }
}
