//! Emails to customers and agents.

mod emails;
mod send_notifications;

pub use emails::Letterhead;
pub use send_notifications::{SendNotifications, Told};
