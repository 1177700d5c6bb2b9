//! Agents: the fleet, and changes to one of them.

mod in_path;
mod list_agents;
mod update_agent;

pub use in_path::ONESELF;
pub(crate) use in_path::agent_in_path;
pub use list_agents::ListAgents;
pub use update_agent::UpdateAgent;
