//! Where agents are while they drive.
//!
//! An app reports points, and the last one that can be believed is kept. Taps tell the server's time, but a point tells
//! the time of the device. If a device's clock is fast, all points of a report are moved back, so that the newest one
//! is of now. The points of a clock that is slow look old.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;
use crate::ids::{RouteId, UserId};

/// A report has at most this many points.
pub const MOST_POINTS: usize = 20;
/// A location is kept for this long.
pub const LOCATION_IS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// A clock may be fast by this much.
pub const FASTEST_CLOCK: SignedDuration = SignedDuration::from_mins(2);
/// One point in this time is accepted.
const LEAST_STEP: SignedDuration = SignedDuration::from_secs(10);
/// A route is timed again from a location at most once in this time.
const LEAST_TIMING: SignedDuration = SignedDuration::from_mins(1);
/// A less accurate point is ignored, in metres.
const WORST_ACCURACY_M: f64 = 500.0;
/// No agent drives faster than this, in metres per second. If two points ask for more, one of them is wrong.
const FASTEST_DRIVE_M_S: f64 = 70.0;
/// A jump is believed if the point before it is this old. So a wrong point lasts no longer.
const JUMP_IS_BELIEVED: SignedDuration = SignedDuration::from_mins(2);

/// A point that the app of an agent has measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LocationPoint {
    /// The place.
    #[serde(flatten)]
    pub location: Coordinates,
    /// The time of the measurement.
    pub at: Timestamp,
    /// The radius in metres within which the agent is.
    pub accuracy_m: f64,
}

/// Where an agent was last seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentLocation {
    /// The agent.
    pub agent_id: UserId,
    /// The agent's open route at that time.
    pub route_id: RouteId,
    /// The last point.
    pub last: LocationPoint,
    /// The point from which the route is timed: the last one, or one that is less than a minute older.
    pub timed_from: LocationPoint,
}

impl AgentLocation {
    /// The location after a report, and the number of points that were accepted. `None` if none was.
    ///
    /// The points are taken in the sequence of their times. A point is ignored if it is not at least ten seconds later
    /// than the accepted one before it, if it is less accurate than 500 m, if it is a day old, or if it is a jump.
    pub fn after_report(
        before: Option<&Self>,
        (agent_id, route_id): (UserId, RouteId),
        points: &[LocationPoint],
        now: Timestamp,
    ) -> (Option<Self>, usize) {
        let newest = points.iter().map(|point| point.at).max();
        let fast = newest.map_or(SignedDuration::ZERO, |newest| newest.duration_since(now));
        let fast = fast.max(SignedDuration::ZERO);
        let mut points: Vec<LocationPoint> = points
            .iter()
            .map(|point| LocationPoint {
                at: point.at.checked_sub(fast).unwrap_or(now),
                ..*point
            })
            .collect();
        points.sort_by_key(|point| point.at);
        let mut last = before.map(|before| before.last);
        let mut accepted = 0;
        for point in points {
            if point.is_accepted_after(last.as_ref(), now) {
                last = Some(point);
                accepted += 1;
            }
        }
        let Some(last) = last.filter(|_| accepted > 0) else {
            return (None, 0);
        };
        let timed_from = before
            .filter(|before| before.route_id == route_id)
            .map(|before| before.timed_from)
            .filter(|timed| last.at.duration_since(timed.at) < LEAST_TIMING);
        let after = Self {
            agent_id,
            route_id,
            last,
            timed_from: timed_from.unwrap_or(last),
        };
        (Some(after), accepted)
    }

    /// Whether the location is forgotten.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.last.is_older_than(LOCATION_IS_KEPT, now)
    }
}

