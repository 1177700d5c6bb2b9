//! What follows a committed write: zones wake up, and people hear of it.

mod publish_events;

pub use publish_events::{PublishEvents, StateChange};
