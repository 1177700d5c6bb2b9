//! Shows an agent's routes to that agent and to dispatchers, newest first.

use app::routes::ListRoutes;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Shows an agent's routes to that agent and to dispatchers, newest first.
pub struct GetRoutes(pub ListRoutes);

#[async_trait]
impl Handler for GetRoutes {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        let query = request.page_query()?;
        Response::ok(
            &self
                .0
                .run(&caller, request.path("agent_id"), &query)
                .await?,
        )
    }
}
