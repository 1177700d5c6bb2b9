//! An agent who drives.

use domain::{Coordinates, OrderId, Route, StopKind};

use super::agenda::{Moment, moment};
use crate::streets::Streets;

/// A stop of a route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Target {
    pub(super) order: OrderId,
    pub(super) kind: StopKind,
    pub(super) place: Coordinates,
    pub(super) service_s: u32,
    /// The service begins at this moment or later.
    pub(super) not_before: Moment,
}

/// The activity of an agent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Doing {
    /// Nothing.
    Idle,
    /// On the way to a stop.
    Driving {
        target: Target,
        from: Coordinates,
        left: Moment,
        arrives: Moment,
    },
    /// At a stop.
    Serving {
        target: Target,
        left: Moment,
        arrived: Moment,
        ends: Moment,
    },
}

/// An agent of the day.
#[derive(Debug, Clone)]
pub(super) struct Courier {
    pub(super) at: Coordinates,
    pub(super) doing: Doing,
    /// The number of drives so far. An event of an older drive is ignored.
    pub(super) trip: u64,
    pub(super) on_duty: bool,
    pub(super) km: f64,
}

impl Courier {
    pub(super) fn at(start: Coordinates) -> Self {
        Self {
            at: start,
            doing: Doing::Idle,
            trip: 0,
            on_duty: false,
            km: 0.0,
        }
    }

    /// Departs to a stop. Returns the moment of arrival.
    pub(super) fn depart(&mut self, target: Target, streets: &Streets, now: Moment) -> Moment {
        let arrives = now + moment(streets.true_s(self.at, target.place));
        self.trip += 1;
        self.doing = Doing::Driving {
            target,
            from: self.at,
            left: now,
            arrives,
        };
        arrives
    }

    /// Stops driving, somewhere on the straight line to the stop.
    pub(super) fn stop_driving(&mut self, streets: &Streets, now: Moment) {
        if let Doing::Driving {
            target,
            from,
            left,
            arrives,
        } = self.doing
        {
            let share = (now - left) as f64 / (arrives - left).max(1) as f64;
            let between = |from: f64, to: f64| from + (to - from) * share.clamp(0.0, 1.0);
            self.at = Coordinates {
                lat: between(from.lat, target.place.lat),
                lon: between(from.lon, target.place.lon),
            };
            self.km += streets.km(from, self.at);
            self.trip += 1;
            self.doing = Doing::Idle;
        }
    }

    /// Reaches the stop. Returns the moment at which the service ends.
    pub(super) fn arrive(&mut self, streets: &Streets, now: Moment) -> Option<Moment> {
        let Doing::Driving {
            target, from, left, ..
        } = self.doing
        else {
            return None;
        };
        self.km += streets.km(from, target.place);
        self.at = target.place;
        let ends = now.max(target.not_before) + 1000 * Moment::from(target.service_s);
        self.doing = Doing::Serving {
            target,
            left,
            arrived: now,
            ends,
        };
        Some(ends)
    }

    /// Whether the agent must turn, because the stop to which the agent drives is no longer on the route.
    pub(super) fn must_turn(&self, route: Option<&Route>) -> bool {
        let Doing::Driving { target, .. } = self.doing else {
            return false;
        };
        let mut open = route.into_iter().flat_map(Route::open_stops);
        !open.any(|stop| stop.order_id == target.order && stop.kind == target.kind)
    }
}
