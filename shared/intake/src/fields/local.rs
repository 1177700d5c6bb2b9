//! Times without an offset, as spreadsheets and shops write them.

use domain::import::DateOrder;
use domain::stop::OPEN_END;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::time::read_time;

/// What a file does not say about its times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LocalTimes {
    /// The zone of times without an offset.
    pub(crate) zone: Option<TimeZone>,
    /// How dates are written.
    pub(crate) order: Option<DateOrder>,
    /// The day of times that have none.
    pub(crate) date: Option<Date>,
}

impl LocalTimes {
    /// Reads a time. A time that the clocks show twice is the first one, and a time that they skip is the one after.
    ///
    /// # Errors
    /// The fault in words for a person.
    pub(crate) fn complete(&self, text: &str) -> Result<Timestamp, &'static str> {
        let fault = match read_time(text) {
            Ok(time) => return Ok(time),
            Err(fault) => fault,
        };
        let text = text.replace(['\u{a0}', '\u{202f}'], " ");
        let (day, time) = self.day(text.trim())?;
        if time.is_empty() {
            return Err("has no time of day");
        }
        let (time, offset) = time_of_day(time).ok_or_else(|| match time.parse::<f64>() {
            Ok(_) => "is a number; if a spreadsheet shows it as a date, format the column as text such as \
                      2030-01-31 09:30",
            Err(_) => fault,
        })?;
        let Some(day) = day.or(self.date) else {
            return Err("has no date; write one, or name the day in the setting date");
        };
        if day.year() == 9999 {
            return Ok(OPEN_END);
        }
        let at = DateTime::from_parts(day, time);
        if !offset.is_empty() {
            return read_time(&format!("{at}{offset}"));
        }
        let Some(zone) = &self.zone else {
            return Err(
                "has no offset: Z, or one such as +01:00; write one, or name the zone in the setting time_zone",
            );
        };
        zone.to_timestamp(at).map_err(|_| fault)
    }

    /// The day that a text begins with, and the text after it. `None` if the text is a time of day.
    fn day<'t>(&self, text: &'t str) -> Result<(Option<Date>, &'t str), &'static str> {
        let end = text.find([' ', 'T', ',']).unwrap_or(text.len());
        let (date, time) = text.split_at(end);
        let numbers: Vec<&str> = date.split(['/', '.', '-']).collect();
        let [one, two, three] = numbers.as_slice() else {
            return Ok((None, text));
        };
        let (year, month, day) = match self.order {
            _ if one.len() == 4 => (one, two, three),
            Some(DateOrder::Ymd) => (one, two, three),
            Some(DateOrder::Dmy) => (three, two, one),
            Some(DateOrder::Mdy) => (three, one, two),
            None => {
                return Err(
                    "has a date whose day and month may be swapped; write 2030-01-31, or name the sequence in the \
                     setting date_order",
                );
            }
        };
        let read = (|| {
            let full = match year.len() {
                2 => 2000 + year.parse::<i16>().ok()?,
                4 => year.parse().ok()?,
                _ => return None,
            };
            Date::new(full, month.parse().ok()?, day.parse().ok()?).ok()
        })();
        let date = read.ok_or("is no day of the calendar; look at the setting date_order")?;
        Ok((Some(date), time.trim_start_matches([' ', 'T', ','])))
    }
}

