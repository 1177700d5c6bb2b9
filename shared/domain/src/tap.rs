//! Taps: what an agent's app reports of a stop, maybe long after it happened.
//!
//! An app that was offline sends its taps late, repeated and in any sequence. So a tap has an id, and it tells when the
//! step happened. The history of the order shows that time.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;
use crate::location::FASTEST_CLOCK;
use crate::order::{HistoryLine, Order, OrderStatus, StepNotAllowed};
use crate::user::Actor;

/// The shortest id of a tap, in characters.
pub const SHORTEST_TAP_ID: usize = 8;
/// The longest id of a tap, in characters.
pub const LONGEST_TAP_ID: usize = 64;
/// A tap may tell of a step that happened this long ago.
pub const OLDEST_TAP: SignedDuration = SignedDuration::from_hours(12);
/// The clock of a device may be fast by this much.
pub const FASTEST_TAP: SignedDuration = FASTEST_CLOCK;

/// An app's own name for a tap: 8 to 64 letters, digits, hyphens and underscores. A UUID fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TapId(String);

impl TapId {
    /// The id with this text. `None` if the text is no id of a tap.
    pub fn named(text: &str) -> Option<Self> {
        let fits = (SHORTEST_TAP_ID..=LONGEST_TAP_ID).contains(&text.len());
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (fits && text.bytes().all(is_word)).then(|| Self(text.to_owned()))
    }
}

/// A tap, as an app sends it along with a status.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tap {
    /// The app's name for the tap. The same id gets the same answer.
    pub id: Option<TapId>,
    /// The time of the step, by the clock of the device. `None` says: now.
    pub occurred_at: Option<Timestamp>,
    /// The place at which the agent tapped.
    pub location: Option<Coordinates>,
}

/// What the history keeps of a tap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tapped {
    /// The app's name for the tap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap_id: Option<TapId>,
    /// The time at which the tap reached the server.
    pub reported_at: Timestamp,
    /// The place at which the agent tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Coordinates>,
}

impl Tap {
    /// The time of the step. A clock that is fast tells no time after `now`.
    pub fn time(&self, now: Timestamp) -> Timestamp {
        self.occurred_at.map_or(now, |at| at.min(now))
    }

    /// What the history keeps of the tap. `None` if the app has sent only a status.
    pub fn kept(&self, now: Timestamp) -> Option<Tapped> {
        let bare = *self == Self::default();
        (!bare).then(|| Tapped {
            tap_id: self.id.clone(),
            reported_at: now,
            location: self.location,
        })
    }
}

impl Order {
    /// The status with which the order has this tap already. `None` for a new tap.
    pub fn tapped(&self, id: &TapId) -> Option<OrderStatus> {
        let is_it = |line: &&HistoryLine| {
            let tap = line.tap.as_ref();
            tap.and_then(|tap| tap.tap_id.as_ref()) == Some(id)
        };
        self.history.iter().find(is_it).map(|line| line.status)
    }

    /// The order after a step that a tap reports. The history tells the time at which the step happened, but no time
    /// before the step that led to the present status.
    ///
    /// # Errors
    /// If the new status may not follow the present one.
    pub fn step_tapped(
        &self,
        to: OrderStatus,
        by: Actor,
        reason: Option<String>,
        tap: &Tap,
        now: Timestamp,
    ) -> Result<Self, StepNotAllowed> {
        let mut changed = self.step(to, by, reason, now)?;
        // A plan rounds its time up to a full second, so the step before may still be to come.
        let at = tap.time(now).max(self.came_to_status_at().min(now));
        if let Some(line) = changed.history.last_mut() {
            line.at = at;
            line.tap = tap.kept(now);
        }
        Ok(changed)
    }

    /// The order after a late tap tells of its pickup: the tap of the hand-over came first. The history gets the pickup
    /// at its place, before the hand-over, and the status stays. `None` if there is nothing to add: the history has the
    /// pickup, the tap tells no time, or it tells a time after the hand-over.
    pub fn picked_up_late(&self, by: Actor, tap: &Tap, now: Timestamp) -> Option<Self> {
        let happened = tap.occurred_at?.min(now);
        let on_route = self.assignment.is_some();
        let ended = match self.status {
            OrderStatus::Delivered | OrderStatus::Failed => on_route,
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Cancelled
            | OrderStatus::Undelivered
            | OrderStatus::Returning
            | OrderStatus::Returned => false,
        };
        if !ended {
            return None;
        }
        // An edit or a decision may repeat a status, so these are the first lines of their statuses on this route.
        let joined = self.last_step_to(OrderStatus::Assigned)?;
        let handed_over = joined + self.first_of(self.status, joined)?;
        let has_pickup = self.first_of(OrderStatus::InProgress, joined).is_some();
        if has_pickup || happened > self.history[handed_over].at {
            return None;
        }
        let mut changed = self.changed(now);
        let line = HistoryLine {
            status: OrderStatus::InProgress,
            at: happened
                .max(self.history[joined].at)
                .min(self.history[handed_over].at),
            by,
            reason: None,
            decision: None,
            edited: Vec::new(),
            tap: tap.kept(now),
            reason_code: None,
            proof: None,
        };
        changed.history.insert(handed_over, line);
        Some(changed)
    }

    /// The time of the step that led to the present status.
    fn came_to_status_at(&self) -> Timestamp {
        let place = self.last_step_to(self.status);
        let line = place.and_then(|place| self.history.get(place));
        line.map_or(self.created_at, |line| line.at)
    }

    /// The place in the history of the last step to a status: of the first line of the last lines with it.
    fn last_step_to(&self, status: OrderStatus) -> Option<usize> {
        let last = self.history.iter().rposition(|it| it.status == status)?;
        let before = self.history[..last].iter().rev();
        Some(last - before.take_while(|it| it.status == status).count())
    }

    fn first_of(&self, status: OrderStatus, from: usize) -> Option<usize> {
        self.history[from..]
            .iter()
            .position(|it| it.status == status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_an_id_and_so_are_other_short_words() {
        for id in [
            "0197c56d-d900-7b6e-9d2f-4a1e5b7c8d90",
            "tap_0001",
            &"x".repeat(64),
        ] {
            assert!(TapId::named(id).is_some(), "{id}");
        }
        for none in [
            "",
            "tap_001",
            "tap 0001",
            "tap/0001",
            "tàp-0001",
            &"x".repeat(65),
        ] {
            assert_eq!(TapId::named(none), None, "{none}");
        }
    }

    #[test]
    fn a_fast_clock_tells_no_time_in_the_future() {
        let now: Timestamp = "2030-05-06T08:00:00Z".parse().unwrap();
        let tap = |at: &str| Tap {
            occurred_at: Some(at.parse().unwrap()),
            ..Tap::default()
        };
        assert_eq!(tap("2030-05-06T08:01:00Z").time(now), now);
        let early = tap("2030-05-06T07:00:00Z").time(now);
        assert_eq!(early, "2030-05-06T07:00:00Z".parse().unwrap());
        assert_eq!(Tap::default().time(now), now);
    }
}
