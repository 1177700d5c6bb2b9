//! Another attempt after a lost race.

use std::time::Duration;

use crate::back_off::{BackOff, Pauses};
use crate::ports::Jitter;
use crate::refusal::Refusal;

/// Twelve attempts. After that, the caller is asked to try again.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(10),
    longest: Duration::from_millis(400),
    most: 11,
};

/// Ten attempts for a change of a route.
///
/// An app that was offline may send forty taps on one route at once, and only one of them wins each race. With short
/// pauses, the store would get many writes that lose. So these pauses are longer. Their sum is at most 13 s, within the
/// 15 s of a function.
const PAUSES_ON_ROUTE: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_millis(2_500),
    most: 9,
};

/// The attempts of one call, with pauses between them.
pub(crate) struct Attempts<'a>(BackOff<'a>);

impl<'a> Attempts<'a> {
    pub(crate) fn new(jitter: &'a dyn Jitter) -> Self {
        Self(BackOff::new(PAUSES, jitter))
    }

    /// Longer pauses, for a write that may lose races against taps on the same route.
    pub(crate) fn on_route(jitter: &'a dyn Jitter) -> Self {
        Self(BackOff::new(PAUSES_ON_ROUTE, jitter))
    }

    /// Pauses before the next attempt, or gives up with [`Refusal::Contended`].
    pub(crate) async fn pause(&mut self) -> Result<(), Refusal> {
        if self.0.pause().await {
            Ok(())
        } else {
            Err(Refusal::Contended)
        }
    }
}
