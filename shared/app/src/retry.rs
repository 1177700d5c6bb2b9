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

/// The attempts of one call, with pauses between them.
pub(crate) struct Attempts<'a>(BackOff<'a>);

impl<'a> Attempts<'a> {
    pub(crate) fn new(jitter: &'a dyn Jitter) -> Self {
        Self(BackOff::new(PAUSES, jitter))
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
