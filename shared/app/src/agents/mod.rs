//! Agents: the fleet, and changes to one of them.

mod get_agent;
mod in_path;
mod list_agents;
mod update_agent;
mod update_location;

pub use get_agent::GetAgent;
pub use in_path::ONESELF;
pub(crate) use in_path::agent_in_path;
pub use list_agents::ListAgents;
pub use update_agent::UpdateAgent;
pub use update_location::UpdateLocation;
