//! Times in RFC 3339, and what people write instead.

use std::borrow::Cow;

use domain::stop::OPEN_END;
use jiff::civil::DateTime;
use jiff::{Timestamp, Zoned};

/// The last day of the calendar. Many programs write it for an end that is open.
const LAST_DAY: &str = "9999-12-31";

/// Reads a time. A time on the last day of the year 9999 is [`OPEN_END`].
///
/// # Errors
/// The fault in words for a person.
pub(super) fn read_time(text: &str) -> Result<Timestamp, &'static str> {
    let text = joined(text.trim());
    if let Some(time) = text.strip_prefix(LAST_DAY) {
        // `jiff` ends a day earlier, so that each of its times has a date in every zone.
        return match read_time(&format!("9999-12-29{time}")) {
            Ok(_) => Ok(OPEN_END),
            Err(fault) => Err(fault),
        };
    }
    if hours_of_offset(&text).is_some_and(|hours| hours > 23) {
        return Err("has an offset of 24 hours or more; an offset is such as +01:00");
    }
    let Ok(time) = text.parse::<Timestamp>() else {
        return Err(what_is_missing(&text));
    };
    let zone = text.split_once('[').map(|(_, zone)| zone);
    // An annotation with `=` is a calendar and no zone (RFC 9557).
    if zone.is_some_and(|zone| !zone.contains('=')) {
        // `jiff` refuses an offset that the zone does not have at that time.
        return match text.parse::<Zoned>() {
            Ok(zoned) if zoned.timestamp() == time => Ok(time),
            _ => Err(
                "has an offset that contradicts the time zone in brackets, or that zone is not known; send the offset \
                 alone",
            ),
        };
    }
    Ok(time)
}

/// The text without the space that some shops write before the offset: `2030-01-31 09:30:00 +0100`.
fn joined(text: &str) -> Cow<'_, str> {
    match text.rsplit_once(' ') {
        Some((time, offset)) if time.contains(':') && offset.starts_with(['+', '-']) => {
            format!("{}{offset}", time.trim_end()).into()
        }
        // Shops write this too, and so do the logs of databases.
        Some((time, "UTC" | "GMT" | "Z")) if time.contains(':') => {
            format!("{}Z", time.trim_end()).into()
        }
        _ => text.into(),
    }
}

/// The hours of the offset after the time of day.
fn hours_of_offset(text: &str) -> Option<u32> {
    let (_, time) = text.split_at_checked(LAST_DAY.len())?;
    let time = time.split('[').next()?;
    let offset = time.get(time.rfind(['+', '-'])? + 1..)?;
    offset.get(..2)?.parse().ok()
}

fn what_is_missing(text: &str) -> &'static str {
    if text.parse::<DateTime>().is_ok() {
        "must be a time such as 2030-01-31T09:30:00Z (RFC 3339); the offset is missing: Z, or one such as +01:00"
    } else if text.contains('/') {
        "must be a time such as 2030-01-31T09:30:00Z (RFC 3339): the year, the month and the day, with hyphens"
    } else {
        "must be a time such as 2030-01-31T09:30:00Z (RFC 3339)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let expected: Timestamp = "2026-12-07T08:30:00Z".parse().unwrap();
        for text in [
            "2026-12-07T09:30:00+01:00",
            "2026-12-07 09:30:00 +0100",
            " 2026-12-07 09:30:00+01 ",
            "2026-12-07T09:30:00+01:00[Europe/Madrid]",
            "2026-12-07T08:30:00Z[Europe/Madrid]",
            "2026-12-07 08:30:00 UTC",
            "2026-12-07 08:30:00 GMT",
            "2026-12-07 08:30:00 Z",
            "2026-12-07T08:30:00Z[u-ca=gregory]",
            "2026-12-06T09:31:00-22:59",
        ] {
            assert_eq!(read_time(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_is_open() {
        for text in [
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999Z",
            "9999-12-31 00:00:00 +0100",
        ] {
            assert_eq!(read_time(text), Ok(OPEN_END), "{text}");
        }
        assert!(read_time("9999-12-31T25:00:00Z").is_err());
        assert_eq!(OPEN_END.to_string(), "9999-12-30T22:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_told_why() {
        for (text, told) in [
            ("2026-12-07T09:00:00+25:00", "24 hours"),
            ("2026-12-07T09:00:00-2400", "24 hours"),
            ("2026-12-07T09:30:00+09:00[Europe/Madrid]", "contradicts"),
            ("2026-07-07T09:30:00+01:00[Europe/Madrid]", "contradicts"),
            ("2026-12-07T09:30:00+01:00[Europe/Nowhere]", "contradicts"),
            ("2026-12-07T09:30:00", "offset is missing"),
            ("2026-12-07 09:30", "offset is missing"),
            ("07/12/2026 9:30:00", "with hyphens"),
            ("2026-13-07T09:30:00Z", "must be a time"),
            ("tomorrow", "must be a time"),
            ("", "must be a time"),
            ("é", "must be a time"),
        ] {
            let fault = read_time(text).unwrap_err();
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
