//! Tracking: what the person at the door sees of an order, without an account.

mod create_tracking_link;
mod get_tracking;
mod words;

pub use create_tracking_link::{CreateTrackingLink, NewLink};
pub use get_tracking::{Company, GetTracking, TrackingAnswer};
pub use words::Words;

use domain::TrackingToken;

use crate::digest::sha256_hex;

/// The form in which the store knows a token.
fn hash(token: &TrackingToken) -> String {
    sha256_hex(token.secret().as_bytes())
}
