//! The clock of the machine, for what runs outside of the use cases: deadlines of invocations, durations in logs.
#![expect(
    clippy::disallowed_methods,
    reason = "the loop around a handler is the edge, and measures real time"
)]

use std::time::{Instant, SystemTime};

/// The current instant of the clock that never goes back.
pub fn instant() -> Instant {
    Instant::now()
}

/// The time of day. Lambda states deadlines in it.
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}
