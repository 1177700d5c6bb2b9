//! The hours in which the company delivers, and the windows that a recipient may choose from.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{RoundMode, SignedDuration, Timestamp, Unit, Zoned, ZonedRound};

use crate::agent::Shift;
use crate::failure::RETRY_AFTER;
use crate::stop::TimeWindow;

/// A recipient chooses from at most this many windows.
pub const MOST_WINDOWS: usize = 6;
/// They begin within this many days.
const DAYS_AHEAD: usize = 7;
/// The windows of a day are the equal parts of its delivery hours: at most three, and each of two hours or more.
const MOST_WINDOWS_OF_A_DAY: i64 = 3;
const LEAST_MINUTES_OF_A_PART: i64 = 120;
/// A window whose begin is over is offered with what is left of it, if that is an hour or more.
const LEAST_WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// An agent rests for this long after a shift.
const REST: SignedDuration = SignedDuration::from_hours(11);
/// The windows begin and end at full half hours.
const STEP_MINUTES: i64 = 30;
const DAY_MINUTES: i64 = 24 * 60;

/// The days and hours in which the company delivers, such as `Mo-Sa 08:00-20:00`, in its time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryHours {
    first_day: Weekday,
    last_day: Weekday,
    /// In minutes from midnight.
    opens: i64,
    closes: i64,
}

impl DeliveryHours {
    /// Reads `Mo-Sa 08:00-20:00`, or `Sa 10:00-14:00` for one day. `24:00` is the end of a day. `None` for another
    /// text, and for hours that end before they begin.
    pub fn read(text: &str) -> Option<Self> {
        let (days, hours) = text.trim().split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let (opens, closes) = hours.trim().split_once('-')?;
        let read = Self {
            first_day: weekday(first)?,
            last_day: weekday(last)?,
            opens: minutes(opens)?,
            closes: minutes(closes)?,
        };
        (read.closes - read.opens >= 60).then_some(read)
    }

    /// The windows that a recipient may choose from at `now`, the next one first.
    ///
    /// The delivery hours of a day have up to three equal parts, and each part is a window. A window begins an hour
    /// from now at the earliest. What is left of a part that has begun counts too, from the next full hour on. The
    /// agent with the parcel has a rest of eleven hours after the shift, and no window is within it.
    pub fn windows(
        &self,
        zone: &TimeZone,
        shift: Option<Shift>,
        now: Timestamp,
    ) -> Vec<TimeWindow> {
        let Some(earliest) = earliest(zone, now) else {
            return Vec::new();
        };
        let rest = shift.map(|shift| TimeWindow {
            start: shift.end,
            end: shift.end.checked_add(REST).unwrap_or(shift.end),
        });
        let days = now
            .to_zoned(zone.clone())
            .date()
            .series(jiff::Span::new().days(1));
        let days = days
            .take(DAYS_AHEAD)
            .filter(|day| self.is_open_on(day.weekday()));
        let parts = days.flat_map(|day| self.parts_of(day, zone));
        let open = parts.filter_map(|part| {
            let start = part.start.max(earliest);
            let window = TimeWindow { start, ..part };
            (window.end.duration_since(start) >= LEAST_WINDOW).then_some(window)
        });
        let rested = |window: &TimeWindow| {
            rest.is_none_or(|rest| window.end <= rest.start || rest.end <= window.start)
        };
        open.filter(rested).take(MOST_WINDOWS).collect()
    }

    fn is_open_on(&self, day: Weekday) -> bool {
        let [first, last, day] =
            [self.first_day, self.last_day, day].map(Weekday::to_monday_zero_offset);
        if first <= last {
            (first..=last).contains(&day)
        } else {
            first <= day || day <= last
        }
    }

    fn parts_of(self, day: Date, zone: &TimeZone) -> impl Iterator<Item = TimeWindow> {
        let length = self.closes - self.opens;
        let parts = (length / LEAST_MINUTES_OF_A_PART).clamp(1, MOST_WINDOWS_OF_A_DAY);
        let bound = move |part: i64| match part {
            0 => self.opens,
            part if part == parts => self.closes,
            part => (self.opens + length * part / parts) / STEP_MINUTES * STEP_MINUTES,
        };
        (0..parts).filter_map(move |part| {
            Some(TimeWindow {
                start: moment(day, bound(part), zone)?,
                end: moment(day, bound(part + 1), zone)?,
            })
        })
    }
}

/// The first full hour of the clock at which another attempt may begin.
fn earliest(zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let soonest = now.checked_add(RETRY_AFTER).ok()?.to_zoned(zone.clone());
    let hour = ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Ceil);
    soonest.round(hour).ok().map(|hour: Zoned| hour.timestamp())
}

/// A time of the clock on a day. A time that a change of the clock leaves out is an hour later.
fn moment(day: Date, minutes: i64, zone: &TimeZone) -> Option<Timestamp> {
    let day = if minutes == DAY_MINUTES {
        day.tomorrow().ok()?
    } else {
        day
    };
    let minutes = minutes % DAY_MINUTES;
    let time = Time::new(
        i8::try_from(minutes / 60).ok()?,
        i8::try_from(minutes % 60).ok()?,
        0,
        0,
    );
    let zoned = day.to_datetime(time.ok()?).to_zoned(zone.clone());
    zoned.ok().map(|zoned| zoned.timestamp())
}

