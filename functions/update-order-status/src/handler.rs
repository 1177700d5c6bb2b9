//! Moves an order on, and its stops and route with it.

use app::order_status::ChangeOrderStatus;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Moves an order on, and its stops and route with it.
pub struct UpdateOrderStatus(pub ChangeOrderStatus);

#[async_trait]
impl Handler for UpdateOrderStatus {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        let body = request.json()?;
        Response::ok(&self.0.run(&caller, request.path("order_id"), &body).await?)
    }
}
