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
/// An app that was offline may send forty taps on one route at once, and one of them wins each race. Short pauses would
/// only load the store with lost races, so these begin with a longer one. They add up to 13 s at most, within the 15 s
/// of a function.
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

    /// Longer pauses, for a write that taps on the same route may outrun.
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
