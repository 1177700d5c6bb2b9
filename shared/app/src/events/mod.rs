//! After a committed write: wakes zones and notifies people.

mod publish_events;

pub use publish_events::{PublishEvents, StateChange};
