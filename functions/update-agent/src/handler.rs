//! Changes an agent's duty, place, vehicle, shift or, for dispatchers, status.

use app::agents::UpdateAgent;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Changes an agent's duty, place, vehicle, shift or, for dispatchers, status.
pub struct UpdateAgentRecord(pub UpdateAgent);

#[async_trait]
impl Handler for UpdateAgentRecord {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        let body = request.json()?;
        Response::ok(&self.0.run(&caller, request.path("agent_id"), &body).await?)
    }
}
