//! Takes a customer's order; with an `Idempotency-Key`, once.

use app::orders::PlaceOrder;
use async_trait::async_trait;
use runtime::http::{Handler, Problem, Request, Response};

/// Takes a customer's order; with an `Idempotency-Key`, once.
pub struct CreateOrder(pub PlaceOrder);

#[async_trait]
impl Handler for CreateOrder {
    async fn handle(&self, request: &Request) -> Result<Response, Problem> {
        let caller = request.caller()?;
        let body = request.json()?;
        let key = request.header("Idempotency-Key");
        let order = self.0.run(&caller, request.body(), &body, key).await?;
        Response::created(&order)
    }
}
