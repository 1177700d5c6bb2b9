//! What the person at the door may know of an order.

use std::fmt;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use thiserror::Error;

use crate::ids::OrderId;
use crate::order::{Order, OrderStatus};
use crate::route::{Route, StopKind};
use crate::stop::TimeWindow;

/// A link is valid for this long after the last step of its order.
pub const LINK_OUTLIVES_ORDER: SignedDuration = SignedDuration::from_hours(48);

/// A link is valid for at most this long, even if its order never ends.
pub const LONGEST_LINK: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A recipient's window begins and ends at full five minutes.
const WINDOW_STEP_MINUTES: i64 = 5;

/// The secret in a tracking link: 128 random bits in 32 lower-case hexadecimal digits. Its `Debug` text hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct TrackingToken(String);

impl TrackingToken {
    /// The token of these random bytes.
    pub fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// Reads a token that a page sent.
    ///
    /// # Errors
    /// [`NoToken`] if the text does not have the form of a token.
    pub fn read(text: &str) -> Result<Self, NoToken> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 32 && text.bytes().all(digit) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoToken)
        }
    }

    /// The secret itself. It belongs into the link and nowhere else.
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TrackingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingToken(hidden)")
    }
}

/// The text is no tracking token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is no tracking token")]
pub struct NoToken;

/// A span of time in which a delivery is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedWindow {
    /// The begin.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
}

impl ExpectedWindow {
    /// The window within a window that was promised, if the expected time is in it.
    #[must_use]
    pub fn within(self, promised: TimeWindow, eta: Timestamp) -> Self {
        if eta > promised.end {
            return self;
        }
        Self {
            from: self.from.max(promised.start),
            to: self.to.min(promised.end),
        }
    }

    /// The window around an expected time. The margin before that time is a tenth of the remaining time, and at least
    /// five minutes. The margin after it is twice as long, because couriers are late more often than early. Both ends
    /// are rounded outwards to five minutes. The window does not begin before `now`, rounded down.
    pub fn around(eta: Timestamp, now: Timestamp) -> Self {
        let remaining = eta.duration_since(now).max(SignedDuration::ZERO);
        let margin = (remaining / 10).max(SignedDuration::from_mins(WINDOW_STEP_MINUTES));
        let from = eta.checked_sub(margin).unwrap_or(eta).max(now);
        let to = eta.checked_add(margin * 2).unwrap_or(eta);
        Self {
            from: rounded(from, RoundMode::Floor),
            to: rounded(to, RoundMode::Ceil),
        }
    }
}

fn rounded(time: Timestamp, mode: RoundMode) -> Timestamp {
    let step = TimestampRound::new()
        .smallest(Unit::Minute)
        .increment(WINDOW_STEP_MINUTES)
        .mode(mode);
    time.round(step).unwrap_or(time)
}

impl Order {
    /// When a tracking link of this order ends: 48 hours after the last step, if the order has ended. A link of an open
    /// order has no end yet.
    pub fn tracking_ends_at(&self) -> Option<Timestamp> {
        let ended = match self.status {
            OrderStatus::Pending
            | OrderStatus::Assigned
            | OrderStatus::InProgress
            | OrderStatus::Undelivered
            | OrderStatus::Returning => false,
            OrderStatus::Delivered
            | OrderStatus::Failed
            | OrderStatus::Cancelled
            | OrderStatus::Returned => true,
        };
        let last = self
            .history
            .last()
            .map_or(self.created_at, |line| line.at)
            .checked_add(LINK_OUTLIVES_ORDER);
        last.ok().filter(|_| ended)
    }
}

impl Route {
    /// The expected time of an order's drop-off and the number of open stops before it. `None` if the route has no open
    /// drop-off of the order. The route must be as it is expected now: [`Route::expected_at`].
    pub fn way_to_door(&self, order_id: OrderId) -> Option<(Timestamp, usize)> {
        self.open_stops()
            .enumerate()
            .find(|(_, stop)| {
                let at_door = stop.kind == StopKind::Dropoff && !stop.returns;
                stop.order_id == order_id && at_door
            })
            .map(|(before, stop)| (stop.eta, before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2030-05-06T{time}Z").parse().unwrap()
    }

    fn window(eta: &str, now: &str) -> (Timestamp, Timestamp) {
        let window = ExpectedWindow::around(at(eta), at(now));
        (window.from, window.to)
    }

    #[test]
    fn a_window_is_rounded_outwards_and_wider_for_a_later_time() {
        assert_eq!(
            window("10:02:00", "09:58:00"),
            (at("09:55:00"), at("10:15:00"))
        );
        assert_eq!(
            window("12:00:00", "10:00:00"),
            (at("11:45:00"), at("12:25:00"))
        );
    }

    #[test]
    fn a_window_does_not_begin_in_the_past() {
        assert_eq!(
            window("10:01:00", "10:00:00"),
            (at("10:00:00"), at("10:15:00"))
        );
    }

    #[test]
    fn a_promised_window_is_kept_until_the_courier_is_late_for_it() {
        let promised = TimeWindow {
            start: at("12:00:00"),
            end: at("16:00:00"),
        };
        let expected = |eta: &str| {
            let window = ExpectedWindow::around(at(eta), at("02:00:00"));
            let within = window.within(promised, at(eta));
            (within.from, within.to)
        };
        assert_eq!(expected("12:00:00"), (at("12:00:00"), at("14:00:00")));
        assert_eq!(expected("16:00:00"), (at("14:35:00"), at("16:00:00")));
        assert_eq!(expected("16:00:01").1, at("18:50:00"));
    }

    #[test]
    fn a_token_has_32_digits_and_hides_itself() {
        let token = TrackingToken::of_bytes([0x0f; 16]);
        assert_eq!(token.secret(), "0f".repeat(16));
        assert_eq!(TrackingToken::read(token.secret()), Ok(token.clone()));
        assert!(!format!("{token:?}").contains("0f0f"));
        for text in [
            "",
            "0f",
            &"0F".repeat(16),
            &"0g".repeat(16),
            &"0f".repeat(17),
        ] {
            assert_eq!(TrackingToken::read(text), Err(NoToken));
        }
    }
}