fn weekday(name: &str) -> Option<Weekday> {
    let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
    let day = names.iter().position(|known| *known == name)?;
    Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()
}

fn minutes(clock: &str) -> Option<i64> {
    let (hours, minutes) = clock.split_once(':')?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = 60 * hours + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn hours(text: &str) -> DeliveryHours {
        DeliveryHours::read(text).unwrap()
    }

    /// The windows in the time of Madrid, such as `Mon 12:00-16:00`.
    fn offered(hours: &DeliveryHours, shift: Option<Shift>, now: &str) -> Vec<String> {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let windows = hours.windows(&zone, shift, at(now));
        let text = |time: Timestamp, format| {
            let zoned = time.to_zoned(zone.clone());
            zoned.strftime(format).to_string()
        };
        let words = windows.iter().map(|window| {
            format!(
                "{}-{}",
                text(window.start, "%a %H:%M"),
                text(window.end, "%H:%M")
            )
        });
        words.collect()
    }

    #[test]
    fn six_windows_are_offered_in_the_delivery_hours_of_the_next_days() {
        // 2030-05-06 is a Monday, and Madrid is two hours ahead.
        assert_eq!(
            offered(&hours("Mo-Sa 08:00-20:00"), None, "2030-05-06T05:00:00Z"),
            [
                "Mon 08:00-12:00",
                "Mon 12:00-16:00",
                "Mon 16:00-20:00",
                "Tue 08:00-12:00",
                "Tue 12:00-16:00",
                "Tue 16:00-20:00",
            ]
        );
        let saturday = offered(&hours("Mo-Sa 09:00-17:30"), None, "2030-05-11T12:00:00Z");
        assert_eq!(
            saturday,
            [
                "Sat 15:00-17:30",
                "Mon 09:00-11:30",
                "Mon 11:30-14:30",
                "Mon 14:30-17:30",
                "Tue 09:00-11:30",
                "Tue 11:30-14:30",
            ]
        );
    }

    #[test]
    fn a_window_begins_an_hour_from_now_and_has_an_hour_left() {
        let day = hours("Mo-Su 08:00-20:00");
        let first = |now| offered(&day, None, now).remove(0);
        assert_eq!(first("2030-05-06T08:59:59Z"), "Mon 12:00-16:00");
        assert_eq!(first("2030-05-06T07:59:59Z"), "Mon 11:00-12:00");
        assert_eq!(first("2030-05-06T11:00:01Z"), "Mon 15:00-16:00");
        assert_eq!(first("2030-05-06T11:00:00Z"), "Mon 14:00-16:00");
        assert_eq!(first("2030-05-06T16:00:00Z"), "Mon 19:00-20:00");
        assert_eq!(first("2030-05-06T16:00:01Z"), "Tue 08:00-12:00");
    }

    #[test]
    fn the_agent_rests_after_the_shift() {
        let shift = |end| {
            Some(TimeWindow {
                start: at("2030-05-06T04:00:00Z"),
                end: at(end),
            })
        };
        let day = hours("Mo-Su 08:00-20:00");
        // The shift ends at 16:00, and the rest at 03:00.
        assert_eq!(
            offered(&day, shift("2030-05-06T14:00:00Z"), "2030-05-06T05:00:00Z")[..3],
            ["Mon 08:00-12:00", "Mon 12:00-16:00", "Tue 08:00-12:00"]
        );
        // The shift ends at 22:00, and the rest at 09:00.
        assert_eq!(
            offered(&day, shift("2030-05-06T20:00:00Z"), "2030-05-06T14:00:00Z")[..2],
            ["Mon 17:00-20:00", "Tue 12:00-16:00"]
        );
    }

    #[test]
    fn the_clock_of_the_zone_counts_when_it_changes() {
        // On 2030-03-31, Madrid goes from 02:00 to 03:00.
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let night = hours("Sa-Su 00:00-24:00");
        let windows = night.windows(&zone, None, at("2030-03-30T22:30:00Z"));
        let hours = windows
            .iter()
            .map(|it| it.end.duration_since(it.start).as_hours());
        assert_eq!(
            hours.collect::<Vec<_>>()[..3],
            [6, 8, 8],
            "an hour is left out"
        );
    }

    #[test]
    fn days_may_go_over_the_end_of_the_week_and_short_hours_are_one_window() {
        let weekend = hours("Sa-Mo 10:00-12:00");
        assert_eq!(
            offered(&weekend, None, "2030-05-06T14:00:00Z"),
            ["Sat 10:00-12:00", "Sun 10:00-12:00"]
        );
    }

    #[test]
    fn other_texts_are_no_hours() {
        for text in [
            "",
            "Mo-Sa",
            "08:00-20:00",
            "Mo-Sa 20:00-08:00",
            "Mo-Sa 08:00-08:30",
            "Mo-Sa 8:00-20:00",
            "Mo-Sa 08:60-20:00",
            "Mo-Sa 08:00-24:01",
            "mo-sa 08:00-20:00",
            "Mo-Xx 08:00-20:00",
            "Mo-Sa 08:00",
        ] {
            assert_eq!(DeliveryHours::read(text), None, "{text}");
        }
    }
}
