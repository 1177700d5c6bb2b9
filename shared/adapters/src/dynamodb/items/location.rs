//! Where an agent was last seen.

use domain::{AgentLocation, LocationPoint, RouteId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::claim::whole_seconds;

/// The location of an agent.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredLocation {
    agent_id: UserId,
    route_id: RouteId,
    /// The time of `last`, for the condition of a write.
    at: Timestamp,
    last: LocationPoint,
    timed_from: LocationPoint,
    expires_at_s: i64,
}

impl From<&AgentLocation> for StoredLocation {
    fn from(location: &AgentLocation) -> Self {
        let forgotten_at = location.last.at + domain::location::LOCATION_IS_KEPT;
        Self {
            agent_id: location.agent_id,
            route_id: location.route_id,
            at: location.last.at,
            last: location.last,
            timed_from: location.timed_from,
            expires_at_s: whole_seconds(forgotten_at),
        }
    }
}

impl From<StoredLocation> for AgentLocation {
    fn from(stored: StoredLocation) -> Self {
        Self {
            agent_id: stored.agent_id,
            route_id: stored.route_id,
            last: stored.last,
            timed_from: stored.timed_from,
        }
    }
}
