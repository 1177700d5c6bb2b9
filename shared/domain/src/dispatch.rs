//! The company's rules for dispatch: what a plan weighs, and what it may change.

use jiff::SignedDuration;

/// The rules for dispatch. The defaults are those of the parameters in `template.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DispatchRules {
    /// The seconds of driving that one second of waiting is worth, in thousandths: 200 makes it 0.2 seconds.
    pub waiting_weight_milli: u32,
    /// The time from the moment at which an order could first be picked up to the promised delivery. Each later second
    /// of waiting counts five times. A window of the drop-off replaces the promise.
    pub promise: SignedDuration,
    /// The seconds of driving that a plan must save for each order that it gives to another agent.
    pub move_s: u32,
    /// An agent who has made no stop yet may be on the way to the first stop, if this stop is expected within this
    /// time, or if the departure was that long ago. A plan adds no stop before such a stop and does not move it.
    pub freeze: SignedDuration,
}

impl Default for DispatchRules {
    fn default() -> Self {
        Self {
            waiting_weight_milli: 200,
            promise: SignedDuration::from_mins(240),
            move_s: 60,
            freeze: SignedDuration::from_mins(10),
        }
    }
}
