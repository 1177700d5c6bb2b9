//! A circuit breaker: no calls for a while after a service has failed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The longest pause. A service that asks for more is asked again after an hour.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Open for a while after an outage. Then calls are allowed again, and the first failure opens it again.
///
/// It belongs to one instance of the function. Another instance has to meet the outage itself.
#[derive(Debug)]
pub(super) struct Breaker {
    pause: Duration,
    open_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Open for `pause` after each outage. Never open if that is zero.
    pub(super) fn new(pause: Duration) -> Self {
        Self {
            pause,
            open_until: Mutex::default(),
        }
    }

    /// Whether calls are blocked now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// Call this when the service has failed. `retry_after` is the pause that the service asked for.
    pub(super) fn trip(&self, now: Instant, retry_after: Option<Duration>) {
        if self.pause.is_zero() {
            return;
        }
        let pause = self.pause.max(retry_after.unwrap_or_default()).min(LONGEST);
        *self.until() = Some(now + pause);
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // An instant is valid even if another thread panicked after setting it.
        self.open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::instant;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn it_is_open_for_its_pause_or_as_long_as_was_asked_for() {
        let now = instant();
        let breaker = Breaker::new(MINUTE);
        assert!(!breaker.is_open(now));
        breaker.trip(now, None);
        assert!(breaker.is_open(now + MINUTE - Duration::from_secs(1)));
        assert!(!breaker.is_open(now + MINUTE), "one may ask again");
        breaker.trip(now, Some(3 * MINUTE));
        assert!(breaker.is_open(now + 2 * MINUTE));
        breaker.trip(now, Some(100_000 * MINUTE));
        assert!(
            !breaker.is_open(now + 60 * MINUTE),
            "a day's silence is not granted"
        );
    }

    #[test]
    fn without_a_pause_it_is_never_open() {
        let breaker = Breaker::new(Duration::ZERO);
        breaker.trip(instant(), Some(MINUTE));
        assert!(!breaker.is_open(instant()));
    }
}
