//! Emails to customers and agents.

mod digest;
mod emails;
pub(crate) mod letter;
mod send_notifications;

pub(crate) use digest::{PROMISE_HOLDS, SECOND_STEP};
pub use emails::Letterhead;
pub use send_notifications::{SendNotifications, Told};