/// Reads `9:30`, `09:30:00` or `9:30 PM`, and what follows: an offset or nothing.
fn time_of_day(text: &str) -> Option<(Time, &str)> {
    let (text, offset) = match text.find(['+', 'Z', 'z', '-']) {
        Some(place) => text.split_at(place),
        None => match text
            .trim_end()
            .strip_suffix("UTC")
            .or_else(|| text.trim_end().strip_suffix("GMT"))
        {
            Some(time) => (time, "Z"),
            None => (text, ""),
        },
    };
    let text = text
        .trim()
        .to_lowercase()
        .replace("a. m.", "am")
        .replace("p. m.", "pm")
        .replace("a.m.", "am")
        .replace("p.m.", "pm");
    let (clock, noon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        _ => (text.as_str(), None),
    };
    let mut numbers = clock.trim().split(':');
    let mut hour: i8 = numbers.next()?.parse().ok()?;
    let minute = numbers.next();
    if minute.is_none() && noon.is_none() {
        return None;
    }
    let minute = minute.map_or(Ok(0), str::parse).ok()?;
    // Fractions of a second make no difference.
    let second = numbers
        .next()
        .map(|text| text.split('.').next().unwrap_or_default());
    let second = second.map_or(Ok(0), str::parse).ok()?;
    if let Some(after) = noon {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + after;
    }
    let is_over = numbers.next().is_some();
    let time = Time::new(hour, minute, second, 0)
        .ok()
        .filter(|_| !is_over)?;
    Some((time, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn madrid(order: Option<DateOrder>) -> LocalTimes {
        LocalTimes {
            zone: Some(TimeZone::get("Europe/Madrid").unwrap()),
            order,
            date: Some("2026-12-07".parse().unwrap()),
        }
    }

    #[test]
    fn times_are_read_in_the_zone_and_in_the_sequence_of_the_file() {
        let expected: Timestamp = "2026-12-07T08:30:00Z".parse().unwrap();
        for (order, text) in [
            (None, "2026-12-07T09:30:00"),
            (None, "2026-12-07 9:30"),
            (None, "2026/12/07 09:30"),
            (None, "9:30"),
            (None, "9:30 AM"),
            (None, "09:30:00"),
            (None, "2026-12-07T08:30:00Z"),
            (Some(DateOrder::Dmy), "7/12/2026 9:30:00"),
            (Some(DateOrder::Dmy), "07.12.26, 09:30"),
            (Some(DateOrder::Mdy), "12/07/2026 9:30\u{202f}a.m."),
            (Some(DateOrder::Mdy), "12/7/2026 08:30Z"),
            (Some(DateOrder::Dmy), "7/12/2026 9:30 a.\u{a0}m."),
            (Some(DateOrder::Dmy), "7/12/2026 8:30 UTC"),
            (Some(DateOrder::Mdy), "12/7/2026 09:30 +01:00"),
            (Some(DateOrder::Ymd), "26-12-07 09:30"),
        ] {
            assert_eq!(madrid(order).complete(text), Ok(expected), "{text}");
        }
        let noon = madrid(None).complete("12:15 PM").unwrap();
        assert_eq!(noon.to_string(), "2026-12-07T11:15:00Z");
        let midnight = madrid(None).complete("12:15 am").unwrap();
        assert_eq!(midnight.to_string(), "2026-12-06T23:15:00Z");
        assert_eq!(madrid(None).complete("9999-12-31 23:59:59"), Ok(OPEN_END));
    }

    #[test]
    fn the_hours_that_a_change_of_clocks_skips_or_doubles_are_certain() {
        let at = |text| madrid(None).complete(text).unwrap().to_string();
        assert_eq!(at("2026-03-29 02:30"), "2026-03-29T01:30:00Z");
        assert_eq!(at("2026-10-25 02:30"), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn what_is_missing_is_told() {
        let bare = LocalTimes::default();
        for (times, text, told) in [
            (&bare, "2026-12-07 09:30", "time_zone"),
            (&bare, "9:30", "no date"),
            (&madrid(None), "07/12/2026 9:30", "date_order"),
            (
                &madrid(Some(DateOrder::Mdy)),
                "13/12/2026 9:30",
                "no day of the calendar",
            ),
            (
                &madrid(Some(DateOrder::Dmy)),
                "07/12/2026",
                "no time of day",
            ),
            (&madrid(None), "2026-12-07 25:30", "must be a time"),
            (&madrid(None), "13:30 PM", "must be a time"),
            (&madrid(None), "soon", "must be a time"),
            (&bare, "Dec 7, 2026 9:30 AM", "must be a time"),
            (&bare, "46363.39583", "format the column as text"),
        ] {
            let fault = times.complete(text).unwrap_err();
            assert!(fault.contains(told), "{text}: {fault}");
        }
    }
}
