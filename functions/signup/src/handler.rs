//! Takes in a customer or an agent. The answer is the same whether the address was known.

use app::accounts::RegisterUser;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};
use serde_json::json;

/// Takes in a customer or an agent. The answer is the same whether the address was known.
pub struct Signup(pub RegisterUser);

#[async_trait]
impl Handler for Signup {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        self.0.run(&request.json()?).await?;
        Response::accepted(&json!({"status": "confirmation_required"}))
    }
}
