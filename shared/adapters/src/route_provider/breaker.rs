//! Keeps away from a service that has failed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// However long a service asks to be left alone: an hour later it is asked again.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Open for a while after an outage; then calls go through again, and the first that fails opens it anew.
///
/// It lives with the function's instance. An instance that has not met the outage yet asks once for itself.
#[derive(Debug)]
pub(super) struct Breaker {
    pause: Duration,
    open_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// Open for so long after each outage; never, where that is zero.
    pub(super) fn new(pause: Duration) -> Self {
        Self {
            pause,
            open_until: Mutex::default(),
        }
    }

    /// Whether no call is to be made now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.until().is_some_and(|until| now < until)
    }

    /// The service is in trouble, and asked to be left alone for that long, if it asked.
    pub(super) fn trip(&self, now: Instant, retry_after: Option<Duration>) {
        if self.pause.is_zero() {
            return;
        }
        let pause = self.pause.max(retry_after.unwrap_or_default()).min(LONGEST);
        *self.until() = Some(now + pause);
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // An instant is whole whatever became of who set it.
        self.open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn it_is_open_for_its_pause_or_as_long_as_was_asked_for() {
        let now = Instant::now();
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
        breaker.trip(Instant::now(), Some(MINUTE));
        assert!(!breaker.is_open(Instant::now()));
    }
}
