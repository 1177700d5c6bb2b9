//! Lists agents to dispatchers.

use app::agents::ListAgents;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Lists agents to dispatchers.
pub struct ListAgentsForDispatcher(pub ListAgents);

#[async_trait]
impl Handler for ListAgentsForDispatcher {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        Response::ok(&self.0.run(&caller, &request.page_query()?).await?)
    }
}
