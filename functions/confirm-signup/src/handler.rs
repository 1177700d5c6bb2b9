//! Takes the code that was mailed to an address.

use app::accounts::ConfirmSignUp;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Takes the code that was mailed to an address.
pub struct ConfirmSignup(pub ConfirmSignUp);

#[async_trait]
impl Handler for ConfirmSignup {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        Response::ok(&self.0.run(&request.json()?).await?)
    }
}
