//! Tells callers who they are, and whether emails reach them.

use app::accounts::ShowMe;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Tells callers who they are, and whether emails reach them.
pub struct GetMe(pub ShowMe);

#[async_trait]
impl Handler for GetMe {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.caller()?).await?)
    }
}
