//! Emails and text messages to the person at the door, who has no account.

mod channel;
mod gsm;
mod stop_messages;
mod tell_recipient;
mod templates;

use std::collections::BTreeSet;

pub use channel::{Texts, Via};
pub use gsm::segments;
pub use stop_messages::StopMessages;
pub use tell_recipient::{RecipientTold, TellRecipient};

use domain::{Moment, TrackingToken};
use jiff::SignedDuration;

/// A recipient gets at most this many messages about a parcel.
pub const MOST_MESSAGES: usize = 4;

/// A recipient hears of a delay if the parcel is expected this long after the window that was told.
pub(crate) const LATE_AFTER: SignedDuration = SignedDuration::from_mins(15);

/// The moments that the company has switched on.
pub type Moments = BTreeSet<Moment>;

/// The token of the link in the messages about an order: 128 bits of the order's pseudonym. It is the same in all
/// messages, so they need one stored link, and it is not the link that the customer made.
fn token_of(pseudonym: &str) -> Option<TrackingToken> {
    TrackingToken::read(pseudonym.get(..32)?).ok()
}