impl LocationPoint {
    /// Whether the point is at least this old.
    pub fn is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        now.duration_since(self.at) >= age
    }

    fn is_accepted_after(&self, last: Option<&Self>, now: Timestamp) -> bool {
        if self.accuracy_m > WORST_ACCURACY_M || self.is_older_than(LOCATION_IS_KEPT, now) {
            return false;
        }
        last.is_none_or(|last| {
            self.at.duration_since(last.at) >= LEAST_STEP && !self.is_jump_from(last)
        })
    }

    fn is_jump_from(&self, last: &Self) -> bool {
        let passed = self.at.duration_since(last.at);
        let unsure_m = self.accuracy_m + last.accuracy_m;
        let way_m = self.location.great_circle_m(last.location) - unsure_m;
        passed < JUMP_IS_BELIEVED && way_m > FASTEST_DRIVE_M_S * passed.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Uuid;
    use proptest::prelude::*;

    const NOW_S: i64 = 1_900_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(NOW_S + second).unwrap()
    }

    /// A point that lies so many metres to the north of the first one.
    fn point(second: i64, north_m: f64) -> LocationPoint {
        LocationPoint {
            location: Coordinates {
                lat: 41.0 + north_m / 111_195.0,
                lon: 2.0,
            },
            at: at(second),
            accuracy_m: 10.0,
        }
    }

    fn ids() -> (UserId, RouteId) {
        (UserId(Uuid::from_u128(1)), RouteId(Uuid::from_u128(2)))
    }

    fn report(
        before: Option<&AgentLocation>,
        points: &[LocationPoint],
        now: i64,
    ) -> (Option<AgentLocation>, usize) {
        AgentLocation::after_report(before, ids(), points, at(now))
    }

    fn seen(second: i64) -> AgentLocation {
        report(None, &[point(second, 0.0)], second).0.unwrap()
    }

    #[test]
    fn one_point_in_ten_seconds_is_accepted_and_the_latest_is_kept() {
        let points = [0, 25, 3, 10, 12, 20].map(|second| point(second, second as f64));
        let (after, accepted) = report(None, &points, 30);
        assert_eq!((after.unwrap().last.at, accepted), (at(20), 3));
    }

    #[test]
    fn a_point_that_is_older_than_the_stored_one_or_sent_again_changes_nothing() {
        let stored = seen(0);
        let old = [-3600, -11, -1, 0, 9].map(|second| point(second, 5.0));
        assert_eq!(report(Some(&stored), &old, 30), (None, 0));
        let day_old = point(-24 * 3600, 0.0);
        assert_eq!(report(None, &[day_old], 0), (None, 0));
    }

    #[test]
    fn a_fast_clock_moves_a_report_back_and_does_not_lock_later_points_out() {
        let fast = [90, 100, 110].map(|second| point(second, second as f64));
        let (after, accepted) = report(None, &fast, 0);
        let last = after.unwrap().last;
        assert_eq!(
            (last.at, last.location, accepted),
            (at(0), fast[2].location, 3)
        );
        let (after, accepted) = report(after.as_ref(), &[point(120, 50.0)], 10);
        assert_eq!((after.unwrap().last.at, accepted), (at(10), 1));
    }

    #[test]
    fn a_jump_is_ignored_until_the_point_before_it_is_two_minutes_old() {
        let stored = seen(0);
        assert_eq!(report(Some(&stored), &[point(30, 2_200.0)], 30), (None, 0));
        let (near, _) = report(Some(&stored), &[point(30, 2_000.0)], 30);
        assert!(near.is_some(), "a fast drive");
        let (far, accepted) = report(Some(&stored), &[point(120, 50_000.0)], 120);
        assert_eq!((far.unwrap().last.at, accepted), (at(120), 1));
        let vague = LocationPoint {
            accuracy_m: 501.0,
            ..point(30, 0.0)
        };
        assert_eq!(report(Some(&stored), &[vague], 30), (None, 0));
    }

    #[test]
    fn a_route_is_timed_again_after_a_minute_or_for_another_route() {
        let mut location = seen(0);
        for second in (10..60).step_by(10) {
            location = report(Some(&location), &[point(second, 0.0)], second)
                .0
                .unwrap();
            assert_eq!(location.timed_from.at, at(0));
        }
        let (after, _) = report(Some(&location), &[point(60, 0.0)], 60);
        assert_eq!(after.unwrap().timed_from.at, at(60));
        let other = (ids().0, RouteId(Uuid::from_u128(3)));
        let (after, _) =
            AgentLocation::after_report(Some(&location), other, &[point(60, 0.0)], at(60));
        assert_eq!(after.unwrap().timed_from.at, at(60));
    }

    proptest! {
        #[test]
        fn the_order_of_the_points_of_a_report_does_not_matter(
            points in prop::collection::vec((-100i64..100, 0f64..3_000.0), 1..20),
        ) {
            let mut points: Vec<_> = points.into_iter().map(|(s, m)| point(s, m)).collect();
            points.sort_by_key(|one| one.at);
            points.dedup_by_key(|point| point.at);
            let forwards = report(None, &points, 0);
            points.reverse();
            prop_assert_eq!(forwards, report(None, &points, 0));
        }

        #[test]
        fn the_stored_time_never_goes_back_and_is_never_in_the_future(
            reports in prop::collection::vec(prop::collection::vec((-200i64..200, 0f64..9e5), 0..5), 0..9),
        ) {
            let mut stored: Option<AgentLocation> = None;
            for (points, now) in reports.into_iter().zip((0..).step_by(15)) {
                let points: Vec<_> = points.into_iter().map(|(s, m)| point(now + s, m)).collect();
                let (after, _) = report(stored.as_ref(), &points, now);
                if let Some(after) = after {
                    prop_assert!(after.last.at <= at(now));
                    prop_assert!(stored.is_none_or(|before| before.last.at < after.last.at));
                    prop_assert!(after.timed_from.at <= after.last.at);
                    stored = Some(after);
                }
            }
        }
    }
}
