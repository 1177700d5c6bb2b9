//! Simple policies, with which Waybill is compared. On a plain day, `nearest idle`, `soonest` and `insertion` give the
//! figures that the fixtures of the tests record.
//!
//! A policy learns of each order when it is placed, and of a cancellation, a failed pickup or the end of a duty when
//! it happens. It plans with the expected driving times and drives with the true ones.

mod fleet;
mod insertion;
mod nearest_idle;
mod soonest;

pub use insertion::insertion;
pub use nearest_idle::nearest_idle;
pub use soonest::soonest;
