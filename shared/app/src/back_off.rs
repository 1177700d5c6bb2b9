//! Pauses between attempts: exponential backoff with full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS
//! Architecture Blog, 2015). All crates that try something again take their pauses from here.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::ports::Jitter;

/// How long the pauses are, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// The first pause is at most this long. Each next one may be twice as long.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// The number of pauses, which is one less than the number of attempts.
    pub most: usize,
}

/// The pauses of one call.
pub struct BackOff<'a> {
    limits: ExponentialBackoff,
    jitter: &'a dyn Jitter,
}

impl<'a> BackOff<'a> {
    /// Starts with the first pause. Chance decides how much of each pause is used.
    pub fn new(pauses: Pauses, jitter: &'a dyn Jitter) -> Self {
        // `backon` has a jitter too, but one that adds to the pause and that tests cannot hold still.
        let limits = ExponentialBuilder::new()
            .with_min_delay(pauses.first)
            .with_max_delay(pauses.longest)
            .with_factor(2.0)
            .with_max_times(pauses.most)
            .build();
        Self { limits, jitter }
    }

    /// The length of the next pause, or `None` if there was the last one. The caller sleeps.
    pub fn next_pause(&mut self) -> Option<Duration> {
        let limit = self.limits.next()?;
        let limit_ms = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        Some(Duration::from_millis(self.jitter.up_to(limit_ms).into()))
    }

    /// Sleeps for the next pause. Returns `false` at once if there was the last one.
    pub async fn pause(&mut self) -> bool {
        match self.next_pause() {
            Some(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSES: Pauses = Pauses {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(35),
        most: 4,
    };

    struct Longest;

    impl Jitter for Longest {
        fn up_to(&self, most: u32) -> u32 {
            most
        }
    }

    struct Shortest;

    impl Jitter for Shortest {
        fn up_to(&self, _most: u32) -> u32 {
            0
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_then_end() {
        let mut back_off = BackOff::new(PAUSES, &Longest);
        let pauses: Vec<u128> = std::iter::from_fn(|| back_off.next_pause())
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses, [10, 20, 35, 35]);
    }

    #[tokio::test]
    async fn chance_may_shorten_a_pause_to_nothing_but_not_add_attempts() {
        let mut back_off = BackOff::new(PAUSES, &Shortest);
        for _ in 0..PAUSES.most {
            assert!(back_off.pause().await);
        }
        assert!(!back_off.pause().await);
    }
}
