//! Breaks in a shift, and how they delay the stops of a route.
//!
//! The rule is the planner's (`docs/PLANNER.md`): a break begins when its window opens, or when the service ends that
//! is under way. It interrupts driving. A service that would end after the window begins after the break.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::stop::TimeWindow;

/// A shift has at most this many breaks.
pub const MOST_BREAKS: usize = 3;
/// The longest break, in seconds.
pub const LONGEST_BREAK_S: u32 = 4 * 3_600;

/// A pause in a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// The time in which it begins.
    pub window: TimeWindow,
    /// Its length, in seconds.
    pub duration_s: u32,
}

impl Break {
    /// Whether it is due at a time and could not have ended by then.
    pub fn is_under_way(&self, at: Timestamp) -> bool {
        self.window.start <= at && at < later(self.window.start, self.duration_s)
    }
}

/// The time at which an agent departs who is ready at a time. Breaks that are due come first.
pub fn depart(breaks: &[Break], ready: Timestamp) -> Timestamp {
    let mut at = ready;
    for pause in breaks {
        if pause.is_under_way(ready) || due(pause, ready, at) {
            at = later(at, pause.duration_s);
        }
    }
    at
}

/// The time at which an agent drives on who was seen at a time. A break that is under way then began when its window
/// opened.
pub fn drives_on(breaks: &[Break], seen: Timestamp) -> Timestamp {
    let under_way = breaks.iter().filter(|pause| pause.is_under_way(seen));
    let ends = under_way.map(|pause| later(pause.window.start, pause.duration_s));
    ends.max().unwrap_or(seen)
}

/// The arrival after so many seconds of driving.
pub fn drive(breaks: &[Break], from: Timestamp, seconds: u32) -> Timestamp {
    let mut at = later(from, seconds);
    for pause in breaks {
        if due(pause, from, at) {
            at = later(at, pause.duration_s);
        }
    }
    at
}

/// The begin of a service, and the time at which the agent can drive on.
pub fn serve(
    breaks: &[Break],
    arrival: Timestamp,
    not_before: Option<Timestamp>,
    service_s: u32,
) -> (Timestamp, Timestamp) {
    let mut begin = not_before.map_or(arrival, |opens| opens.max(arrival));
    for pause in breaks {
        let ends = later(pause.window.start, pause.duration_s);
        let falls_into_waiting = due(pause, arrival, begin);
        let would_be_late =
            pause.window.start > begin && later(begin, service_s) > pause.window.end;
        if falls_into_waiting || would_be_late {
            begin = begin.max(ends);
        }
    }
    let mut free = later(begin, service_s);
    for pause in breaks {
        if due(pause, begin, free) {
            free = later(free, pause.duration_s);
        }
    }
    (begin, free)
}

/// Whether a break becomes due after a time, and by another time.
fn due(pause: &Break, after: Timestamp, by: Timestamp) -> bool {
    after < pause.window.start && pause.window.start <= by
}

/// The time `seconds` later. A time that a timestamp cannot hold stays as it is.
fn later(at: Timestamp, seconds: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds.into()))
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_900_000_000 + 60 * minute).unwrap()
    }

    fn pause(from: i64, until: i64, minutes: u32) -> Break {
        Break {
            window: TimeWindow {
                start: at(from),
                end: at(until),
            },
            duration_s: 60 * minutes,
        }
    }

    #[test]
    fn driving_is_interrupted() {
        let breaks = [pause(60, 75, 30), pause(200, 210, 10)];
        let minutes = |from, minutes: u32| drive(&breaks, at(from), 60 * minutes);
        assert_eq!(minutes(0, 59), at(59));
        assert_eq!(minutes(0, 60), at(90), "the break comes before the arrival");
        assert_eq!(minutes(50, 20), at(100));
        assert_eq!(minutes(60, 20), at(80), "the break is over");
        assert_eq!(minutes(50, 120), at(210), "two breaks");
    }

    #[test]
    fn who_is_seen_in_a_break_drives_on_after_the_rest_of_it() {
        let breaks = [pause(60, 75, 30)];
        let drives_on = |minute| drives_on(&breaks, at(minute));
        assert_eq!(drives_on(59), at(59));
        assert_eq!([60, 80, 89].map(drives_on), [at(90); 3]);
        assert_eq!(drives_on(90), at(90));
    }

    #[test]
    fn a_service_is_not_interrupted() {
        let breaks = [pause(60, 75, 30)];
        let serve = |arrival, opens: Option<i64>, minutes: u32| {
            serve(&breaks, at(arrival), opens.map(at), 60 * minutes)
        };
        assert_eq!(serve(50, None, 5), (at(50), at(55)));
        assert_eq!(serve(50, None, 25), (at(50), at(105)));
        assert_eq!(serve(50, None, 26), (at(90), at(116)), "too long before");
        assert_eq!(serve(50, Some(70), 5), (at(90), at(95)), "while waiting");
        assert_eq!(serve(50, Some(100), 5), (at(100), at(105)));
        assert_eq!(serve(90, None, 5), (at(90), at(95)));
    }

    #[test]
    fn a_break_that_is_due_at_the_departure_comes_first() {
        let breaks = [pause(60, 75, 30), pause(105, 120, 10)];
        assert_eq!(depart(&breaks, at(59)), at(59));
        assert_eq!(depart(&breaks, at(60)), at(90));
        assert_eq!(depart(&breaks, at(80)), at(120), "and the next one with it");
        assert_eq!(depart(&breaks, at(90)), at(90));
    }
}
