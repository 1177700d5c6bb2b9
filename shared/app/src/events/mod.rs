//! After a committed write: wakes zones and notifies people.

mod changed_times;
mod figures;
mod for_recipients;
mod publish_events;

pub use figures::{Figures, minutes};
pub use publish_events::{PublishEvents, StateChange};
