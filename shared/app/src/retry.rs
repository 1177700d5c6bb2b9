//! Trying again after a lost race.

use std::time::Duration;

use crate::ports::Jitter;
use crate::refusal::Refusal;

/// After so many lost races the caller is told to try again.
const MOST_ATTEMPTS: u32 = 12;
/// The longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u32 = 400;

/// Counts the attempts of one call and pauses between them: exponential backoff with full jitter
/// (M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
pub(crate) struct Attempts<'a> {
    jitter: &'a dyn Jitter,
    lost: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(jitter: &'a dyn Jitter) -> Self {
        Self { jitter, lost: 0 }
    }

    /// Pauses before the next attempt, or gives up with [`Refusal::Contended`].
    pub(crate) async fn pause(&mut self) -> Result<(), Refusal> {
        self.lost += 1;
        if self.lost >= MOST_ATTEMPTS {
            return Err(Refusal::Contended);
        }
        let most_ms = (5 << self.lost.min(8)).min(LONGEST_PAUSE_MS);
        let pause_ms = self.jitter.up_to(most_ms);
        tokio::time::sleep(Duration::from_millis(pause_ms.into())).await;
        Ok(())
    }
}
