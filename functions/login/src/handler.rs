//! Gives tokens for a password, and repairs what a crash left out of the account.

use app::accounts::LogInUser;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Gives tokens for a password, and repairs what a crash left out of the account.
pub struct Login(pub LogInUser);

#[async_trait]
impl Handler for Login {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.json()?).await?)
    }
}
