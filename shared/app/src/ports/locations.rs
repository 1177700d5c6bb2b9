//! Where agents were last seen.

use async_trait::async_trait;
use domain::{AgentLocation, Timestamp, UserId};

use super::StoreError;

/// The last location of each agent. A location is forgotten after 24 hours.
#[async_trait]
pub trait LocationStore: Send + Sync {
    /// The locations of these agents that are not forgotten, in no particular order.
    async fn locations(
        &self,
        agents: &[UserId],
        now: Timestamp,
    ) -> Result<Vec<AgentLocation>, StoreError>;

    /// Stores an agent's location in place of the one that was read before. If none was read, the agent must have none,
    /// or one that is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the store has another location.
    async fn put_location(
        &self,
        location: &AgentLocation,
        before: Option<&AgentLocation>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
