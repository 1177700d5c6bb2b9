//! The clock of a vehicle with breaks.
//!
//! It stands still while the vehicle rests. On this *work clock* driving, waiting and service take as long as they
//! would take without breaks, so the search counts on it as on a wall clock. Two things differ: a service that would
//! delay a break too much begins after the break, and lateness and waiting are counted on the wall clock.

use crate::instance::{MOST_BREAKS, Vehicle};
use crate::plan::TimedBreak;

/// A time after everything that can happen.
const NEVER: i64 = i64::MAX / 4;

/// A break on the work clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rest {
    /// When it is due.
    due: i64,
    /// When it begins at the latest.
    last: i64,
    /// The length of this break and of all before it.
    total: i64,
}

/// The work clock of a vehicle. Without breaks it is the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkClock {
    rests: [Rest; MOST_BREAKS],
    count: usize,
}

impl WorkClock {
    /// The clock of a vehicle. A break whose time is over before the shift starts does not count. A break that is due
    /// by then begins with the shift.
    pub(crate) fn of(vehicle: &Vehicle) -> Self {
        let start_s = vehicle.shift.start_s;
        let mut clock = Self::default();
        let mut total = 0;
        for it in &vehicle.breaks {
            let (earliest_s, latest_s) = (it.window.earliest_s, it.window.latest_s);
            if earliest_s + it.duration_s <= start_s || clock.count == MOST_BREAKS {
                continue;
            }
            let before = clock.rests().last().map_or(start_s, |rest| rest.due);
            let due = (earliest_s - total).max(before);
            total += it.duration_s;
            clock.rests[clock.count] = Rest {
                due,
                last: (latest_s - (total - it.duration_s)).max(due),
                total,
            };
            clock.count += 1;
        }
        clock
    }

    fn rests(&self) -> &[Rest] {
        &self.rests[..self.count]
    }

    /// Whether there are breaks.
    pub(crate) fn has_rests(&self) -> bool {
        self.count > 0
    }

    /// The time on the wall. A break that is due has been taken by then.
    pub(crate) fn wall(&self, work: i64) -> i64 {
        let taken = self.rests().iter().rev().find(|rest| rest.due <= work);
        work + taken.map_or(0, |rest| rest.total)
    }

    /// The first moment of work that is not before a time on the wall.
    pub(crate) fn not_before(&self, wall: i64) -> i64 {
        let mut work = wall;
        for rest in self.rests() {
            if work < rest.due {
                break;
            }
            work = (wall - rest.total).max(rest.due);
        }
        work
    }

    /// The last moment of work that is not after a time on the wall.
    pub(crate) fn not_after(&self, wall: i64) -> i64 {
        let mut work = wall;
        for rest in self.rests() {
            if wall - rest.total >= rest.due {
                work = wall - rest.total;
            } else {
                return work.min(rest.due - 1);
            }
        }
        work
    }

    /// The begin of a service of this length by a vehicle that could begin now: now, or after a break that the service
    /// would delay too much.
    pub(crate) fn begin(&self, mut now: i64, service: i64) -> i64 {
        for rest in self.rests() {
            if now < rest.due && now + service > rest.last {
                now = rest.due;
            }
        }
        now
    }

    /// The last moment from which [`begin`](Self::begin) leads to a begin that is not after a bound.
    pub(crate) fn latest(&self, mut bound: i64, service: i64) -> i64 {
        for rest in self.rests().iter().rev() {
            if bound < rest.due && bound + service > rest.last {
                bound = rest.last - service;
            }
        }
        bound
    }

    /// Until when a later begin of a service is later by the same time on the wall.
    pub(crate) fn steady_until(&self, begin: i64, service: i64) -> i64 {
        let ahead = self.rests().iter().filter(|rest| rest.due > begin);
        let ends = ahead.map(|rest| (rest.due - 1).min(rest.last - service));
        ends.min().unwrap_or(NEVER)
    }

    /// The breaks that are due by a moment of work. `services` are the begins and lengths of the services.
    pub(crate) fn breaks(&self, until: i64, services: &[(i64, i64)]) -> Vec<TimedBreak> {
        let mut total = 0;
        let due = self.rests().iter().filter(|rest| rest.due <= until);
        due.map(|rest| {
            let before = services.iter().take_while(|(begin, _)| *begin < rest.due);
            // A service that is under way when the break is due comes first.
            let last = before.clone().last();
            let begin = last.map_or(rest.due, |(begin, service)| rest.due.max(begin + service));
            let begin_s = begin + total;
            let duration_s = rest.total - total;
            total = rest.total;
            TimedBreak {
                after: before.count(),
                begin_s,
                end_s: begin_s + duration_s,
            }
        })
        .collect()
    }
}
